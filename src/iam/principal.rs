//! Who acts: roles, users, and how a session maps to its role.

use super::Arn;

/// The ARN of an IAM role or user, path included: `arn:aws:iam::111122223333:role/ci/eks-runner`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalArn(Arn);

/// What the user typed after `--role`: a role's or user's ARN, an assumed-role session ARN (stands for its role; its
/// path is unknown), or a bare role name (any account, any path).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PrincipalSelector {
    Exact(PrincipalArn),
    RoleName { account: Option<String>, name: String },
}
