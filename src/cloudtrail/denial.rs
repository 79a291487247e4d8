//! What AWS says when it denies a call.

use crate::iam::{Action, Resource};

/// What a denial's text names.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    pub action: Option<Action>,
    /// The resource that was checked, in AWS's own words.
    pub resource: Option<Resource>,
    /// The type of policy that denied; `None` where AWS does not tell.
    pub policy_type: Option<PolicyType>,
    /// The text speaks of an explicit deny.
    pub explicit: bool,
    /// `Encoded authorization failure message: …`, for `sts:DecodeAuthorizationMessage`.
    pub encoded_message: Option<String>,
    /// The id at the end of newer texts (IAM Access Troubleshooter).
    pub authorization_id: Option<String>,
}

/// Which kind of policy denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PolicyType {
    IdentityBased,
    ResourceBased,
    PermissionsBoundary,
    Session,
    ServiceControl,
    ResourceControl,
    VpcEndpoint,
    RoleTrust,
}
