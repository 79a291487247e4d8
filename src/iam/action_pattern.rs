//! Patterns over actions, as the Action element of a policy holds them.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::action::{is_action_byte, with_lower_prefix};
use super::glob;
use super::{Action, ParseActionError};

/// An action, or a text with `*` and `?` that stands for many: `ec2:Describe*`, `*`. Compares without regard to case.
#[derive(Clone, Debug)]
pub struct ActionPattern {
    text: String,
    /// Lower case, as compared.
    folded: String,
    wildcard: bool,
}

impl ActionPattern {
    /// The pattern `*`: every action.
    pub fn any() -> Self {
        Self { text: "*".to_owned(), folded: "*".to_owned(), wildcard: true }
    }

    /// The pattern as written, its service prefix in lower case.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The pattern as compared: `ec2:describe*`.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The service prefix, lower case, wildcards and all; `None` for `*`.
    pub fn service(&self) -> Option<&str> {
        self.folded.split_once(':').map(|(service, _)| service)
    }

    /// Whether it stands for more than one action.
    pub fn has_wildcard(&self) -> bool {
        self.wildcard
    }

    /// The one action that it stands for, if it holds no wildcard.
    pub fn as_action(&self) -> Option<Action> {
        if self.wildcard { None } else { self.text.parse().ok() }
    }

    /// Whether the pattern stands for the action.
    pub fn matches(&self, action: &Action) -> bool {
        if self.wildcard {
            glob::matches(self.folded.as_bytes(), action.folded().as_bytes())
        } else {
            self.folded == action.folded()
        }
    }

    /// Whether every action of the other pattern is one of this.
    pub fn covers(&self, other: &Self) -> bool {
        let ((service, name), (other_service, other_name)) = (self.halves(), other.halves());
        self.folded == other.folded || (glob::covers(service, other_service) && glob::covers(name, other_name))
    }

    /// Whether some action belongs to both patterns.
    pub fn intersects(&self, other: &Self) -> bool {
        let ((service, name), (other_service, other_name)) = (self.halves(), other.halves());
        glob::intersects(service, other_service) && glob::intersects(name, other_name)
    }

    /// Service and name apart: an action has one colon, so that `*` and `*:*` stand for the same actions.
    fn halves(&self) -> (&str, &str) {
        self.folded.split_once(':').unwrap_or(("*", "*"))
    }
}

impl From<&Action> for ActionPattern {
    fn from(action: &Action) -> Self {
        Self { text: action.as_str().to_owned(), folded: action.folded().to_owned(), wildcard: false }
    }
}

impl From<Action> for ActionPattern {
    fn from(action: Action) -> Self {
        Self::from(&action)
    }
}

impl FromStr for ActionPattern {
    type Err = ParseActionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let legal = |s: &str| !s.is_empty() && s.bytes().all(|b| is_action_byte(b) || b == b'*' || b == b'?');
        match text.split_once(':') {
            Some((service, name)) if legal(service) && legal(name) => Ok(Self {
                text: with_lower_prefix(text),
                folded: text.to_ascii_lowercase(),
                wildcard: text.contains(['*', '?']),
            }),
            Some(_) => Err(ParseActionError::BadCharacter(text.to_owned())),
            None if text == "*" => Ok(Self::any()),
            None => Err(ParseActionError::MissingPrefix(text.to_owned())),
        }
    }
}

/// Looks up by the folded text, in agreement with the order of [`ActionPattern`].
impl Borrow<str> for ActionPattern {
    fn borrow(&self) -> &str {
        &self.folded
    }
}

impl PartialEq for ActionPattern {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for ActionPattern {}

impl PartialOrd for ActionPattern {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ActionPattern {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for ActionPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Display for ActionPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> ActionPattern {
        text.parse().unwrap()
    }

    #[test]
    fn patterns_match_without_case() {
        let action: Action = "ec2:DescribeVpcs".parse().unwrap();
        for text in ["*", "*:*", "EC2:describe*", "ec2:DescribeVpcs", "ec2:DescribeVpc?", "e?2:*"] {
            assert!(pattern(text).matches(&action), "{text}");
        }
        assert!(!pattern("ec2:Describe").matches(&action) && !pattern("eks:*").matches(&action));
    }

    #[test]
    fn containment_knows_that_every_action_has_a_colon() {
        let covers = |wide: &str, narrow: &str| pattern(wide).covers(&pattern(narrow));
        assert!(covers("*:*", "*") && covers("*", "*:*") && covers("ec2:*", "EC2:Describe*"));
        assert!(!covers("ec2:Describe*", "ec2:*") && !covers("ec2:*", "*"));
        assert!(
            pattern("ec2:*").intersects(&pattern("*:Describe*")) && !pattern("ec2:*").intersects(&pattern("e*s:*"))
        );
    }

    #[test]
    fn a_pattern_without_prefix_is_refused() {
        assert_eq!("ec2*".parse::<ActionPattern>(), Err(ParseActionError::MissingPrefix("ec2*".into())));
        assert_eq!(
            "ec2:Desc ribe".parse::<ActionPattern>(),
            Err(ParseActionError::BadCharacter("ec2:Desc ribe".into()))
        );
    }
}
