//! A policy inside of a Terraform file: a data source `aws_iam_policy_document`, or `jsonencode` or a heredoc in a policy
//! resource.

use std::ops::Range;

use hcl_edit::Span;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Structure};
use hcl_edit::template::HeredocTemplate;
use serde_json::{Map, Value, json};

use super::{EditError, comments, evaluate, json as json_file, line_of};
use crate::iam::PolicyDocument;
use crate::report::parameters::{Parameters, Piece};
use crate::report::terraform::{self, Words};

/// A place for a document.
pub(super) struct Target<'b> {
    pub(super) address: String,
    pub(super) kind: Kind<'b>,
}

pub(super) enum Kind<'b> {
    /// `data "aws_iam_policy_document"`
    Source(&'b Block),
    /// `policy = jsonencode({…})`
    Encoded(&'b Expression),
    /// `policy = <<EOF`
    Heredoc(&'b HeredocTemplate),
}

/// Resources with an argument `policy` of an identity.
const HOLDERS: [&str; 4] = ["aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"];

/// The new text.
pub(super) fn edit(
    text: &str,
    address: Option<&str>,
    document: &PolicyDocument,
    parameters: &Parameters,
) -> Result<String, EditError> {
    let body = parse(text)?;
    let target = choose(targets(&body), address)?;
    let words = Words { parameters };
    let (range, written) = match &target.kind {
        Kind::Source(block) => source(text, block, document, &words)?,
        Kind::Encoded(argument) => encoded(text, argument, document, &words)?,
        Kind::Heredoc(heredoc) => in_heredoc(text, heredoc, document, parameters)?,
    };
    keeps_references(text, &target.kind, &written, parameters)?;
    let (before, behind) = (text.get(..range.start), text.get(range.end..));
    let new = format!("{}{written}{}", before.unwrap_or_default(), behind.unwrap_or_default());
    let read = parse(&new)?;
    let found = choose(targets(&read), Some(&target.address))?;
    let same =
        value_of(&new, &found.kind, parameters).ok().and_then(|value| PolicyDocument::parse(&value.to_string()).ok());
    if same.is_some_and(|same| same.statements == document.statements) { Ok(new) } else { Err(EditError::NotTheSame) }
}

pub(super) fn parse(text: &str) -> Result<hcl_edit::structure::Body, EditError> {
    hcl_edit::parser::parse_body(text).map_err(|error| EditError::Hcl(error.to_string().replace('\n', " ")))
}

pub(super) fn targets(body: &hcl_edit::structure::Body) -> Vec<Target<'_>> {
    body.blocks().filter_map(target).collect()
}

fn target(block: &Block) -> Option<Target<'_>> {
    let labels: Vec<&str> = block.labels.iter().map(hcl_edit::structure::BlockLabel::as_str).collect();
    let [kind, name] = labels.as_slice() else { return None };
    match block.ident.as_str() {
        // Who may assume a role is another sort of document.
        "data"
            if *kind == "aws_iam_policy_document"
                && !statements(block).any(|one| one.body.has_blocks("principals")) =>
        {
            Some(Target { address: format!("data.{kind}.{name}"), kind: Kind::Source(block) })
        }
        "resource" if HOLDERS.contains(kind) => {
            let kind_of = match &block.body.get_attribute("policy")?.value {
                Expression::FuncCall(call) if call.name.name.as_str() == "jsonencode" => {
                    Kind::Encoded(call.args.iter().next()?)
                }
                Expression::HeredocTemplate(heredoc) => Kind::Heredoc(heredoc),
                _ => return None,
            };
            Some(Target { address: format!("{kind}.{name}"), kind: kind_of })
        }
        _ => None,
    }
}

pub(super) fn choose<'b>(mut targets: Vec<Target<'b>>, address: Option<&str>) -> Result<Target<'b>, EditError> {
    let known: Vec<String> = targets.iter().map(|target| format!("`{}`", target.address)).collect();
    let known = known.join(", ");
    let wanted = match address {
        Some(address) => targets.iter().position(|target| target.address == address),
        None if targets.len() > 1 => return Err(EditError::SeveralDocuments(known)),
        None => (!targets.is_empty()).then_some(0),
    };
    match (wanted, address) {
        (Some(index), _) => Ok(targets.swap_remove(index)),
        (None, Some(address)) => {
            let known = if known.is_empty() { "is none".to_owned() } else { format!("are {known}") };
            Err(EditError::NoSuchDocument { address: address.to_owned(), known })
        }
        (None, None) => Err(EditError::NoDocument),
    }
}

pub(super) fn statements(block: &Block) -> impl Iterator<Item = &Block> {
    block.body.get_blocks("statement")
}

/// The statements of a data source, in place of those that were there.
fn source(
    text: &str,
    block: &Block,
    document: &PolicyDocument,
    words: &Words<'_>,
) -> Result<(Range<usize>, String), EditError> {
    let cannot = |byte: usize, what: String| EditError::CannotKeep { line: line_of(text, byte), what };
    let span = block.span().unwrap_or_default();
    let mut start = text.get(span.clone()).and_then(|all| all.find('{')).map_or(span.start, |at| span.start + at + 1);
    let mut region: Option<Range<usize>> = None;
    let mut after_attribute = false;
    for structure in &block.body {
        let of = structure.span().unwrap_or_default();
        match structure {
            Structure::Block(one) if one.ident.as_str() == "statement" => {
                region = Some(region.map_or(start, |region| region.start)..of.end);
            }
            Structure::Block(one) => {
                return Err(cannot(
                    of.start,
                    format!("a block `{}`, whose statements are not in the file", one.ident.as_str()),
                ));
            }
            Structure::Attribute(one)
                if one.key.as_str().ends_with("_policy_documents") || one.key.as_str().ends_with("_json") =>
            {
                return Err(cannot(of.start, format!("`{}` brings statements from elsewhere", one.key.as_str())));
            }
            Structure::Attribute(one) if region.is_some() => {
                return Err(cannot(
                    of.start,
                    format!("`{}` stands between or behind statements; move it in front of them", one.key.as_str()),
                ));
            }
            Structure::Attribute(_) => {
                start = of.end;
                after_attribute = true;
            }
        }
    }
    let region = region.unwrap_or(start..start);
    // What stands on the same line as the thing in front stays there.
    let line_end =
        text.get(region.start..).and_then(|rest| rest.find('\n')).map_or(region.end, |at| region.start + at + 1);
    let region = line_end.min(region.end.max(line_end))..region.end.max(line_end);
    let base = format!("{}  ", indent_at(text, span.start));
    let mut new: Vec<Vec<String>> = document
        .statements
        .iter()
        .map(|one| Ok(indented(&terraform::statement_text(one, words)?, &base)))
        .collect::<Result<_, EditError>>()?;
    let old = comments::take(text.get(region.clone()).unwrap_or_default())
        .map_err(|byte| cannot(region.start + byte, "a comment of the form `/* */` can't be moved".to_owned()))?;
    let left = comments::put(&mut new, old);
    let mut written = if after_attribute { "\n".to_owned() } else { String::new() };
    left.iter().for_each(|line| written.push_str(&format!("{base}{line}\n")));
    let blocks: Vec<String> = new.into_iter().map(|lines| lines.join("\n")).collect();
    written.push_str(&blocks.join("\n\n"));
    if text.get(region.end..).is_some_and(|rest| !rest.starts_with(['\n', '\r'])) {
        written.push('\n');
    }
    Ok((region, written))
}

/// The argument of `jsonencode`.
fn encoded(
    text: &str,
    argument: &Expression,
    document: &PolicyDocument,
    words: &Words<'_>,
) -> Result<(Range<usize>, String), EditError> {
    let range = argument.span().unwrap_or_default();
    let outer = indent_at(text, range.start).to_owned();
    let (one, two) = (format!("{outer}  "), format!("{outer}    "));
    let mut new = Vec::new();
    for statement in &document.statements {
        let value = serde_json::to_value(statement).map_err(|error| EditError::Json(error.to_string()))?;
        let mut lines = indented(&words.value_text(&value)?, &two);
        if let Some(last) = lines.last_mut() {
            last.push(',');
        }
        new.push(lines);
    }
    let old = text.get(range.clone()).unwrap_or_default();
    let taken = comments::take(old).map_err(|byte| EditError::CannotKeep {
        line: line_of(text, range.start + byte),
        what: "a comment of the form `/* */` can't be moved".to_owned(),
    })?;
    let left = comments::put(&mut new, taken);
    let mut written = format!("{{\n{one}Version = \"{}\"\n{one}Statement = [\n", document.version);
    left.iter().for_each(|line| written.push_str(&format!("{two}{line}\n")));
    for lines in new {
        written.push_str(&lines.join("\n"));
        written.push('\n');
    }
    written.push_str(&format!("{one}]\n{outer}}}"));
    Ok((range, written))
}

/// JSON between the markers of a heredoc, which stay.
fn in_heredoc(
    text: &str,
    heredoc: &HeredocTemplate,
    document: &PolicyDocument,
    parameters: &Parameters,
) -> Result<(Range<usize>, String), EditError> {
    let span = heredoc.span().unwrap_or_default();
    let whole = text.get(span.clone()).unwrap_or_default();
    let first = whole.find('\n').map_or(whole.len(), |at| at + 1);
    let last = whole.trim_end().rfind('\n').map_or(whole.len(), |at| at + 1);
    let old = whole.get(first..last).unwrap_or_default();
    let base = old.lines().next().map(|line| indent_at(line, 0)).unwrap_or_default();
    let json = json_file::written(document, json_file::indent_of(old))?;
    let piece = |piece: Piece<'_>| match piece {
        Piece::Text(text) => text.replace("${", "$${").replace("%{", "%%{"),
        Piece::Parameter(parameter) => format!("${{{}}}", terraform::reference(parameter)),
    };
    let line = |line: &str| format!("{base}{}\n", parameters.pieces(line).into_iter().map(piece).collect::<String>());
    Ok((span.start + first..span.start + last, json.lines().map(line).collect()))
}

/// Every reference in the old document must stand in the new one as well.
fn keeps_references(text: &str, kind: &Kind<'_>, written: &str, parameters: &Parameters) -> Result<(), EditError> {
    let mut leaves = Vec::new();
    match kind {
        Kind::Source(block) => {
            for statement in statements(block) {
                of_block(statement, &mut leaves, text)?;
            }
        }
        Kind::Encoded(argument) => of_expression(argument, &mut leaves),
        Kind::Heredoc(heredoc) => {
            for element in &heredoc.template {
                if let hcl_edit::template::Element::Interpolation(inner) = element {
                    leaves.push(&inner.expr);
                }
            }
        }
    }
    for leaf in leaves {
        let Err(range) = evaluate::value(leaf, text, parameters) else { continue };
        let reference = text.get(range.clone()).unwrap_or_default().trim();
        if !written.contains(reference) {
            let line = line_of(text, range.start);
            let what = format!("`{reference}` would be lost: the policy was seen with values, not with references");
            return Err(EditError::CannotKeep { line, what });
        }
    }
    Ok(())
}

fn of_block<'b>(block: &'b Block, leaves: &mut Vec<&'b Expression>, text: &str) -> Result<(), EditError> {
    for structure in &block.body {
        match structure {
            Structure::Attribute(attribute) => of_expression(&attribute.value, leaves),
            Structure::Block(inner) if inner.ident.as_str() == "condition" => of_block(inner, leaves, text)?,
            Structure::Block(inner) => {
                let line = line_of(text, inner.span().unwrap_or_default().start);
                let what = format!("a block `{}` inside a statement", inner.ident.as_str());
                return Err(EditError::CannotKeep { line, what });
            }
        }
    }
    Ok(())
}

fn of_expression<'b>(expression: &'b Expression, leaves: &mut Vec<&'b Expression>) {
    match expression {
        Expression::Array(items) => items.iter().for_each(|item| of_expression(item, leaves)),
        Expression::Object(entries) => entries.iter().for_each(|(_, value)| of_expression(value.expr(), leaves)),
        leaf => leaves.push(leaf),
    }
}

/// The document as JSON.
pub(super) fn value_of(text: &str, kind: &Kind<'_>, parameters: &Parameters) -> Result<Value, Range<usize>> {
    match kind {
        Kind::Encoded(argument) => evaluate::value(argument, text, parameters),
        Kind::Heredoc(heredoc) => {
            let whole = heredoc.template.iter().map(|element| evaluate::part(element, text, parameters));
            let json: Option<String> = whole.collect::<Option<Vec<String>>>().map(|parts| parts.concat());
            json.and_then(|json| serde_json::from_str::<Value>(&json).ok())
                .ok_or_else(|| heredoc.span().unwrap_or_default())
        }
        Kind::Source(block) => {
            let statements = statements(block).map(|one| statement_value(one, text, parameters));
            Ok(
                json!({ "Version": crate::iam::POLICY_VERSION, "Statement": statements.collect::<Result<Vec<_>, _>>()? }),
            )
        }
    }
}

fn statement_value(block: &Block, text: &str, parameters: &Parameters) -> Result<Value, Range<usize>> {
    const ELEMENTS: [(&str, &str); 6] = [
        ("sid", "Sid"),
        ("effect", "Effect"),
        ("actions", "Action"),
        ("not_actions", "NotAction"),
        ("resources", "Resource"),
        ("not_resources", "NotResource"),
    ];
    let mut statement = Map::from_iter([("Effect".to_owned(), json!("Allow"))]);
    for (attribute, element) in ELEMENTS {
        if let Some(found) = block.body.get_attribute(attribute) {
            statement.insert(element.to_owned(), evaluate::value(&found.value, text, parameters)?);
        }
    }
    let mut conditions: Map<String, Value> = Map::new();
    for condition in block.body.get_blocks("condition") {
        let of = |name: &str| match condition.body.get_attribute(name) {
            Some(found) => evaluate::value(&found.value, text, parameters),
            None => Err(condition.span().unwrap_or_default()),
        };
        let (test, variable, values) = (of("test")?, of("variable")?, of("values")?);
        let (test, variable) = (test.as_str().unwrap_or_default(), variable.as_str().unwrap_or_default());
        conditions.entry(test).or_insert_with(|| json!({}))[variable] = values;
    }
    if !conditions.is_empty() {
        statement.insert("Condition".to_owned(), conditions.into());
    }
    Ok(statement.into())
}

/// White space at the beginning of the line that holds a byte.
fn indent_at(text: &str, byte: usize) -> &str {
    let start = text.get(..byte).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text.get(start..).unwrap_or_default();
    line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
}

fn indented(text: &str, indent: &str) -> Vec<String> {
    text.trim_end()
        .lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("{indent}{line}") })
        .collect()
}
