//! `userIdentity`: who made the call.

use std::borrow::Cow;

use crate::iam::Arn;

/// Who made a call.
#[derive(Debug, Clone)]
pub struct Caller<'a> {
    pub kind: CallerKind,
    /// The role behind the session (`sessionIssuer.arn`, path included), or the user's ARN. `None` where the record does
    /// not say.
    pub principal: Option<Arn>,
    /// The session's name, the last segment of an assumed-role ARN.
    pub session_name: Option<Cow<'a, str>>,
    pub access_key_id: Option<Cow<'a, str>>,
    /// `invokedBy`: the service that made the call with the caller's permissions, such as `cloudformation.amazonaws.com`.
    pub invoked_by: Option<Cow<'a, str>>,
    pub account: Option<Cow<'a, str>>,
    /// `sessionContext.sourceIdentity`
    pub source_identity: Option<Cow<'a, str>>,
}

/// `userIdentity.type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallerKind {
    Role,
    User,
    Root,
    FederatedUser,
    WebIdentity,
    Saml,
    AwsService,
    AwsAccount,
    IdentityCenterUser,
    Unknown,
}
