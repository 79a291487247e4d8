//! The Condition element of a statement.

use std::collections::{BTreeMap, BTreeSet};

/// A condition key as IAM compares it: `aws:RequestTag/Env`. The part up to the first `/` compares without regard to
/// case and is kept in the case it was first written in; a tag key behind it keeps its case.
#[derive(Clone, Debug)]
pub struct ConditionKey {
    text: String,
    folded: String,
}

impl ConditionKey {
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let folded = match text.split_once('/') {
            Some((name, rest)) => format!("{}/{rest}", name.to_ascii_lowercase()),
            None => text.to_ascii_lowercase(),
        };
        Self { text, folded }
    }

    /// As written: `aws:RequestTag/Env`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As compared: `aws:requesttag/Env`.
    pub fn folded(&self) -> &str {
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
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ConditionKey {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.folded.cmp(&other.folded)
    }
}

impl std::hash::Hash for ConditionKey {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded.hash(state);
    }
}

/// A condition operator with its modifiers, such as `ForAllValues:StringEqualsIfExists`, in AWS's spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConditionOperator(pub(crate) String);

/// One line of a Condition block: all of these must hold, and of its values one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    pub operator: ConditionOperator,
    pub key: ConditionKey,
    pub values: BTreeSet<String>,
}

/// A whole Condition block; empty: no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conditions(pub(crate) BTreeMap<ConditionOperator, BTreeMap<ConditionKey, BTreeSet<String>>>);
