//! A role as IAM has it, as a value. `aws/role.rs` asks for it.

use crate::iam::{LastAccessed, PrincipalArn};

/// What a role has at present, and what IAM knows of its use.
#[derive(Clone, Debug)]
pub struct RoleInIam {
    pub arn: PrincipalArn,
    /// Inline policies and those attached, in their default versions.
    pub identity: Vec<PolicyInIam>,
    pub boundary: Option<PolicyInIam>,
    /// What IAM knows of its use; empty where the caller may not ask.
    pub accessed: LastAccessed,
}

/// A policy as IAM has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyInIam {
    pub name: String,
    /// Where findings point: `iam:` and the ARN; inline policies stand behind their role's.
    pub place: String,
    /// The document, as it was written.
    pub text: String,
}
