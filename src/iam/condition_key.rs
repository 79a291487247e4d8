//! Names of condition keys.

use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use super::action::folded;

/// A condition key such as `aws:RequestTag/Env`. Compares without regard to case, the tag key behind the `/` included, and
/// is kept as first written: "The tag key `Owner` matches both `Owner` and `owner` because condition key names are not
/// case-sensitive" (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_tags.html>).
#[derive(Clone, Debug)]
pub struct ConditionKey {
    text: String,
    folded: String,
}

impl ConditionKey {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let folded = text.to_ascii_lowercase();
        Self { text, folded }
    }

    /// As written: `aws:RequestTag/Env`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As compared: `aws:requesttag/env`.
    pub fn folded(&self) -> &str {
        &self.folded
    }
}

/// What a condition key may be looked up by: the key itself, or its text in any case.
pub trait ConditionKeyName {
    /// As compared, lower case.
    fn folded_name(&self) -> Cow<'_, str>;
}

impl ConditionKeyName for ConditionKey {
    fn folded_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.folded)
    }
}

impl ConditionKeyName for str {
    fn folded_name(&self) -> Cow<'_, str> {
        folded(self)
    }
}

impl ConditionKeyName for String {
    fn folded_name(&self) -> Cow<'_, str> {
        folded(self)
    }
}

impl From<&str> for ConditionKey {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for ConditionKey {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

/// Looks up by the folded name, in agreement with the order of [`ConditionKey`].
impl Borrow<str> for ConditionKey {
    fn borrow(&self) -> &str {
        &self.folded
    }
}

impl PartialEq for ConditionKey {
    fn eq(&self, other: &Self) -> bool {
        self.folded == other.folded
    }
}

impl Eq for ConditionKey {}

impl PartialOrd for ConditionKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ConditionKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl Hash for ConditionKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

impl fmt::Display for ConditionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}
