//! Who acts: roles, users, and how a session maps to its role.

use std::fmt;
use std::str::FromStr;

use super::{Arn, ParseArnError};

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

/// Why a text names no principal.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ParsePrincipalError {
    #[error(transparent)]
    Arn(#[from] ParseArnError),
    #[error("`{0}` is the account's root user, which no policy limits; name a role or a user")]
    Root(String),
    #[error("`{0}` is neither a role, a user, nor a session of a role; write `arn:aws:iam::ACCOUNT:role/NAME`")]
    NotAPrincipal(String),
    #[error("`{0}` is no role name: names have 1 to 64 letters, digits and characters of `+=,.@_-`")]
    BadName(String),
}

impl PrincipalArn {
    pub fn arn(&self) -> &Arn {
        &self.0
    }

    pub fn account(&self) -> &str {
        self.0.account()
    }

    /// The name without path: `eks-runner`.
    pub fn name(&self) -> &str {
        let resource = self.0.resource();
        resource.rsplit_once('/').map_or(resource, |(_, name)| name)
    }

    /// The path, `/` at both ends: `/ci/`.
    pub fn path(&self) -> &str {
        let resource = self.0.resource();
        let start = resource.find('/').unwrap_or(0);
        let end = resource.rfind('/').map_or(0, |slash| slash + 1);
        resource.get(start..end).unwrap_or_default()
    }

    pub fn is_role(&self) -> bool {
        self.0.resource().starts_with("role/")
    }

    pub fn is_user(&self) -> bool {
        !self.is_role()
    }
}

impl TryFrom<Arn> for PrincipalArn {
    type Error = ParsePrincipalError;

    fn try_from(arn: Arn) -> Result<Self, Self::Error> {
        let refused = || Err(ParsePrincipalError::NotAPrincipal(arn.to_string()));
        if arn.service() == "iam" && arn.resource() == "root" {
            return Err(ParsePrincipalError::Root(arn.to_string()));
        }
        let Some((kind, rest)) = arn.resource().split_once('/') else { return refused() };
        let name = rest.rsplit_once('/').map_or(rest, |(_, name)| name);
        let right_place = arn.service() == "iam" && matches!(kind, "role" | "user") && is_account(arn.account());
        if right_place && is_name(name) { Ok(Self(arn)) } else { refused() }
    }
}

impl FromStr for PrincipalArn {
    type Err = ParsePrincipalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Arn>()?.try_into()
    }
}

impl fmt::Display for PrincipalArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl PrincipalSelector {
    /// Whether the principal is meant.
    pub fn matches(&self, principal: &PrincipalArn) -> bool {
        match self {
            Self::Exact(arn) => arn == principal,
            Self::RoleName { account, name } => {
                principal.is_role()
                    && principal.name() == name
                    && account.as_deref().is_none_or(|account| account == principal.account())
            }
        }
    }

    /// The name that every record of the principal holds somewhere in its bytes.
    pub fn name(&self) -> &str {
        match self {
            Self::Exact(arn) => arn.name(),
            Self::RoleName { name, .. } => name,
        }
    }

    /// The account, where it is known.
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::Exact(arn) => Some(arn.account()),
            Self::RoleName { account, .. } => account.as_deref(),
        }
    }
}

impl FromStr for PrincipalSelector {
    type Err = ParsePrincipalError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if !text.starts_with("arn:") {
            let name = role_name(text)?;
            return Ok(Self::RoleName { account: None, name });
        }
        let arn: Arn = text.parse()?;
        match session_role(&arn) {
            Some(name) => Ok(Self::RoleName { account: Some(arn.account().to_owned()), name: role_name(name)? }),
            None => Ok(Self::Exact(arn.try_into()?)),
        }
    }
}

impl fmt::Display for PrincipalSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(arn) => arn.fmt(f),
            Self::RoleName { account: None, name } => f.write_str(name),
            Self::RoleName { account: Some(account), name } => write!(f, "arn:aws:sts::{account}:assumed-role/{name}"),
        }
    }
}

/// The role's name in `arn:aws:sts::ACCOUNT:assumed-role/NAME[/SESSION]`.
fn session_role(arn: &Arn) -> Option<&str> {
    let rest = arn.resource().strip_prefix("assumed-role/")?;
    let name = rest.split_once('/').map_or(rest, |(name, _)| name);
    (arn.service() == "sts" && is_account(arn.account())).then_some(name)
}

fn role_name(text: &str) -> Result<String, ParsePrincipalError> {
    match text {
        "root" => Err(ParsePrincipalError::Root(text.to_owned())),
        _ if is_name(text) => Ok(text.to_owned()),
        _ => Err(ParsePrincipalError::BadName(text.to_owned())),
    }
}

/// Account ids are twelve digits; copied and redacted records also hold other texts, which name nothing to IAM.
fn is_account(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>, "IAM name requirements".
fn is_name(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    (1..=64).contains(&text.len()) && text.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:iam::111122223333:role/ci/deploy/eks-runner";

    fn selector(text: &str) -> PrincipalSelector {
        text.parse().unwrap()
    }

    #[test]
    fn a_role_under_a_path_falls_into_path_and_name() {
        let role: PrincipalArn = ROLE.parse().unwrap();
        assert_eq!((role.name(), role.path(), role.account()), ("eks-runner", "/ci/deploy/", "111122223333"));
        assert!(role.is_role() && role.to_string() == ROLE);
        let user: PrincipalArn = "arn:aws:iam::111122223333:user/ann".parse().unwrap();
        assert_eq!((user.name(), user.path(), user.is_role()), ("ann", "/", false));
    }

    #[test]
    fn every_way_to_name_a_role_selects_it() {
        let role: PrincipalArn = ROLE.parse().unwrap();
        for text in [
            ROLE,
            "eks-runner",
            "arn:aws:sts::111122223333:assumed-role/eks-runner",
            "arn:aws:sts::111122223333:assumed-role/eks-runner/run-17",
        ] {
            assert!(selector(text).matches(&role), "{text}");
            assert_eq!(selector(text).name(), "eks-runner");
        }
    }

    #[test]
    fn others_are_not_selected() {
        let role: PrincipalArn = ROLE.parse().unwrap();
        for text in [
            "arn:aws:iam::111122223333:role/eks-runner",
            "eks",
            "arn:aws:sts::444455556666:assumed-role/eks-runner",
            "arn:aws:iam::111122223333:user/eks-runner",
        ] {
            assert!(!selector(text).matches(&role), "{text}");
        }
        assert!(!selector("ann").matches(&"arn:aws:iam::111122223333:user/ann".parse().unwrap()));
    }

    #[test]
    fn root_and_other_things_are_refused() {
        let root = "arn:aws:iam::111122223333:root";
        assert_eq!(root.parse::<PrincipalSelector>(), Err(ParsePrincipalError::Root(root.into())));
        assert_eq!("root".parse::<PrincipalSelector>(), Err(ParsePrincipalError::Root("root".into())));
        for text in ["arn:aws:s3:::bucket", "arn:aws:iam::1:role/", "arn:aws:iam::1:policy/x", "a b", "", "arn:aws:iam"]
        {
            assert!(text.parse::<PrincipalSelector>().is_err(), "{text}");
        }
    }
}
