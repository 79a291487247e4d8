//! `trailtrim diff`: what access one set of policies adds and removes beside another.

use std::path::PathBuf;

use clap::Args;

use super::plain_format::CommentFormat;
use super::policies::read_all;
use super::redact::RedactArgs;
use super::{CliError, ExitStatus};
use crate::audit::{AccessDiff, Severity, diff};
use crate::catalog::Catalog;
use crate::iam::{AccessLevel, PolicyDocument};
use crate::report;

/// Compare what two sets of policies allow, in meaning and not in text, with a request for each difference.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The policy, or directory of policies, before.
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// The policy, or directory of policies, after.
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// What to print.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: CommentFormat,

    #[command(flatten)]
    redact: RedactArgs,

    /// End with a status of findings (11 to 14) if access is added, or if that can't be decided.
    #[arg(long, help_heading = "Output")]
    fail_on_added: bool,
}

/// Runs the command.
pub fn run(args: DiffArgs) -> Result<ExitStatus, CliError> {
    let (old, new) = (documents(args.old)?, documents(args.new)?);
    let catalog = Catalog::embedded();
    let difference = diff(&old, &new, catalog);
    args.redact.print_comment(
        args.format,
        |style| report::diff::text(&difference, style),
        || report::diff::markdown(&difference),
        || report::diff::json(&difference),
    )?;
    Ok(if args.fail_on_added { status(&difference, catalog) } else { ExitStatus::Clean })
}

fn documents(path: PathBuf) -> Result<Vec<PolicyDocument>, CliError> {
    Ok(read_all(&[path])?.into_iter().map(|policy| policy.document).collect())
}

/// As bad as the worst action that is added; what can't be decided may be anything.
fn status(difference: &AccessDiff, catalog: &Catalog) -> ExitStatus {
    let actions = difference.added.iter().flat_map(|change| &change.actions);
    let of_actions = actions.map(|action| match catalog.action(action).map(|entry| entry.access_level) {
        Some(AccessLevel::PermissionsManagement) => Severity::High,
        Some(AccessLevel::Write | AccessLevel::Tagging) => Severity::Medium,
        Some(AccessLevel::Read | AccessLevel::List) | None => Severity::Low,
    });
    let future = difference.added.iter().filter(|change| change.future_actions).map(|_| Severity::Medium);
    let undecided = difference.undecided.iter().map(|_| Severity::Medium);
    let worst = of_actions.chain(future).chain(undecided).max();
    worst.map_or(ExitStatus::Clean, ExitStatus::of_severity)
}
