//! Policies from IAM: those of the role, or a managed one by its ARN.

use std::path::{Path, PathBuf};

use super::CliError;
use super::policies::read_one;
use crate::audit::PresentPolicy;
use crate::collector::{AwsOptions, PolicyInIam, RoleInIam, read_policy, read_role};
use crate::iam::{Arn, PolicyDocument, PrincipalSelector};

/// Whose policies, and how to ask AWS for them.
#[derive(Clone, Debug, Default)]
pub struct Whose {
    pub roles: Vec<PrincipalSelector>,
    pub aws: AwsOptions,
}

/// `iam`, unless a file has that name.
pub fn is_iam(path: &Path) -> bool {
    path == Path::new("iam") && !path.exists()
}

impl Whose {
    /// The one role, as IAM has it.
    pub fn ask(&self) -> Result<RoleInIam, CliError> {
        let [role] = self.roles.as_slice() else {
            return Err(if self.roles.is_empty() { CliError::NoRole } else { CliError::OneRoleForIam });
        };
        if cfg!(not(feature = "aws")) {
            return Err(CliError::PolicyElsewhere { text: "iam".to_owned() });
        }
        read_role(role, &self.aws).map_err(|source| CliError::Remote { source })
    }

    /// The policies that a path stands for, or `iam`, or the ARN of an account's own policy. Those that AWS manages are
    /// known without asking.
    pub fn read(&self, path: &Path, role: Option<&RoleInIam>) -> Result<Vec<PresentPolicy>, CliError> {
        if let (true, Some(role)) = (is_iam(path), role) {
            return role.identity.iter().map(parse).collect();
        }
        let arn = path.to_str().and_then(|text| text.parse::<Arn>().ok());
        match arn.filter(|arn| cfg!(feature = "aws") && is_policy_of_account(arn) && !path.exists()) {
            Some(arn) => {
                let policy = read_policy(&arn, &self.aws).map_err(|source| CliError::Remote { source })?;
                Ok(vec![parse(&policy)?])
            }
            None => read_one(path),
        }
    }
}

fn is_policy_of_account(arn: &Arn) -> bool {
    arn.service() == "iam" && arn.account() != "aws" && arn.resource().starts_with("policy/")
}

/// A policy as IAM has it.
pub fn parse(policy: &PolicyInIam) -> Result<PresentPolicy, CliError> {
    let (document, lines) = PolicyDocument::parse_with_lines(&policy.text)
        .map_err(|source| CliError::PolicyFile { path: PathBuf::from(&policy.place), source })?;
    Ok(PresentPolicy { name: policy.name.clone(), file: Some(policy.place.clone()), document, lines })
}
