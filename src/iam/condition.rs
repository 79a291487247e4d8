//! The Condition element of a statement.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::{Deserialize, Deserializer};
use serde::ser::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::one_or_many::OneOrMany;
use super::{ConditionKey, ConditionOperator};

/// One line of a Condition block: all of these must hold, and of its values one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Condition {
    pub operator: ConditionOperator,
    pub key: ConditionKey,
    pub values: BTreeSet<String>,
}

/// A whole Condition block; empty: no condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conditions(BTreeMap<ConditionOperator, BTreeMap<ConditionKey, BTreeSet<String>>>);

impl Conditions {
    /// No condition.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds values to the line of this operator and key. More values on one line make the block weaker (or, for a negated
    /// operator, stronger).
    pub fn add<V: Into<String>>(
        &mut self,
        operator: ConditionOperator,
        key: impl Into<ConditionKey>,
        values: impl IntoIterator<Item = V>,
    ) {
        let line = self.0.entry(operator).or_default().entry(key.into()).or_default();
        line.extend(values.into_iter().map(Into::into));
    }

    /// The lines, sorted by operator, then by key.
    pub fn iter(&self) -> impl Iterator<Item = (ConditionOperator, &ConditionKey, &BTreeSet<String>)> {
        self.0.iter().flat_map(|(&operator, keys)| keys.iter().map(move |(key, values)| (operator, key, values)))
    }

    /// The values of one line.
    pub fn values(&self, operator: ConditionOperator, key: &ConditionKey) -> Option<&BTreeSet<String>> {
        self.0.get(&operator)?.get(key)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all lines of the other block; lines with the same operator and key get the values of both.
    pub fn merge(&mut self, other: &Self) {
        for (operator, key, values) in other.iter() {
            self.add(operator, key.clone(), values.iter().cloned());
        }
    }
}

impl FromIterator<Condition> for Conditions {
    fn from_iter<I: IntoIterator<Item = Condition>>(lines: I) -> Self {
        let mut conditions = Self::new();
        for Condition { operator, key, values } in lines {
            conditions.add(operator, key, values);
        }
        conditions
    }
}

impl Serialize for Conditions {
    /// The JSON block: `{"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut block = serializer.serialize_map(Some(self.0.len()))?;
        for (operator, keys) in &self.0 {
            block.serialize_entry(operator, &Lines(keys))?;
        }
        block.end()
    }
}

impl<'de> Deserialize<'de> for Conditions {
    /// The JSON block, single values and lists alike.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let block = BTreeMap::<ConditionOperator, BTreeMap<String, Values>>::deserialize(deserializer)?;
        let mut conditions = Self::new();
        for (operator, lines) in block {
            for (key, values) in lines {
                conditions.add(operator, key, values.into_vec());
            }
        }
        Ok(conditions)
    }
}

/// The values of a line as they may be written.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Values {
    One(Scalar),
    Many(Vec<Scalar>),
}

#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Scalar {
    Text(String),
    Bool(bool),
    Integer(i64),
    Decimal(f64),
}

impl Values {
    fn into_vec(self) -> Vec<String> {
        let scalars = match self {
            Self::One(scalar) => vec![scalar],
            Self::Many(scalars) => scalars,
        };
        scalars.into_iter().map(Scalar::into_text).collect()
    }
}

impl Scalar {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Bool(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Decimal(value) => value.to_string(),
        }
    }
}

struct Lines<'a>(&'a BTreeMap<ConditionKey, BTreeSet<String>>);

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, values)| (key.as_str(), OneOrMany(values))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_written_sorted_and_single_values_plainly() {
        let mut conditions = Conditions::new();
        conditions.add(ConditionOperator::STRING_EQUALS, "iam:PassedToService", ["b", "a"]);
        conditions.add(ConditionOperator::BOOL, "aws:SecureTransport", ["true"]);
        conditions.add(ConditionOperator::STRING_EQUALS, "IAM:passedToService", ["c"]);
        let text = serde_json::to_string(&conditions).unwrap();
        let expected =
            r#"{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"iam:PassedToService":["a","b","c"]}}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Conditions>(&text).unwrap(), conditions);
    }

    #[test]
    fn numbers_and_booleans_need_no_quotation_marks() {
        let text = r#"{"NumericLessThan": {"s3:max-keys": 10}, "Bool": {"aws:SecureTransport": [true]}}"#;
        let conditions: Conditions = serde_json::from_str(text).unwrap();
        let values: Vec<_> = conditions.iter().flat_map(|(_, _, values)| values).collect();
        assert_eq!(values, ["true", "10"]);
        assert!(serde_json::from_str::<Conditions>(r#"{"Wrong": {}}"#).is_err());
    }
}
