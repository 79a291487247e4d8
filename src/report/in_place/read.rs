//! Policies as they stand in a Terraform file, with the lines of their parts.

use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::Block;

use super::hcl::{Kind, choose, parse, statements, targets, value_of};
use super::{EditError, line_of};
use crate::iam::{PolicyDocument, PolicyLines, StatementLines};
use crate::report::parameters::Parameters;

/// A document with where it stands.
#[derive(Debug)]
pub struct Found {
    /// `data.aws_iam_policy_document.ci`
    pub address: String,
    pub document: PolicyDocument,
    pub lines: PolicyLines,
}

/// The documents of a Terraform file, or the one of an address. Documents on who may assume a role are passed over.
pub fn read(text: &str, address: Option<&str>) -> Result<Vec<Found>, EditError> {
    let body = parse(text)?;
    let chosen = match address {
        Some(_) => vec![choose(targets(&body), address)?],
        None => targets(&body),
    };
    if chosen.is_empty() {
        return Err(EditError::NoDocument);
    }
    chosen.into_iter().map(|target| found(text, target.address, &target.kind)).collect()
}

fn found(text: &str, address: String, kind: &Kind<'_>) -> Result<Found, EditError> {
    let unknown = |range: Range<usize>| EditError::CannotKeep {
        line: line_of(text, range.start),
        what: format!("the value of `{}` can't be known from the file", text.get(range).unwrap_or_default().trim()),
    };
    let value = value_of(text, kind, &Parameters::default()).map_err(unknown)?;
    let json = value.to_string();
    let document = PolicyDocument::parse(&json).map_err(|error| EditError::Json(format!("`{address}`: {error}")))?;
    let lines = match kind {
        Kind::Source(block) => statements(block).map(|one| of_block(text, one)).collect(),
        Kind::Encoded(argument) => of_object(text, argument),
        // Inside of a heredoc only the JSON knows its lines.
        Kind::Heredoc(heredoc) => {
            let span = heredoc.span().unwrap_or_default();
            let first = line_of(text, span.start);
            let inside = text.get(span).unwrap_or_default();
            let body: Vec<&str> = inside.lines().skip(1).collect();
            let body = body.split_last().map(|(_, body)| body.join("\n")).unwrap_or_default();
            let read = PolicyDocument::parse_with_lines(&body.replace("$${", "${").replace("%%{", "%{"));
            let mut statements = read.map(|(_, lines)| lines.statements).unwrap_or_default();
            statements.iter_mut().for_each(|one| moved(one, first));
            statements
        }
    };
    Ok(Found { address, document, lines: PolicyLines { statements: lines } })
}

fn moved(lines: &mut StatementLines, by: usize) {
    lines.line += by;
    lines.actions.values_mut().for_each(|line| *line += by);
    lines.resources.values_mut().for_each(|line| *line += by);
}

fn of_block(text: &str, block: &Block) -> StatementLines {
    let attribute = |names: [&str; 2]| names.iter().find_map(|name| block.body.get_attribute(name));
    StatementLines {
        line: line_of(text, block.span().unwrap_or_default().start),
        actions: attribute(["actions", "not_actions"]).map(|one| items(text, &one.value)).unwrap_or_default(),
        resources: attribute(["resources", "not_resources"]).map(|one| items(text, &one.value)).unwrap_or_default(),
    }
}

fn of_object(text: &str, argument: &Expression) -> Vec<StatementLines> {
    let Some(statements) = entry(argument, &["Statement"]) else { return Vec::new() };
    let all: Vec<&Expression> = match statements {
        Expression::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let lines = |one: &&Expression| StatementLines {
        line: line_of(text, one.span().unwrap_or_default().start),
        actions: entry(one, &["Action", "NotAction"]).map(|value| items(text, value)).unwrap_or_default(),
        resources: entry(one, &["Resource", "NotResource"]).map(|value| items(text, value)).unwrap_or_default(),
    };
    all.iter().map(lines).collect()
}

fn entry<'e>(object: &'e Expression, names: &[&str]) -> Option<&'e Expression> {
    let Expression::Object(entries) = object else { return None };
    let name = |key: &ObjectKey| match key {
        ObjectKey::Ident(name) => Some(name.as_str().to_owned()),
        ObjectKey::Expression(Expression::String(name)) => Some(name.as_str().to_owned()),
        ObjectKey::Expression(_) => None,
    };
    let found = entries.iter().find(|(key, _)| name(key).is_some_and(|key| names.contains(&key.as_str())));
    found.map(|(_, value)| value.expr())
}

/// The lines of a list's items, or of the only one; where one is listed twice, the first.
fn items<P: FromStr + Ord>(text: &str, value: &Expression) -> BTreeMap<P, usize> {
    let all: Vec<&Expression> = match value {
        Expression::Array(items) => items.iter().collect(),
        one => vec![one],
    };
    let mut lines = BTreeMap::new();
    for item in all {
        if let Expression::String(string) = item
            && let Ok(pattern) = string.as_str().parse()
        {
            lines.entry(pattern).or_insert_with(|| line_of(text, item.span().unwrap_or_default().start));
        }
    }
    lines
}
