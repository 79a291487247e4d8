//! `cloudformation`: a template in YAML with a policy for each document.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::model::{Policy, PolicyKind, Report};
use super::visible::is_hidden;
use super::{RenderError, Renderer};

/// Renders the template.
#[derive(Debug)]
pub struct CloudFormationRenderer;

impl Renderer for CloudFormationRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let roles: Vec<String> = report.scope.roles.iter().map(ToString::to_string).collect();
        let mut resources = serde_json::Map::new();
        let mut taken = BTreeSet::new();
        for policy in &report.policies {
            resources.insert(logical_id(&policy.name, &mut taken), resource(policy)?);
        }
        let template = json!({
            "AWSTemplateFormatVersion": "2010-09-09",
            "Description": format!("Written by {} {} for {}", report.tool.name, report.tool.version, roles.join(", ")),
            "Resources": resources,
        });
        let mut text = String::new();
        write_value(&mut text, &template, 0);
        Ok(text)
    }
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

    #[test]
    fn logical_ids_are_letters_and_digits_and_differ() {
        let mut taken = BTreeSet::new();
        assert_eq!(logical_id("eks-runner-1", &mut taken), "EksRunner1Policy");
        assert_eq!(logical_id("eks_runner.1", &mut taken), "EksRunner1PolicyX");
    }
}
