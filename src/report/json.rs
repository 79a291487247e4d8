//! `json`: the whole report for programs. Its shape is kept in `docs/report.schema.json`.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::{Formatter, PrettyFormatter};

use super::model::Report;
use super::visible::is_hidden;
use super::{RenderError, Renderer};

/// Renders the whole report.
#[derive(Debug)]
pub struct JsonRenderer;

impl Renderer for JsonRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        Ok(to_json(report)?)
    }
}

/// Indented JSON in which characters that a reader can't see are escaped, so that the text is safe to print.
pub fn to_json(value: &impl Serialize) -> serde_json::Result<String> {
    let mut bytes = Vec::new();
    write_json(value, &mut bytes).map_err(serde::ser::Error::custom)?;
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// Writes the same: the whole text of a large report is never in memory.
pub fn write_json(value: &impl Serialize, out: &mut dyn io::Write) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(&mut *out, VisibleFormatter(PrettyFormatter::new())))?;
    out.write_all(b"\n")
}

/// The pretty formatter, with hidden characters as `\uXXXX`.
struct VisibleFormatter(PrettyFormatter<'static>);

impl Formatter for VisibleFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for part in fragment.split_inclusive(is_hidden) {
            let plain = part.trim_end_matches(is_hidden);
            writer.write_all(plain.as_bytes())?;
            for character in part.chars().skip(plain.chars().count()) {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(writer, first)
    }

    fn end_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(writer, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_escaped_and_read_back() {
        let hostile = "a\u{202e}b\u{9b}31m\u{1b}[0m\u{e0041}ü<script>\"\\\n";
        let json = to_json(&[hostile]).unwrap();
        assert!(!json.trim_end().chars().any(|character| character != '\n' && is_hidden(character)), "{json}");
        assert!(json.contains("\\u202e") && json.contains("\\udb40\\udc41") && json.contains('ü'), "{json}");
        assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), [hostile]);
    }

    #[test]
    fn indents_like_everybody_else() {
        let value = serde_json::json!({"a": [1, {"b": []}], "c": {}});
        assert_eq!(to_json(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap() + "\n");
    }
}
