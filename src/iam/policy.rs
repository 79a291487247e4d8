//! Policy documents and their canonical form.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::Statement;

/// A policy document. Reads every legal JSON form; writes one canonical form: keys in IAM's order, sets sorted, a list of
/// one element as a plain string, statements in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    /// `2012-10-17` or `2008-10-17`.
    pub version: String,
    pub id: Option<String>,
    pub statements: Vec<Statement>,
}

/// The version of the policy language that knows policy variables.
pub const POLICY_VERSION: &str = "2012-10-17";

/// Why a text is no policy document: what, and where.
#[derive(Debug, thiserror::Error)]
pub enum ParsePolicyError {
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{place} (line {line}): {problem}")]
    Invalid { place: String, line: usize, problem: String },
}

impl PolicyDocument {
    /// A document of the present version.
    pub fn new(statements: Vec<Statement>) -> Self {
        Self { version: POLICY_VERSION.to_owned(), id: None, statements }
    }

    /// Whether `${…}` in it is a policy variable; in the old version it is plain text.
    pub fn has_variables(&self) -> bool {
        self.version == POLICY_VERSION
    }

    /// The canonical form on one line, without white space.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| unreachable!("a policy is strings under strings: {error}"))
    }

    /// The canonical form, indented, without a newline at the end.
    pub fn to_json_pretty(&self) -> String {
        serde_json::to_string_pretty(self)
            .unwrap_or_else(|error| unreachable!("a policy is strings under strings: {error}"))
    }
}

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Version", &self.version)?;
        if let Some(id) = &self.id {
            map.serialize_entry("Id", id)?;
        }
        map.serialize_entry("Statement", &self.statements)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{ArnPattern, ConditionOperator};

    #[test]
    fn the_canonical_form_is_sorted_and_plain() {
        let actions = ["s3:PutObject", "s3:GetObject"].map(|action| action.parse().unwrap());
        let mut statement = Statement::allow(actions, [ArnPattern::any()]);
        statement.sid = Some("State".into());
        statement.conditions.add(ConditionOperator::BOOL, "aws:SecureTransport", ["true"]);
        let document = PolicyDocument::new(vec![statement]);
        let expected = concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"State","Effect":"Allow","#,
            r#""Action":["s3:GetObject","s3:PutObject"],"Resource":"*","#,
            r#""Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}"#
        );
        assert_eq!(document.to_json(), expected);
        assert!(document.to_json_pretty().starts_with("{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n"));
    }
}
