//! Output of the commands whose result is no report: text, Markdown or JSON.

use clap::ValueEnum;
use serde_json::Value;

use super::{CliError, streams};
use crate::report::{Style, json};

/// What to print.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum PlainFormat {
    /// A readable account.
    #[default]
    Text,
    /// For programs.
    Json,
}

/// What to print, where a pull request may want to hear of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CommentFormat {
    /// A readable account.
    #[default]
    Text,
    /// A comment for a pull request.
    Markdown,
    /// For programs.
    Json,
}

/// Prints the one or the other.
pub fn print(
    format: PlainFormat,
    text: impl FnOnce(Style) -> String,
    json: impl FnOnce() -> Value,
) -> Result<(), CliError> {
    match format {
        PlainFormat::Text => streams::print(&text(streams::output_style())),
        PlainFormat::Json => print_json(&json()),
    }
}

/// Prints one of the three.
pub fn print_comment(
    format: CommentFormat,
    text: impl FnOnce(Style) -> String,
    markdown: impl FnOnce() -> String,
    json: impl FnOnce() -> Value,
) -> Result<(), CliError> {
    match format {
        CommentFormat::Text => streams::print(&text(streams::output_style())),
        CommentFormat::Markdown => streams::print(&markdown()),
        CommentFormat::Json => print_json(&json()),
    }
}

fn print_json(value: &Value) -> Result<(), CliError> {
    let text = json::to_json(value).map_err(|error| CliError::Render(error.into()))?;
    streams::print(&text)
}
