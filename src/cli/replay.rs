//! `trailtrim replay`: which observed requests these policies would deny.

use clap::Args;
use clap::builder::FalseyValueParser;

use super::config::{Config, ConfigArgs};
use super::evidence::EvidenceArgs;
use super::logging::LogArgs;
use super::plain_format::CommentFormat;
use super::policies::PolicyArgs;
use super::redact::RedactArgs;
use super::{CliError, ExitStatus};
use crate::aggregator::Certainty;
use crate::audit::{Replay, Severity, replay};
use crate::catalog::Catalog;
use crate::report;

/// Put every request that the records show to these policies: the dry run before they are attached.
///
/// Calls that AWS denied are put to them, too; they count for the exit status only where AWS allowed them.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    evidence: EvidenceArgs,

    #[command(flatten)]
    policies: PolicyArgs,

    /// What to print.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: CommentFormat,

    #[command(flatten)]
    redact: RedactArgs,

    /// End with status 0 whatever would be denied.
    #[arg(long, env = "TRAILTRIM_EXIT_ZERO", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    exit_zero: bool,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command.
pub fn run(args: ReplayArgs, log: &LogArgs) -> Result<ExitStatus, CliError> {
    let config = Config::load(&args.config)?;
    let present = args.policies.load(&config, &args.evidence.whose(&config))?.present;
    if present.identity.is_empty() {
        return Err(CliError::NoPolicyGiven);
    }
    let mut evidence = args.evidence.into_evidence(&config, true, !log.quiet)?;
    let usage = evidence.usage_of_one(Catalog::embedded())?;
    let replayed = replay(&present, &usage);
    args.redact.print_comment(
        args.format,
        |style| report::replay::text(&replayed, style),
        || report::replay::markdown(&replayed),
        || report::replay::json(&replayed),
    )?;
    let exit_zero = args.exit_zero || config.exit_zero.unwrap_or(false);
    Ok(if exit_zero { ExitStatus::Clean } else { status(&replayed) })
}

/// What AWS allowed and these policies would deny is as bad as a missing permission.
fn status(replay: &Replay<'_>) -> ExitStatus {
    let refused = replay.refused().filter(|one| !one.was_denied());
    let severity = refused.map(|one| match one.observation.certainty {
        Certainty::Always => Severity::Medium,
        Certainty::Sometimes(_) => Severity::Low,
    });
    severity.max().map_or(ExitStatus::Clean, ExitStatus::of_severity)
}
