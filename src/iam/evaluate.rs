//! Decides one request against policies as IAM does.

use super::{Action, Arn, Context};

/// What a request acts on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The action takes no resource: only a statement on `*` allows it.
    Any,
    /// The ARN that AWS checks. A `*` inside stands for itself (see [`Arn`]).
    Arn(Arn),
}

/// One authorisation request.
#[derive(Clone, Debug)]
pub struct Request {
    pub action: Action,
    pub resource: Resource,
    pub context: Context,
}
