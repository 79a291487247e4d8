//! `cloudformation`: a template in YAML with a policy for each document.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::model::{Policy, PolicyKind, Report};
use super::parameters::{Parameter, Parameters, Piece};
use super::visible::is_hidden;
use super::{RenderError, Renderer};

/// Renders the template.
#[derive(Debug)]
pub struct CloudFormationRenderer;

impl Renderer for CloudFormationRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let template = template(report)?;
        let mut text = String::new();
        write_value(&mut text, &template, 0);
        Ok(text)
    }
}

/// The template as a value.
fn template(report: &Report) -> Result<Value, RenderError> {
    let roles: Vec<String> = report.scope.roles.iter().map(ToString::to_string).collect();
    let mut resources = serde_json::Map::new();
    let mut taken = BTreeSet::new();
    for policy in &report.policies {
        let mut resource = resource(policy)?;
        if let Some(document) = resource.pointer_mut("/Properties/PolicyDocument") {
            substitute(document, &report.parameters)?;
        }
        resources.insert(logical_id(&policy.name, &mut taken), resource);
    }
    let head = json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("Written by {} {} for {}", report.tool.name, report.tool.version, roles.join(", ")),
    });
    let named: serde_json::Map<String, Value> = report
        .parameters
        .named
        .iter()
        .map(|(name, value)| (parameter_name(name), json!({ "Type": "String", "Default": value })))
        .collect();
    if named.len() < report.parameters.named.len() {
        return Err(RenderError::ParametersAlike);
    }
    let mut template = head.as_object().cloned().unwrap_or_default();
    if !named.is_empty() {
        template.insert("Parameters".to_owned(), named.into());
    }
    template.insert("Resources".to_owned(), resources.into());
    Ok(template.into())
}

/// Puts `Fn::Sub` in place of each text that holds the value of a parameter. Actions and Sids are left alone.
fn substitute(document: &mut Value, parameters: &Parameters) -> Result<(), RenderError> {
    for statement in document.get_mut("Statement").and_then(Value::as_array_mut).into_iter().flatten() {
        for element in ["Resource", "NotResource"] {
            if let Some(value) = statement.get_mut(element) {
                substitute_texts(value, parameters);
            }
        }
        for lines in
            statement.get_mut("Condition").and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut())
        {
            for (key, values) in lines.as_object_mut().into_iter().flatten() {
                if let Some(parameter) = parameters.used_in(key).next() {
                    let value = parameters.value(parameter).to_owned();
                    return Err(RenderError::ParameterInKey { value, key: key.clone() });
                }
                substitute_texts(values, parameters);
            }
        }
    }
    Ok(())
}

fn substitute_texts(value: &mut Value, parameters: &Parameters) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| substitute_texts(item, parameters)),
        Value::String(text) => {
            let pieces = parameters.pieces(text);
            if pieces.iter().any(|piece| matches!(piece, Piece::Parameter(_))) {
                let sub: String = pieces.into_iter().map(sub_text).collect();
                *value = json!({ "Fn::Sub": sub });
            }
        }
        _ => {}
    }
}

/// As `Fn::Sub` takes it: `${!` for what is no reference, such as IAM's own variables.
fn sub_text(piece: Piece<'_>) -> String {
    match piece {
        Piece::Text(text) => text.replace("${", "${!"),
        Piece::Parameter(Parameter::Account) => "${AWS::AccountId}".to_owned(),
        Piece::Parameter(Parameter::Region) => "${AWS::Region}".to_owned(),
        Piece::Parameter(Parameter::Partition) => "${AWS::Partition}".to_owned(),
        Piece::Parameter(Parameter::Named(name)) => format!("${{{}}}", parameter_name(name)),
    }
}

/// Letters and digits only: `cluster_name` becomes `ClusterName`.
fn parameter_name(name: &str) -> String {
    name.split(['_', '-']).map(capitalised).collect()
}

fn resource(policy: &Policy) -> Result<Value, RenderError> {
    let document = serde_json::to_value(&policy.document)?;
    let holder = policy.role.name();
    Ok(match (policy.kind, policy.role.is_role()) {
        (PolicyKind::Managed, _) => json!({
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": { "ManagedPolicyName": policy.name, "PolicyDocument": document },
        }),
        (PolicyKind::Inline, true) => json!({
            "Type": "AWS::IAM::RolePolicy",
            "Properties": { "PolicyName": policy.name, "RoleName": holder, "PolicyDocument": document },
        }),
        (PolicyKind::Inline, false) => json!({
            "Type": "AWS::IAM::UserPolicy",
            "Properties": { "PolicyName": policy.name, "UserName": holder, "PolicyDocument": document },
        }),
    })
}

/// Letters and digits only, as CloudFormation wants it: `eks-runner-1` becomes `EksRunner1Policy`.
fn logical_id(name: &str, taken: &mut BTreeSet<String>) -> String {
    let words = name.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut id: String = words.map(capitalised).collect();
    id.push_str("Policy");
    while !taken.insert(id.clone()) {
        id.push('X');
    }
    id
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_ascii_uppercase(), letters.as_str()))
}

/// Writes a mapping or a list of scalars and mappings, two spaces a level.
fn write_value(text: &mut String, value: &Value, level: usize) {
    let indent = "  ".repeat(level);
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let _ = write!(text, "{indent}{}:", plain_or_quoted(key));
                write_after_key(text, value, level + 1);
            }
        }
        Value::Array(items) => {
            for item in items {
                let mut block = String::new();
                write_value(&mut block, item, level + 1);
                // The item's first line moves up behind its dash.
                let _ = write!(text, "{indent}- {}", block.trim_start());
            }
        }
        scalar => {
            let _ = writeln!(text, "{indent}{}", scalar_text(scalar));
        }
    }
}

fn write_after_key(text: &mut String, value: &Value, level: usize) {
    match value {
        Value::Object(entries) if entries.is_empty() => text.push_str(" {}\n"),
        Value::Array(items) if items.is_empty() => text.push_str(" []\n"),
        Value::Object(_) | Value::Array(_) => {
            text.push('\n');
            write_value(text, value, level);
        }
        scalar => {
            let _ = writeln!(text, " {}", scalar_text(scalar));
        }
    }
}

fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(string) => plain_or_quoted(string),
        other => other.to_string(),
    }
}

/// A word that YAML can take for nothing but a text stays plain; everything else is quoted. Short words may be
/// `yes`, `No` or `Null`.
fn plain_or_quoted(text: &str) -> String {
    let is_word = text.starts_with(|first: char| first.is_ascii_uppercase())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && (text.len() > 5 || KEYS.contains(&text));
    let is_type = text.starts_with("AWS::") && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b':');
    if is_word || is_type { text.to_owned() } else { quoted(text) }
}

/// Short keys of policies that stay plain.
const KEYS: [&str; 2] = ["Sid", "Type"];

/// A double-quoted YAML scalar.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            hidden if is_hidden(hidden) => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(hidden));
            }
            plain => quoted.push(plain),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nested_lists_and_mappings_are_indented_under_their_dash() {
        let mut text = String::new();
        write_value(&mut text, &json!({"Statement": [{"Sid": "A", "Action": ["x:Y", "x:Z"]}]}), 0);
        assert_eq!(text, "Statement:\n  - Sid: \"A\"\n    Action:\n      - \"x:Y\"\n      - \"x:Z\"\n");
    }

    #[test]
    fn what_yaml_would_take_for_something_else_is_quoted() {
        for text in ["yes", "No", "2012-10-17", "*", "a: b", "!Sub x", "Null", "é\u{202e}", "12345678"] {
            assert!(plain_or_quoted(text).starts_with('"'), "{text}");
        }
        assert_eq!(quoted("a\"\\\u{1b}"), "\"a\\\"\\\\\\U0000001b\"");
    }

    /// What CloudFormation makes of a template in the environment that was observed.
    fn resolved(value: &Value, values: &[(&str, &str)]) -> Value {
        match value {
            Value::Object(entries) => match entries.get("Fn::Sub").and_then(Value::as_str) {
                Some(text) => {
                    let text = values
                        .iter()
                        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${{{name}}}"), value));
                    Value::String(text.replace("${!", "${"))
                }
                None => entries.iter().map(|(key, value)| (key.clone(), resolved(value, values))).collect(),
            },
            Value::Array(items) => items.iter().map(|item| resolved(item, values)).collect(),
            other => other.clone(),
        }
    }

    #[test]
    fn parameters_give_the_same_document_in_the_same_environment() {
        let document: crate::iam::PolicyDocument = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
            "Action": ["eks:DescribeCluster", "s3:GetObject"],
            "Resource": ["arn:aws:eks:eu-central-1:111122223333:cluster/demo", "arn:aws:s3:::tf-demo/${aws:username}/*", "*"],
            "Condition": {"StringEquals": {"aws:ResourceTag/team": ["demo", "other"]}}}]}"#
            .parse()
            .unwrap();
        let mut report = crate::report::samples::large(1);
        report.policies[0].document = document.clone();
        report.parameters = Parameters {
            account: Some("111122223333".into()),
            region: Some("eu-central-1".into()),
            partition: Some("aws".into()),
            named: [("cluster_name".into(), "demo".into())].into(),
        };
        let template = template(&report).unwrap();
        let text = template.to_string();
        assert!(
            text.contains("arn:${AWS::Partition}:eks:${AWS::Region}:${AWS::AccountId}:cluster/${ClusterName}"),
            "{text}"
        );
        assert!(text.contains("tf-${ClusterName}/${!aws:username}/*"), "{text}");
        assert_eq!(template["Parameters"]["ClusterName"]["Default"], "demo");
        let environment = [
            ("AWS::AccountId", "111122223333"),
            ("AWS::Region", "eu-central-1"),
            ("AWS::Partition", "aws"),
            ("ClusterName", "demo"),
        ];
        let resources = resolved(&template["Resources"], &environment);
        let properties = resources.as_object().unwrap().values().next().unwrap();
        assert_eq!(properties["Properties"]["PolicyDocument"], serde_json::to_value(&document).unwrap());
        report.policies[0].document.statements[0].conditions.add(
            crate::iam::ConditionOperator::STRING_EQUALS,
            "aws:ResourceTag/demo",
            ["x"],
        );
        assert!(matches!(super::template(&report), Err(RenderError::ParameterInKey { .. })));
    }

    #[test]
    fn logical_ids_are_letters_and_digits_and_differ() {
        let mut taken = BTreeSet::new();
        assert_eq!(logical_id("eks-runner-1", &mut taken), "EksRunner1Policy");
        assert_eq!(logical_id("eks_runner.1", &mut taken), "EksRunner1PolicyX");
    }
}
