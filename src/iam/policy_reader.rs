//! Reads policy documents: every form that IAM takes, nothing else.
//!
//! Grammar: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>. Empty lists are legal there
//! and stand for nothing. What is unknown is refused with its place, as it could be a misspelt restriction.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

use serde_json::value::RawValue;

use super::json_source::{Shape, Source};
use super::{
    ActionClause, ActionPattern, ArnPattern, ConditionKey, ConditionOperator, Conditions, Effect, POLICY_VERSION,
    ParsePolicyError, PolicyDocument, ResourceClause, Statement,
};

/// The version that a document without `Version` has.
const OLD_POLICY_VERSION: &str = "2008-10-17";

/// On which lines of its text the parts of a document stand, from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicyLines {
    /// In the order of the document.
    pub statements: Vec<StatementLines>,
}

/// On which lines the parts of a statement stand; where one is listed twice, the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatementLines {
    pub line: usize,
    pub actions: BTreeMap<ActionPattern, usize>,
    pub resources: BTreeMap<ArnPattern, usize>,
}

impl PolicyDocument {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, ParsePolicyError> {
        Self::parse_with_lines(text).map(|(document, _)| document)
    }

    /// Reads a document and notes on which lines its parts stand.
    pub fn parse_with_lines(text: &str) -> Result<(Self, PolicyLines), ParsePolicyError> {
        let (source, root) = Source::new(text)?;
        Reader { source }.document(root)
    }
}

impl FromStr for PolicyDocument {
    type Err = ParsePolicyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

struct Reader<'t> {
    source: Source<'t>,
}

/// A value with its place in the document.
struct Part<'t> {
    place: String,
    value: &'t RawValue,
}

type Read<T> = Result<T, ParsePolicyError>;

impl<'t> Reader<'t> {
    fn document(&self, root: &'t RawValue) -> Read<(PolicyDocument, PolicyLines)> {
        let mut document = PolicyDocument { version: OLD_POLICY_VERSION.to_owned(), id: None, statements: Vec::new() };
        let mut statements = None;
        let root = Part { place: "policy".to_owned(), value: root };
        for (name, value) in self.entries(&root)? {
            let part = Part { place: name, value };
            match part.place.as_str() {
                "Version" => document.version = self.version(&part)?,
                "Id" => document.id = Some(self.string(&part)?),
                "Statement" => statements = Some(self.one_or_many(part)?),
                _ => return self.fail(&part, "unknown element; a policy has `Version`, `Id` and `Statement`"),
            }
        }
        let Some(parts) = statements else { return self.fail(&root, "has no `Statement`") };
        let mut lines = PolicyLines::default();
        let mut sids = BTreeSet::new();
        for part in &parts {
            let (statement, statement_lines) = self.statement(part)?;
            if let Some(sid) = statement.sid.clone().filter(|sid| !sids.insert(sid.clone())) {
                return self.fail(part, format!("another statement has the Sid `{sid}` too"));
            }
            document.statements.push(statement);
            lines.statements.push(statement_lines);
        }
        Ok((document, lines))
    }

    fn version(&self, part: &Part<'t>) -> Read<String> {
        let version = self.string(part)?;
        match version.as_str() {
            POLICY_VERSION | OLD_POLICY_VERSION => Ok(version),
            other => {
                self.fail(part, format!("`{other}` is no version of the policy language; write `{POLICY_VERSION}`"))
            }
        }
    }

    fn statement(&self, part: &Part<'t>) -> Read<(Statement, StatementLines)> {
        let mut lines = StatementLines { line: self.source.line(part.value), ..StatementLines::default() };
        let (mut sid, mut effect, mut actions, mut resources) = (None, None, None, None);
        let mut conditions = Conditions::new();
        for (name, value) in self.entries(part)? {
            let inner = Part { place: format!("{}.{name}", part.place), value };
            match name.as_str() {
                // The console writes an empty Sid where there is none.
                "Sid" => sid = Some(self.string(&inner)?).filter(|sid| !sid.is_empty()),
                "Effect" => effect = Some(self.effect(&inner)?),
                "Action" | "NotAction" if actions.is_some() => {
                    return self.fail(&inner, "has both `Action` and `NotAction`");
                }
                "Action" => actions = Some(ActionClause::Action(self.patterns(inner, &mut lines.actions)?)),
                "NotAction" => actions = Some(ActionClause::NotAction(self.patterns(inner, &mut lines.actions)?)),
                "Resource" | "NotResource" if resources.is_some() => {
                    return self.fail(&inner, "has both `Resource` and `NotResource`");
                }
                "Resource" => resources = Some(ResourceClause::Resource(self.patterns(inner, &mut lines.resources)?)),
                "NotResource" => {
                    resources = Some(ResourceClause::NotResource(self.patterns(inner, &mut lines.resources)?));
                }
                "Condition" => conditions = self.conditions(&inner)?,
                "Principal" | "NotPrincipal" => {
                    return self.fail(
                        &inner,
                        "an identity-based policy names no principal; this is a trust or resource-based policy",
                    );
                }
                _ => return self.fail(&inner, "unknown element of a statement"),
            }
        }
        let Some(effect) = effect else { return self.fail(part, "has no `Effect`") };
        let Some(actions) = actions else { return self.fail(part, "has neither `Action` nor `NotAction`") };
        let Some(resources) = resources else { return self.fail(part, "has neither `Resource` nor `NotResource`") };
        Ok((Statement { sid, effect, actions, resources, conditions }, lines))
    }

    fn effect(&self, part: &Part<'t>) -> Read<Effect> {
        match self.string(part)?.as_str() {
            "Allow" => Ok(Effect::Allow),
            "Deny" => Ok(Effect::Deny),
            other => self.fail(part, format!("`{other}` is no effect; write `Allow` or `Deny`")),
        }
    }

    /// Patterns of actions or resources, with the line of each.
    fn patterns<P>(&self, part: Part<'t>, lines: &mut BTreeMap<P, usize>) -> Read<BTreeSet<P>>
    where
        P: FromStr<Err: Display> + Ord + Clone,
    {
        let mut patterns = BTreeSet::new();
        for part in self.one_or_many(part)? {
            let pattern: P = self.parsed(&part, &self.string(&part)?)?;
            lines.entry(pattern.clone()).or_insert_with(|| self.source.line(part.value));
            patterns.insert(pattern);
        }
        Ok(patterns)
    }

    fn conditions(&self, part: &Part<'t>) -> Read<Conditions> {
        let mut conditions = Conditions::new();
        let mut operators = BTreeSet::new();
        for (name, value) in self.entries(part)? {
            let inner = Part { place: format!("{}.{name}", part.place), value };
            let operator: ConditionOperator = self.parsed(part, &name)?;
            if !operators.insert(operator) {
                return self.fail(&inner, "the operator stands there twice");
            }
            for (key, value) in self.entries(&inner)? {
                let line = Part { place: format!("{}.{key}", inner.place), value };
                let key = ConditionKey::new(key);
                if conditions.values(operator, &key).is_some() {
                    return self.fail(&line, "the condition key stands there twice (its case does not count)");
                }
                let values = self.one_or_many(line)?.iter().map(|part| self.scalar(part)).collect::<Read<Vec<_>>>()?;
                conditions.add(operator, key, values);
            }
        }
        Ok(conditions)
    }

    /// A condition's value: quotation marks are optional for numbers and booleans.
    fn scalar(&self, part: &Part<'t>) -> Read<String> {
        match self.shape(part)? {
            Shape::String(text) => Ok(text),
            Shape::Number(text) | Shape::Bool(text) => Ok(text.to_owned()),
            other => self.fail(part, format!("is {}; a condition takes strings, numbers and booleans", other.name())),
        }
    }

    fn string(&self, part: &Part<'t>) -> Read<String> {
        match self.shape(part)? {
            Shape::String(text) => Ok(text),
            other => self.fail(part, format!("is {}, not a string", other.name())),
        }
    }

    /// The entries of an object; a key that stands there twice is refused.
    fn entries(&self, part: &Part<'t>) -> Read<Vec<(String, &'t RawValue)>> {
        let entries = match self.shape(part)? {
            Shape::Object(entries) => entries,
            other => return self.fail(part, format!("is {}, not an object", other.name())),
        };
        let mut seen = BTreeSet::new();
        match entries.iter().find(|(name, _)| !seen.insert(name.as_str())) {
            Some((name, _)) => self.fail(part, format!("`{name}` stands there twice")),
            None => Ok(entries),
        }
    }

    /// The elements of a list, or the value alone.
    fn one_or_many(&self, part: Part<'t>) -> Read<Vec<Part<'t>>> {
        match self.shape(&part)? {
            Shape::List(list) => {
                let place = |index| format!("{}[{index}]", part.place);
                Ok(list.into_iter().enumerate().map(|(index, value)| Part { place: place(index), value }).collect())
            }
            _ => Ok(vec![part]),
        }
    }

    fn parsed<T: FromStr<Err: Display>>(&self, part: &Part<'t>, text: &str) -> Read<T> {
        text.parse().or_else(|error: T::Err| self.fail(part, error.to_string()))
    }

    fn shape(&self, part: &Part<'t>) -> Read<Shape<'t>> {
        Shape::of(part.value).or_else(|error| self.fail(part, error.to_string()))
    }

    fn fail<T>(&self, part: &Part<'t>, problem: impl Into<String>) -> Read<T> {
        let line = self.source.line(part.value);
        Err(ParsePolicyError::Invalid { place: part.place.clone(), line, problem: problem.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        PolicyDocument::parse(text).unwrap_err().to_string()
    }

    fn error_in(statement: &str) -> String {
        error(&format!(r#"{{"Statement": [{statement}]}}"#))
    }

    #[test]
    fn single_values_and_lists_read_alike() {
        let single = r#"{"Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::b",
            "Condition": {"numericlessthan": {"s3:max-keys": 10}, "Bool": {"aws:SecureTransport": [true]}}}}"#;
        let listed = r#"{"Version": "2008-10-17", "Statement": [{"Resource": ["arn:aws:s3:::b"], "Action": ["s3:Get*"],
            "Effect": "Allow", "Sid": "", "Condition": {"Bool": {"aws:SecureTransport": "true"},
            "NumericLessThan": {"s3:max-keys": ["10"]}}}]}"#;
        let document = PolicyDocument::parse(single).unwrap();
        assert_eq!(document, PolicyDocument::parse(listed).unwrap());
        assert_eq!(PolicyDocument::parse(&document.to_json_pretty()).unwrap(), document);
    }

    #[test]
    fn not_elements_and_deny_are_read() {
        let text = r#"{"Version": "2012-10-17", "Id": "x", "Statement": [{"Sid": "A", "Effect": "Deny",
            "NotAction": ["iam:*"], "NotResource": "*"}]}"#;
        let document = PolicyDocument::parse(text).unwrap();
        let statement = &document.statements[0];
        assert_eq!((document.id.as_deref(), statement.effect), (Some("x"), Effect::Deny));
        assert_eq!(statement.actions, ActionClause::NotAction(BTreeSet::from(["iam:*".parse().unwrap()])));
        assert_eq!(statement.resources, ResourceClause::NotResource(BTreeSet::from([ArnPattern::any()])));
    }

    #[test]
    fn problems_are_shown_with_place_and_line() {
        assert_eq!(error("[]"), "policy (line 1): is a list, not an object");
        assert_eq!(error("{}"), "policy (line 1): has no `Statement`");
        assert_eq!(
            error(
                "{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"},\n {\"Effect\": \"Permit\"}]}"
            ),
            "Statement[1].Effect (line 2): `Permit` is no effect; write `Allow` or `Deny`"
        );
        assert_eq!(
            error_in(r#"{"Effect": "Allow", "Action": ["s3:GetObject", "GetObject"]}"#),
            "Statement[0].Action[1] (line 1): action `GetObject` has no service prefix; write it as `service:Name`"
        );
        assert_eq!(
            error_in(r#"{"Condition": {"StringMatches": {}}}"#),
            "Statement[0].Condition (line 1): `StringMatches` is no condition operator of IAM"
        );
    }

    #[test]
    fn what_iam_refuses_is_refused() {
        for (statement, problem) in [
            (r#"{"Principal": "*"}"#, "an identity-based policy names no principal"),
            (r#"{"Effect": "Allow", "Effect": "Deny"}"#, "`Effect` stands there twice"),
            (r#"{"Action": "*", "NotAction": "*"}"#, "has both `Action` and `NotAction`"),
            (r#"{"Resource": "*", "NotResource": "*"}"#, "has both `Resource` and `NotResource`"),
            (r#"{"Effect": "Allow", "Action": "*"}"#, "has neither `Resource` nor `NotResource`"),
            (r#"{"Effect": "Allow", "Resource": "*"}"#, "has neither `Action` nor `NotAction`"),
            (r#"{"Action": "*", "Resource": "*"}"#, "has no `Effect`"),
            (r#"{"Resource": "bucket"}"#, "does not start with `arn:`"),
            (r#"{"Resource": null}"#, "is null, not a string"),
            (r#"{"Actions": "*"}"#, "Statement[0].Actions (line 1): unknown element of a statement"),
            (r#"{"Condition": {"Bool": {"a:b": "x"}, "bool": {"a:c": "x"}}}"#, "the operator stands there twice"),
            (r#"{"Condition": {"Bool": {"a:b": "x", "A:B": "x"}}}"#, "the condition key stands there twice"),
            (r#"{"Condition": {"Bool": {"a:b": {}}}}"#, "is an object; a condition takes"),
            (r#"{"Sid": "\ud800"}"#, "Statement[0].Sid"),
        ] {
            assert!(error_in(statement).contains(problem), "{statement}: {}", error_in(statement));
        }
        assert!(error(r#"{"Version": "2020-01-01", "Statement": []}"#).contains("no version of the policy language"));
        assert!(error(r#"{"statement": []}"#).contains("unknown element"));
        assert!(error("{").starts_with("not JSON"));
        let twice = r#"{"Sid": "A", "Effect": "Allow", "Action": "*", "Resource": "*"}"#;
        assert!(error_in(&format!("{twice}, {twice}")).contains("another statement has the Sid `A` too"));
    }

    #[test]
    fn lines_of_statements_actions_and_resources_are_known() {
        let text = "{\"Statement\": [\n{\"Effect\": \"Allow\",\n\"Action\": [\n\"s3:GetObject\",\n\"s3:PutObject\"],\n\"Resource\": \"*\"}]}";
        let (_, lines) = PolicyDocument::parse_with_lines(text).unwrap();
        let statement = &lines.statements[0];
        assert_eq!(statement.line, 2);
        assert_eq!(statement.actions.values().copied().collect::<Vec<_>>(), [4, 5]);
        assert_eq!(statement.resources[&ArnPattern::any()], 6);
    }
}
