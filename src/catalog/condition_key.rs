//! Condition keys that AWS defines, with the type of their values.

use crate::iam::ConditionKey;

/// A condition key of a service, or a global one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionKeyEntry {
    /// In AWS's spelling, with variables: `aws:RequestTag/${TagKey}`.
    pub name: String,
    pub value_type: ConditionValueType,
    /// A request may carry several values: compared with `ForAllValues:` or `ForAnyValue:`.
    pub multivalued: bool,
}

/// What the values of a condition key are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionValueType {
    String,
    Arn,
    Bool,
    Numeric,
    Date,
    IpAddress,
}

/// The reference names a type that we do not know.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown type of condition key `{0}`")]
pub struct UnknownValueType(pub String);

impl ConditionKeyEntry {
    /// Reads the type as the reference writes it: `String`, `ArrayOfString`.
    pub fn new(name: impl Into<String>, value_type: &str) -> Result<Self, UnknownValueType> {
        let (multivalued, single) = match value_type.strip_prefix("ArrayOf") {
            Some(single) => (true, single),
            None => (false, value_type),
        };
        let value_type = match single {
            "String" => ConditionValueType::String,
            "ARN" => ConditionValueType::Arn,
            "Bool" => ConditionValueType::Bool,
            "Numeric" => ConditionValueType::Numeric,
            "Date" => ConditionValueType::Date,
            "IPAddress" => ConditionValueType::IpAddress,
            _ => return Err(UnknownValueType(value_type.to_owned())),
        };
        Ok(Self { name: name.into(), value_type, multivalued })
    }

    /// Whether a key as written in a policy is this one: `aws:requesttag/Env` is `aws:RequestTag/${TagKey}`.
    pub fn names(&self, key: &ConditionKey) -> bool {
        names_key(&self.name, key)
    }

    /// The type as the reference writes it.
    pub(super) fn type_name(&self) -> String {
        let single = match self.value_type {
            ConditionValueType::String => "String",
            ConditionValueType::Arn => "ARN",
            ConditionValueType::Bool => "Bool",
            ConditionValueType::Numeric => "Numeric",
            ConditionValueType::Date => "Date",
            ConditionValueType::IpAddress => "IPAddress",
        };
        if self.multivalued { format!("ArrayOf{single}") } else { single.to_owned() }
    }
}

/// Whether a key of the reference, variables and all, names `key`. A variable stands for one character or more; some
/// services write it in another way (`s3:ExistingObjectTag/<key>`, `secretsmanager:ResourceTag/tag-key`).
pub(crate) fn names_key(entry: &str, key: &ConditionKey) -> bool {
    let Some((before, after)) = around_variable(entry) else {
        return entry.eq_ignore_ascii_case(key.as_str());
    };
    let text = key.as_str().as_bytes();
    let (before, after) = (before.as_bytes(), after.as_bytes());
    let long_enough = text.len() > before.len() + after.len();
    long_enough
        && text.get(..before.len()).is_some_and(|start| start.eq_ignore_ascii_case(before))
        && text.get(text.len() - after.len()..).is_some_and(|end| end.eq_ignore_ascii_case(after))
}

/// What stands before and behind the variable.
fn around_variable(entry: &str) -> Option<(&str, &str)> {
    let between = |open: &str, close: char| {
        let (before, rest) = entry.split_once(open)?;
        Some((before, rest.split_once(close).map_or("", |(_, after)| after)))
    };
    let plain = || entry.strip_suffix("tag-key").filter(|before| before.ends_with('/')).map(|before| (before, ""));
    between("${", '}').or_else(|| between("<", '>')).or_else(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_stands_for_any_tag_key() {
        let named = |entry, key: &str| names_key(entry, &ConditionKey::new(key));
        assert!(named("aws:RequestTag/${TagKey}", "aws:requesttag/Env"));
        assert!(named("codebuild:x/${name}.value", "codebuild:x/HOME.value"));
        assert!(named("eks:clusterName", "eks:ClusterName"));
        assert!(named("secretsmanager:ResourceTag/tag-key", "secretsmanager:ResourceTag/Team"));
        assert!(named("s3:ExistingObjectTag/<key>", "s3:ExistingObjectTag/Team"));
        assert!(!named("secretsmanager:ResourceTag/tag-key", "secretsmanager:ResourceTags/Team"));
        assert!(!named("aws:RequestTag/${TagKey}", "aws:RequestTag/"));
        assert!(!named("aws:RequestTag/${TagKey}", "aws:ResourceTag/Env"));
        assert!(!named("codebuild:x/${name}.value", "codebuild:x/HOME.type"));
    }

    #[test]
    fn types_read_and_print_the_same() {
        for name in ["String", "ArrayOfString", "ARN", "Bool", "Numeric", "Date", "IPAddress", "ArrayOfARN"] {
            assert_eq!(ConditionKeyEntry::new("a:b", name).unwrap().type_name(), name);
        }
        assert_eq!(ConditionKeyEntry::new("a:b", "Binary"), Err(UnknownValueType("Binary".into())));
    }
}
