//! An error with its causes and advice, on standard error.

use std::error::Error;
use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use miette::Diagnostic;

use super::logging::LogFormat;
use super::streams;
use crate::report::visible::visible;

/// Shows the error: what went wrong, why, and what to do.
pub fn render(error: &dyn Diagnostic, format: LogFormat) {
    let text = match format {
        LogFormat::Text => as_text(error),
        LogFormat::Json => as_json(error),
    };
    streams::tell(&text);
}

fn as_text(error: &dyn Diagnostic) -> String {
    let red = AnsiColor::Red.on_default().bold();
    let bold = Style::new().bold();
    let mut text = format!("{red}error{red:#}: {}\n", visible(&error.to_string()));
    for cause in causes(error) {
        let _ = writeln!(text, "  {bold}cause{bold:#}: {}", visible(&cause));
    }
    if let Some(help) = error.help() {
        // Advice may have several lines, and is ours but for the names in it.
        for (index, line) in help.to_string().lines().enumerate() {
            let label = if index == 0 { format!("{bold}help{bold:#}: ") } else { "      ".to_owned() };
            let _ = writeln!(text, "{label}{}", visible(line));
        }
    }
    text
}

fn as_json(error: &dyn Diagnostic) -> String {
    let line = serde_json::json!({
        "level": "ERROR",
        "message": error.to_string(),
        "causes": causes(error),
        "help": error.help().map(|help| help.to_string()),
    });
    format!("{line}\n")
}

/// The chain of causes, without those that the message above them already holds.
fn causes(error: &dyn Diagnostic) -> Vec<String> {
    let mut shown = vec![error.to_string()];
    let mut next: Option<&dyn Error> = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if shown.last().is_none_or(|above| !above.contains(&text)) {
            shown.push(text);
        }
        next = cause.source();
    }
    shown.split_off(1)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cli::CliError;

    fn unwritable() -> CliError {
        CliError::WriteFile { path: PathBuf::from("a\u{1b}b"), source: std::io::Error::other("disk full") }
    }

    #[test]
    fn the_text_tells_what_why_and_what_to_do() {
        let text = anstream::adapter::strip_str(&as_text(&unwritable())).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..2], ["error: can't write `a\\u{1b}b`", "  cause: disk full"]);
        assert!(lines[2].starts_with("help: nothing was left half-written"), "{text}");
    }

    #[test]
    fn the_json_is_one_line() {
        let text = as_json(&unwritable());
        assert_eq!(text.lines().count(), 1);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["causes"][0], "disk full");
    }
}
