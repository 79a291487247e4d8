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

/// IAM's answer, with the statement that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed by statement `statement` of policy `policy`.
    Allow { policy: usize, statement: usize },
    /// Explicitly denied by a statement.
    Deny { policy: usize, statement: usize },
    /// No statement allows it.
    ImplicitDeny,
}

/// Decides a request against identity-based policies of one principal.
pub fn evaluate(_policies: &[super::PolicyDocument], _request: &Request) -> Decision {
    todo!()
}
