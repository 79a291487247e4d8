//! `--redact`: output that can be shared.

use clap::Args;
use clap::builder::FalseyValueParser;
use serde_json::Value;

use super::CliError;
use super::plain_format::{CommentFormat, PlainFormat, print, print_comment};
use crate::report::{Redactor, Style};

/// Whether to replace what must not be shown to everybody.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct RedactArgs {
    /// Replace account ids, names, addresses and ids, the same by the same, so that the output can be shared.
    #[arg(long, env = "TRAILTRIM_REDACT", value_parser = FalseyValueParser::new())]
    pub redact: bool,
}

/// Members of JSON output that hold names outside of ARNs.
const NAMED: [&str; 4] = ["session", "policy", "file", "authorization_id"];

impl RedactArgs {
    /// Prints the one or the other, without secrets if that was asked for.
    pub fn print(
        self,
        format: PlainFormat,
        text: impl FnOnce(Style) -> String,
        json: impl Fn() -> Value,
    ) -> Result<(), CliError> {
        if !self.redact {
            return print(format, text, json);
        }
        let redactor = Redactor::of_json(&json(), &NAMED);
        print(format, |style| redactor.text(&text(style)), || redactor.json(&json()))
    }

    /// The same for output that may become a comment.
    pub fn print_comment(
        self,
        format: CommentFormat,
        text: impl FnOnce(Style) -> String,
        markdown: impl FnOnce() -> String,
        json: impl Fn() -> Value,
    ) -> Result<(), CliError> {
        if !self.redact {
            return print_comment(format, text, markdown, json);
        }
        let redactor = Redactor::of_json(&json(), &NAMED);
        let shown = |text: String| redactor.text(&text);
        print_comment(format, |style| shown(text(style)), || shown(markdown()), || redactor.json(&json()))
    }
}
