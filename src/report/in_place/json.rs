//! A policy as a JSON file, with the indentation that it had.

use serde::Serialize as _;
use serde_json::Value;
use serde_json::ser::PrettyFormatter;

use super::EditError;
use crate::iam::PolicyDocument;

/// The new text.
pub(super) fn edit(text: &str, document: &PolicyDocument) -> Result<String, EditError> {
    let whole: Value = serde_json::from_str(text).map_err(|error| EditError::Json(error.to_string()))?;
    if whole.get("Statement").is_none() {
        return Err(EditError::Wrapped);
    }
    PolicyDocument::parse(text).map_err(|error| EditError::Json(error.to_string()))?;
    let end = if text.ends_with('\n') { "\n" } else { "" };
    Ok(written(document, indent_of(text))? + end)
}

/// The document with this indentation, without a line break at its end.
pub(super) fn written(document: &PolicyDocument, indent: &str) -> Result<String, EditError> {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(indent.as_bytes());
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    document.serialize(&mut serializer).map_err(|error| EditError::Json(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| EditError::Json(error.to_string()))
}

/// What stands before the first key on a line of its own, less than what stands before the text; two spaces if nothing does.
pub(super) fn indent_of(text: &str) -> &str {
    let blank = |line: &str| line.len() - line.trim_start().len();
    let outer = text.lines().find(|line| line.trim_start().starts_with('{')).map_or(0, blank);
    let inner = text.lines().find(|line| line.trim_start().starts_with('"'));
    let indent = inner.and_then(|line| line.get(outer..blank(line)));
    indent.filter(|indent| !indent.is_empty()).unwrap_or("  ")
}
