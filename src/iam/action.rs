//! IAM actions such as `eks:CreateCluster`, and patterns over them.

use std::str::FromStr;

/// An IAM action such as `eks:CreateCluster`. IAM compares actions without regard to case; the case is kept for print.
#[derive(Clone, Debug)]
pub struct Action {
    service: String,
    name: String,
}

/// Why a text is no action.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseActionError {
    #[error("action `{0}` has no service prefix; write it as `service:Name`")]
    MissingPrefix(String),
    #[error("action `{0}` holds a character that IAM does not allow there")]
    BadCharacter(String),
}

impl Action {
    /// The service prefix, lower case: `eks`.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The name as given: `CreateCluster`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// An action, or a text with `*` and `?` that stands for many: `ec2:Describe*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionPattern(String);

impl Action {
    fn folded(&self) -> (&str, String) {
        (&self.service, self.name.to_ascii_lowercase())
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.service == other.service && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl Eq for Action {}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded().cmp(&other.folded())
    }
}

impl std::hash::Hash for Action {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

impl FromStr for Action {
    type Err = ParseActionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (service, name) = text.split_once(':').ok_or_else(|| ParseActionError::MissingPrefix(text.to_owned()))?;
        let legal = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !legal(service) || !legal(name) {
            return Err(ParseActionError::BadCharacter(text.to_owned()));
        }
        Ok(Self { service: service.to_ascii_lowercase(), name: name.to_owned() })
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.service, self.name)
    }
}
