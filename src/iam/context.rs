//! The request context: the condition keys that AWS fills for one request.

use std::collections::BTreeMap;

/// Condition keys and their values in one request. Key names compare without regard to case and are kept lower case
/// up to the first `/`; what follows it (a tag key) keeps its case.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Context(BTreeMap<super::ConditionKey, ContextValue>);

/// The value of a condition key in a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContextValue {
    One(String),
    /// A multivalued key such as `aws:TagKeys`: sorted, without repeats.
    Many(Vec<String>),
}
