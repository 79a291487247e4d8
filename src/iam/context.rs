//! The request context: the condition keys that AWS fills for one request.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ConditionKey;
use super::condition_key::ConditionKeyName;

/// Condition keys and their values in one request. Key names compare without regard to case. Copies
/// share the entries until one of them is changed: very many requests have the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Context(Arc<BTreeMap<ConditionKey, ContextValue>>);

/// The value of a condition key in a request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContextValue {
    One(String),
    /// A multivalued key such as `aws:TagKeys`: sorted, without repeats.
    Many(Vec<String>),
}

impl Context {
    /// No key at all.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of a key; one that was there is replaced.
    pub fn insert(&mut self, key: impl Into<ConditionKey>, value: impl Into<ContextValue>) {
        Arc::make_mut(&mut self.0).insert(key.into(), value.into());
    }

    /// The value of a key, given as [`ConditionKey`] or as text in any case.
    pub fn get<K: ConditionKeyName + ?Sized>(&self, key: &K) -> Option<&ContextValue> {
        self.0.get(key.folded_name().as_ref())
    }

    /// Keys and values, sorted by the folded key.
    pub fn iter(&self) -> impl Iterator<Item = (&ConditionKey, &ContextValue)> {
        self.0.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl ContextValue {
    /// A multivalued key's value: sorted, without repeats.
    pub fn many<V: Into<String>>(values: impl IntoIterator<Item = V>) -> Self {
        let mut values: Vec<String> = values.into_iter().map(Into::into).collect();
        values.sort();
        values.dedup();
        Self::Many(values)
    }

    /// The values, one or several.
    pub fn values(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl From<String> for ContextValue {
    fn from(value: String) -> Self {
        Self::One(value)
    }
}

impl From<&str> for ContextValue {
    fn from(value: &str) -> Self {
        Self::One(value.to_owned())
    }
}

impl From<Vec<String>> for ContextValue {
    fn from(values: Vec<String>) -> Self {
        Self::many(values)
    }
}

impl<K: Into<ConditionKey>, V: Into<ContextValue>> FromIterator<(K, V)> for Context {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        Self(Arc::new(entries.into_iter().map(|(key, value)| (key.into(), value.into())).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_any_case() {
        let context = Context::from_iter([("aws:RequestTag/Env", "prod")]);
        assert_eq!(context.get("AWS:requesttag/ENV"), Some(&ContextValue::One("prod".into())));
        assert_eq!(context.get(&ConditionKey::new("aws:RequestTag/env")), context.get("aws:RequestTag/Env"));
        assert_eq!(context.get("aws:RequestTag/Other"), None);
    }

    #[test]
    fn several_values_are_kept_sorted_without_repeats() {
        assert_eq!(ContextValue::many(["b", "a", "b"]).values(), ["a", "b"]);
    }
}
