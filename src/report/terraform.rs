//! `terraform`: an `aws_iam_policy_document` and the policy that holds it for each document, as `terraform fmt` leaves them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use hcl::expr::{Traversal, Variable};
use hcl::structure::BlockBuilder;
use hcl::{Attribute, Block, Body, Expression};

use super::model::{Policy, PolicyKind, Report};
use super::visible::{is_hidden, visible};
use super::{RenderError, Renderer};
use crate::iam::{ActionClause, Effect, ResourceClause, Statement};

/// Renders the policies.
#[derive(Debug)]
pub struct TerraformRenderer;

impl Renderer for TerraformRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let mut text = header(report);
        for policy in &report.policies {
            let body = Body::builder().add_block(document(policy)).add_block(resource(policy)?).build();
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

fn document(policy: &Policy) -> Block {
    let block = Block::builder("data").add_labels(["aws_iam_policy_document", &label(&policy.name)]);
    policy.document.statements.iter().map(statement).fold(block, BlockBuilder::add_block).build()
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

fn statement(statement: &Statement) -> Block {
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
        ResourceClause::Resource(resources) => list("resources", resources),
        ResourceClause::NotResource(resources) => list("not_resources", resources),
    });
    for (operator, key, values) in statement.conditions.iter() {
        let test = Block::builder("condition")
            .add_attribute(("test", operator.to_string()))
            .add_attribute(("variable", key.as_str()))
            .add_attribute(list("values", values));
        block = block.add_block(test.build());
    }
    block.build()
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
    let is_name = name.trim_start().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
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
