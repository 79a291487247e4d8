//! IAM actions such as `eks:CreateCluster`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

/// An IAM action such as `eks:CreateCluster`. IAM compares actions without regard to case; the case is kept for print.
#[derive(Clone, Debug)]
pub struct Action(Arc<Names>);

/// What all copies of an action share: there are many.
#[derive(Debug)]
struct Names {
    text: Box<str>,
    /// Lower case, as compared; so that evaluation folds nothing.
    folded: Box<str>,
    colon: usize,
}

/// Why a text is no action.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ParseActionError {
    #[error("action `{0}` has no service prefix; write it as `service:Name`")]
    MissingPrefix(String),
    #[error("action `{0}` holds a character that IAM does not allow there")]
    BadCharacter(String),
}

impl Action {
    /// The service prefix, lower case: `eks`.
    pub fn service(&self) -> &str {
        self.0.text.get(..self.0.colon).unwrap_or_default()
    }

    /// The name as given: `CreateCluster`.
    pub fn name(&self) -> &str {
        self.0.text.get(self.0.colon + 1..).unwrap_or_default()
    }

    /// The action as printed: `eks:CreateCluster`.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    /// The action as compared: `eks:createcluster`.
    pub fn folded(&self) -> &str {
        &self.0.folded
    }
}

impl FromStr for Action {
    type Err = ParseActionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (service, name) = text.split_once(':').ok_or_else(|| ParseActionError::MissingPrefix(text.to_owned()))?;
        let legal = |s: &str| !s.is_empty() && s.bytes().all(is_action_byte);
        if !legal(service) || !legal(name) {
            return Err(ParseActionError::BadCharacter(text.to_owned()));
        }
        let (text, folded) = (with_lower_prefix(text).into(), text.to_ascii_lowercase().into());
        Ok(Self(Arc::new(Names { text, folded, colon: service.len() })))
    }
}

/// Whether the byte may stand in a service prefix or in the name of an action.
pub(super) fn is_action_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// `EKS:CreateCluster` as `eks:CreateCluster`.
pub(super) fn with_lower_prefix(text: &str) -> String {
    let (service, rest) = text.split_at(text.find(':').unwrap_or(0));
    format!("{}{rest}", service.to_ascii_lowercase())
}

/// Lower case, borrowed where it is already.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.folded == other.0.folded
    }
}

impl Eq for Action {}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return Ordering::Equal;
        }
        self.0.folded.cmp(&other.0.folded)
    }
}

impl Hash for Action {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.folded.hash(state);
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_compare_without_case_and_print_as_given() {
        let action: Action = "EKS:CreateCluster".parse().unwrap();
        assert_eq!(action, "eks:createcluster".parse().unwrap());
        assert_eq!((action.service(), action.name(), action.as_str()), ("eks", "CreateCluster", "eks:CreateCluster"));
    }

    #[test]
    fn texts_that_are_no_action_are_refused_with_the_reason() {
        let error = |text: &str| text.parse::<Action>().unwrap_err();
        assert_eq!(error("CreateCluster"), ParseActionError::MissingPrefix("CreateCluster".into()));
        assert_eq!(error("eks:Create*"), ParseActionError::BadCharacter("eks:Create*".into()));
        assert_eq!(error(":x"), ParseActionError::BadCharacter(":x".into()));
    }
}
