//! `terraform`: an `aws_iam_policy_document` and the policy that holds it for each document, as `terraform fmt` leaves them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hcl::expr::{ObjectKey, TemplateExpr, Traversal, Variable};
use hcl::{Attribute, Block, Body, Expression, Identifier};
use serde_json::Value;

use super::model::{Policy, PolicyKind, Report};
use super::parameters::{Parameter, Parameters, Piece};
use super::visible::{is_hidden, visible};
use super::{RenderError, Renderer};
use crate::iam::{ActionClause, Effect, ResourceClause, Statement};

/// Renders the policies.
#[derive(Debug)]
pub struct TerraformRenderer;

impl Renderer for TerraformRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let mut text = header(report);
        let words = Words { parameters: &report.parameters };
        let inputs = words.inputs(report)?;
        if !inputs.is_empty() {
            let _ = write!(text, "\n{inputs}");
        }
        for policy in &report.policies {
            let body = Body::builder().add_block(document(policy, &words)?).add_block(resource(policy)?).build();
            let hcl = hcl::to_string(&body).map_err(|error| RenderError::Hcl(Box::new(error)))?;
            let _ = write!(text, "\n{}", align(&escape_hidden(&hcl)));
        }
        Ok(text.trim_end().to_owned() + "\n")
    }
}

fn header(report: &Report) -> String {
    let mut text = format!("# Written by {} {}", report.tool.name, report.tool.version);
    for role in &report.scope.roles {
        let _ = write!(text, "\n# for {}", visible(&role.to_string()));
    }
    text + "\n"
}

fn document(policy: &Policy, words: &Words<'_>) -> Result<Block, RenderError> {
    let mut block = Block::builder("data").add_labels(["aws_iam_policy_document", &label(&policy.name)]);
    for one in &policy.document.statements {
        block = block.add_block(statement(one, words)?);
    }
    Ok(block.build())
}

fn resource(policy: &Policy) -> Result<Block, RenderError> {
    let label = label(&policy.name);
    let root = Variable::new("data").map_err(|error| RenderError::Hcl(Box::new(error)))?;
    let json = Traversal::builder(root).attr("aws_iam_policy_document").attr(label.as_str()).attr("json").build();
    let holder = if policy.role.is_role() { "role" } else { "user" };
    let kind = match policy.kind {
        PolicyKind::Managed => "aws_iam_policy".to_owned(),
        PolicyKind::Inline => format!("aws_iam_{holder}_policy"),
    };
    let mut block = Block::builder("resource").add_labels([kind.as_str(), label.as_str()]);
    block = block.add_attribute(("name", policy.name.as_str()));
    if policy.kind == PolicyKind::Inline {
        block = block.add_attribute((holder, policy.role.name()));
    }
    Ok(block.add_attribute(("policy", Expression::from(json))).build())
}

/// How texts are written: with references in place of the values that are parameters.
pub(super) struct Words<'p> {
    pub parameters: &'p Parameters,
}

impl Words<'_> {
    /// A text as an expression.
    fn expression(&self, text: &str) -> Result<Expression, RenderError> {
        let pieces = self.parameters.pieces(text);
        if pieces.iter().all(|piece| matches!(piece, Piece::Text(_))) {
            return Ok(Expression::from(text));
        }
        let mut template = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(text) => template.push_str(&escaped(text)?),
                Piece::Parameter(parameter) => {
                    let _ = write!(template, "${{{}}}", reference(parameter));
                }
            }
        }
        Ok(Expression::from(TemplateExpr::QuotedString(template)))
    }

    fn list(&self, name: &str, items: &BTreeSet<impl ToString>) -> Result<Attribute, RenderError> {
        let items = items.iter().map(|item| self.expression(&item.to_string())).collect::<Result<Vec<_>, _>>()?;
        Ok(Attribute::new(name, items))
    }

    /// A value of JSON as an expression, keys without quotes where they need none.
    fn value(&self, value: &Value) -> Result<Expression, RenderError> {
        Ok(match value {
            Value::String(text) => self.expression(text)?,
            Value::Array(items) => {
                Expression::from(items.iter().map(|item| self.value(item)).collect::<Result<Vec<_>, _>>()?)
            }
            Value::Object(entries) => {
                let mut object = hcl::expr::Object::new();
                for (key, entry) in entries {
                    let name = match Identifier::new(key.as_str()) {
                        Ok(name) => ObjectKey::Identifier(name),
                        Err(_) => ObjectKey::Expression(self.expression(key)?),
                    };
                    object.insert(name, self.value(entry)?);
                }
                Expression::from(object)
            }
            Value::Bool(known) => Expression::from(*known),
            Value::Number(_) | Value::Null => Expression::from(value.to_string()),
        })
    }

    /// The same as text.
    pub(super) fn value_text(&self, value: &Value) -> Result<String, RenderError> {
        Ok(align(&escape_hidden(&hcl::format::to_string(&self.value(value)?).map_err(hcl_error)?)))
    }

    /// The data sources and variables that the policies refer to.
    fn inputs(&self, report: &Report) -> Result<String, RenderError> {
        let documents: Vec<String> = report.policies.iter().map(|policy| policy.document.to_json()).collect();
        let used: BTreeSet<Parameter<'_>> =
            documents.iter().flat_map(|document| self.parameters.used_in(document)).collect();
        let mut text = String::new();
        for parameter in used {
            let source = |kind: &str| Block::builder("data").add_labels([kind, "current"]).build();
            let block = match parameter {
                Parameter::Account => source("aws_caller_identity"),
                Parameter::Region => source("aws_region"),
                Parameter::Partition => source("aws_partition"),
                Parameter::Named(name) => Block::builder("variable")
                    .add_label(name)
                    .add_attribute(("type", Expression::from(Variable::new("string").map_err(hcl_error)?)))
                    .add_attribute(("default", self.parameters.value(parameter)))
                    .build(),
            };
            let hcl = hcl::to_string(&Body::builder().add_block(block).build())
                .map_err(|error| RenderError::Hcl(Box::new(error)))?;
            if !text.is_empty() {
                text.push('\n');
            }
            text.push_str(&align(&escape_hidden(&hcl)));
        }
        Ok(text)
    }
}

/// A statement as a block of a data source.
pub(super) fn statement_text(one: &Statement, words: &Words<'_>) -> Result<String, RenderError> {
    let body = Body::builder().add_block(statement(one, words)?).build();
    Ok(align(&escape_hidden(&hcl::to_string(&body).map_err(hcl_error)?)))
}

/// How Terraform names the value behind a parameter. The Region's `id` is known to every version of the provider.
pub(super) fn reference(parameter: Parameter<'_>) -> String {
    match parameter {
        Parameter::Account => "data.aws_caller_identity.current.account_id".to_owned(),
        Parameter::Region => "data.aws_region.current.id".to_owned(),
        Parameter::Partition => "data.aws_partition.current.partition".to_owned(),
        Parameter::Named(name) => format!("var.{name}"),
    }
}

/// The text as it stands between quotes, with `${` and `%{` as plain characters.
pub(super) fn escaped(text: &str) -> Result<String, RenderError> {
    let quoted = hcl::format::to_string(&Expression::from(text)).map_err(hcl_error)?;
    let inside = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    Ok(inside.unwrap_or(&quoted).to_owned())
}

fn hcl_error(error: hcl::Error) -> RenderError {
    RenderError::Hcl(Box::new(error))
}

fn statement(statement: &Statement, words: &Words<'_>) -> Result<Block, RenderError> {
    let mut block = Block::builder("statement");
    if let Some(sid) = &statement.sid {
        block = block.add_attribute(("sid", sid.as_str()));
    }
    let effect = match statement.effect {
        Effect::Allow => "Allow",
        Effect::Deny => "Deny",
    };
    block = block.add_attribute(("effect", effect)).add_attribute(match &statement.actions {
        ActionClause::Action(actions) => list("actions", actions),
        ActionClause::NotAction(actions) => list("not_actions", actions),
    });
    block = block.add_attribute(match &statement.resources {
        ResourceClause::Resource(resources) => words.list("resources", resources)?,
        ResourceClause::NotResource(resources) => words.list("not_resources", resources)?,
    });
    for (operator, key, values) in statement.conditions.iter() {
        let test = Block::builder("condition")
            .add_attribute(("test", operator.to_string()))
            .add_attribute(("variable", words.expression(key.as_str())?))
            .add_attribute(words.list("values", values)?);
        block = block.add_block(test.build());
    }
    Ok(block.build())
}

fn list(name: &str, items: &BTreeSet<impl ToString>) -> Attribute {
    Attribute::new(name, items.iter().map(|item| Expression::from(item.to_string())).collect::<Vec<_>>())
}

/// A name that Terraform takes as a label: letters, digits, `_` and `-`, not beginning with a digit.
fn label(name: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let label: String = name.chars().map(legal).collect();
    if label.starts_with(|c: char| c.is_ascii_alphabetic()) { label } else { format!("policy_{label}") }
}

/// Characters that a reader can't see occur only inside quoted strings, where HCL takes them as escapes.
fn escape_hidden(hcl: &str) -> String {
    let mut text = String::with_capacity(hcl.len());
    for character in hcl.chars() {
        if character == '\n' || !is_hidden(character) {
            text.push(character);
        } else {
            let _ = write!(text, "\\U{:08x}", u32::from(character));
        }
    }
    text
}

/// Lines up the `=` of attributes that follow one another on lines of their own, as `terraform fmt` does.
fn align(hcl: &str) -> String {
    let lines: Vec<&str> = hcl.lines().collect();
    let mut text = String::with_capacity(hcl.len() + hcl.len() / 16);
    for run in lines.chunk_by(|above, below| attribute(above).is_some() && attribute(below).is_some()) {
        let width = run.iter().filter_map(|line| attribute(line)).map(|(name, _)| name.len()).max().unwrap_or(0);
        for line in run {
            let _ = match attribute(line) {
                Some((name, value)) => writeln!(text, "{name:width$} = {value}"),
                None => writeln!(text, "{line}"),
            };
        }
    }
    text
}

/// An attribute whose value ends on its line: the name with its indent, and the value.
fn attribute(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(" = ")?;
    let key = name.trim_start();
    let quoted = key.len() > 1 && key.starts_with('"') && key.ends_with('"');
    let is_name = quoted || key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !value.ends_with(['[', '{'])).then_some((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn what_is_written_reads_back_as_the_same_strings() {
        let report = samples::hostile();
        let text = TerraformRenderer.render(&report).unwrap();
        assert!(!text.chars().any(|character| character != '\n' && is_hidden(character)), "{text}");
        let body: Body = hcl::from_str(&text).unwrap();
        let blocks = body.blocks().filter(|block| block.identifier() == "data").flat_map(|block| block.body().blocks());
        let sids: Vec<String> = blocks
            .flat_map(|statement| statement.body().attributes().filter(|attribute| attribute.key() == "sid"))
            .map(|attribute| hcl::from_str::<hcl::Value>(&format!("x = {}", attribute.expr())).unwrap().to_string())
            .collect();
        let statements = report.policies.iter().flat_map(|policy| &policy.document.statements);
        assert_eq!(sids.len(), statements.filter(|statement| statement.sid.is_some()).count());
    }

    #[test]
    fn labels_are_legal() {
        assert_eq!(label("eks-runner"), "eks-runner");
        assert_eq!(label("1+1=2"), "policy_1_1_2");
    }

    #[test]
    fn equals_signs_line_up_within_a_run() {
        let hcl = "s {\n  sid = \"a = b\"\n  effect = \"Allow\"\n  actions = [\n    \"x\"\n  ]\n}\n";
        let expected = "s {\n  sid    = \"a = b\"\n  effect = \"Allow\"\n  actions = [\n    \"x\"\n  ]\n}\n";
        assert_eq!(align(hcl), expected);
    }
}
