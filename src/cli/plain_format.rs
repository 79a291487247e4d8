//! Output of the commands whose result is no report: text or JSON.

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

/// Prints the one or the other.
pub fn print(
    format: PlainFormat,
    text: impl FnOnce(Style) -> String,
    json: impl FnOnce() -> Value,
) -> Result<(), CliError> {
    match format {
        PlainFormat::Text => streams::print(&text(streams::output_style())),
        PlainFormat::Json => {
            let text = json::to_json(&json()).map_err(|error| CliError::Render(error.into()))?;
            streams::print(&text)
        }
    }
}
