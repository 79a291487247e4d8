//! `trailtrim audit`: present policies and evidence in, findings out.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;
use jiff::Timestamp;

use super::config::{Config, ConfigArgs};
use super::evidence::{Evidence, EvidenceArgs, clock, policy_digests};
use super::logging::{LogArgs, LogFormat};
use super::moment::{Age, Moment};
use super::output::OutputArgs;
use super::policies::{Loaded, PolicyArgs};
use super::{CliError, ExitStatus, streams};
use crate::aggregator::Usage;
use crate::audit::{
    Accepted, AuditOptions, Finding, Severity, Sifted, Stale, audit, hear_second_witness, read_baseline, sift,
};
use crate::catalog::Catalog;
use crate::collector::Input;
use crate::report::visible::visible;
use crate::report::words::{count, severities};
use crate::report::{Format, Report};
use crate::store::Store;

/// Hold the policies of a role against what the records show: what is not used, missing, can never match, or leads to more.
#[derive(Debug, Args)]
pub struct AuditArgs {
    #[command(flatten)]
    evidence: EvidenceArgs,

    /// Take what AWS denied for want of an allow as something that the role needs.
    #[arg(long, env = "TRAILTRIM_INCLUDE_DENIED", value_parser = FalseyValueParser::new(), help_heading = "Evidence")]
    include_denied: bool,

    /// Write down in the stores among the sources that this audit was made: the next one tells what is new since.
    #[arg(long, env = "TRAILTRIM_RECORD_AUDIT", value_parser = FalseyValueParser::new(), help_heading = "Evidence")]
    record_audit: bool,

    #[command(flatten)]
    policies: PolicyArgs,

    #[command(flatten)]
    findings: FindingArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// What counts as a finding, and what comes of it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Findings")]
struct FindingArgs {
    /// What was not used for so long, at the end of the records, counts as not used; 90d when not given.
    #[arg(long, value_name = "AGE", env = "TRAILTRIM_UNUSED_FOR")]
    unused_for: Option<Age>,

    /// Also what no tighter policy avoids: paths of escalation and roles without a boundary that the work itself needs.
    #[arg(long)]
    include_needed: bool,

    /// Updating and destroying what the role created is granted on purpose (`generate --complete-lifecycle`): a path of
    /// escalation that this opens counts as needed.
    #[arg(long, env = "TRAILTRIM_COMPLETE_LIFECYCLE", value_parser = FalseyValueParser::new())]
    complete_lifecycle: bool,

    /// Findings that are accepted, with reason, owner and expiry (TOML).
    #[arg(long, value_name = "FILE", env = "TRAILTRIM_BASELINE")]
    baseline: Option<PathBuf>,

    /// End with status 0 unless a finding is as severe as this.
    #[arg(long, value_name = "SEVERITY", env = "TRAILTRIM_FAIL_ON")]
    fail_on: Option<Severity>,

    /// End with status 0 whatever was found.
    #[arg(long, env = "TRAILTRIM_EXIT_ZERO", value_parser = FalseyValueParser::new())]
    exit_zero: bool,

    /// The present moment, from which the age of the role's last event is measured; the clock's when not given.
    #[arg(long, value_name = "WHEN")]
    now: Option<Moment>,
}

/// Runs the command.
pub fn run(args: AuditArgs, log: &LogArgs) -> Result<ExitStatus, CliError> {
    let config = Config::load(&args.config)?;
    let plan = args.output.plan_findings(&config)?;
    let Loaded { present, accessed } = args.policies.load(&config, &args.evidence.whose(&config))?;
    if present.identity.is_empty() {
        return Err(CliError::NoPolicyGiven);
    }
    let mut options = args.findings.options(&config)?;
    let baseline = args.findings.baseline(&config)?;
    let include_denied = args.include_denied || config.include_denied.unwrap_or(false);
    let mut evidence = args.evidence.into_evidence(&config, include_denied, !log.quiet)?;
    let catalog = Catalog::embedded();
    let usage = evidence.usage_of_one(catalog)?;
    let stores = stores(&evidence)?;
    if args.record_audit && stores.is_empty() {
        return Err(CliError::NoStore);
    }
    options.last_audit = last_audit(&stores, &evidence, &usage, options.now)?;
    // What the work needs is always looked for, so that it can be counted where it is not shown.
    let everything = AuditOptions { include_needed: true, ..options.clone() };
    let mut found = audit(&present, &usage, catalog, &everything);
    hear_second_witness(&mut found, &usage, &accessed);
    let (needed, found): (Vec<Finding>, Vec<Finding>) = found.into_iter().partition(|finding| finding.needed);
    let (shown, hidden) = if options.include_needed { ([needed, found].concat(), 0) } else { (found, needed.len()) };
    let sifted = sift(sorted(shown), &baseline, options.now);
    let mut digests = Vec::new();
    if plan.wants(Format::shows_inputs) {
        digests = evidence.digests();
        digests.extend(policy_digests(&present));
    }
    let mut report = Report::of_audit(catalog, evidence.scope, &present, &usage, sifted.findings.clone());
    report.inputs = digests;
    let written = plan.write(&report)?;
    if args.record_audit {
        let seen_until = usage.coverage.last_event.unwrap_or(options.now);
        stores.iter().try_for_each(|store| store.record_audit(&usage.principal, options.now, seen_until))?;
    }
    tell_stale(&sifted);
    if !log.quiet {
        streams::tell(&summary(&report, &sifted, hidden, &written, log.log_format));
    }
    Ok(args.findings.status(&config, &sifted.findings))
}

fn stores(evidence: &Evidence) -> Result<Vec<Store>, CliError> {
    let paths = evidence.inputs.iter().filter_map(|input| match input {
        Input::Store(path) => Some(path),
        _ => None,
    });
    Ok(paths.map(|path| Store::open(path)).collect::<Result<_, _>>()?)
}

/// When the role was audited last. Unknown for evidence that begins later than it might: what is new in it may be old.
fn last_audit(
    stores: &[Store],
    evidence: &Evidence,
    usage: &Usage,
    now: Timestamp,
) -> Result<Option<Timestamp>, CliError> {
    if evidence.selection.since.is_some() {
        return Ok(None);
    }
    let mut last = None;
    for store in stores {
        last = last.max(store.last_audit(&usage.principal, now)?);
    }
    Ok(last)
}

impl FindingArgs {
    fn options(&self, config: &Config) -> Result<AuditOptions, CliError> {
        let now = match self.now {
            Some(moment) => moment.end(clock()).ok_or(CliError::MomentOutOfRange { option: "--now" })?,
            None => clock(),
        };
        let mut options = AuditOptions::at(now);
        if let Some(Age(age)) = self.unused_for.or(config.unused_for) {
            options.unused_for = age;
        }
        options.include_needed = self.include_needed;
        options.complete_lifecycle = self.complete_lifecycle || config.complete_lifecycle.unwrap_or(false);
        Ok(options)
    }

    /// The accepted findings of the baseline file and of the configuration.
    fn baseline(&self, config: &Config) -> Result<Vec<Accepted>, CliError> {
        let mut accepted = config.accepted.clone();
        if let Some(path) = self.baseline.as_ref().or(config.baseline.as_ref()) {
            let text =
                std::fs::read_to_string(path).map_err(|source| CliError::ReadFile { path: path.clone(), source })?;
            let read = read_baseline(&text).map_err(|source| CliError::Baseline { path: path.clone(), source })?;
            accepted.extend(read);
        }
        Ok(accepted)
    }

    fn status(&self, config: &Config, findings: &[Finding]) -> ExitStatus {
        let exit_zero = self.exit_zero || config.exit_zero.unwrap_or(false);
        let fail_on = self.fail_on.or(config.fail_on).unwrap_or(Severity::Informational);
        let worst = findings.iter().map(|finding| finding.severity).max();
        match worst.filter(|worst| *worst >= fail_on && !exit_zero) {
            None => ExitStatus::Clean,
            Some(severity) => ExitStatus::of_severity(severity),
        }
    }
}

fn sorted(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by(Finding::order);
    findings
}

/// An entry of the baseline that is of no use any more is always told: it would hide the next fault of its kind.
fn tell_stale(sifted: &Sifted) {
    for (entry, why) in &sifted.stale {
        let which = entry.describe();
        match why {
            Stale::NothingFound => tracing::warn!("baseline: nothing was found that `{which}` accepts; take it out"),
            Stale::Expired => tracing::warn!("baseline: `{which}` of {} has expired; renew it or mend it", entry.owner),
        }
    }
}

fn summary(report: &Report, sifted: &Sifted, hidden: usize, written: &[PathBuf], format: LogFormat) -> String {
    let accepted = sifted.accepted.len();
    if format == LogFormat::Json {
        let line = serde_json::json!({
            "level": "INFO",
            "message": "summary",
            "records": report.records,
            "findings": report.findings.len(),
            "accepted": accepted,
            "needed": hidden,
            "stale": sifted.stale.len(),
        });
        return format!("{line}\n");
    }
    let mut text = String::new();
    let records = &report.records;
    let _ = writeln!(text, "{} read: {} used", count(records.read, "record"), records.used);
    let _ = writeln!(text, "findings: {}", severities(&report.findings));
    if accepted > 0 {
        let _ = writeln!(text, "{} accepted by the baseline", count(accepted as u64, "finding"));
    }
    if hidden > 0 {
        let _ = writeln!(
            text,
            "{} that no tighter policy avoids (`--include-needed` shows them)",
            count(hidden as u64, "more finding")
        );
    }
    for path in written {
        let _ = writeln!(text, "written: {}", visible(&path.display().to_string()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> FindingArgs {
        FindingArgs {
            unused_for: None,
            include_needed: false,
            complete_lifecycle: false,
            baseline: None,
            fail_on: Some(Severity::Medium),
            exit_zero: false,
            now: Some("2026-11-20".parse().unwrap()),
        }
    }

    fn finding(severity: Severity) -> Finding {
        Finding {
            id: "x".into(),
            kind: crate::audit::FindingKind::UnusedAction,
            severity,
            confidence: crate::audit::Confidence::High,
            role: "arn:aws:iam::111122223333:role/ci".parse().unwrap(),
            place: None,
            subject: String::new(),
            message: String::new(),
            evidence: vec![String::new()],
            remedy: String::new(),
            needed: false,
        }
    }

    #[test]
    fn the_status_is_that_of_the_worst_finding_from_fail_on_upwards() {
        let (low, high) = (finding(Severity::Low), finding(Severity::High));
        let config = Config::default();
        assert_eq!(args().status(&config, std::slice::from_ref(&low)), ExitStatus::Clean);
        assert_eq!(args().status(&config, &[low.clone(), high.clone()]), ExitStatus::FindingsHigh);
        let all = FindingArgs { fail_on: None, ..args() };
        assert_eq!(all.status(&config, &[low]), ExitStatus::FindingsLow);
        assert_eq!(FindingArgs { exit_zero: true, ..args() }.status(&config, &[high]), ExitStatus::Clean);
    }

    #[test]
    fn the_moment_is_given_and_the_age_too() {
        let config = Config { unused_for: Some("30d".parse().unwrap()), ..Config::default() };
        let options = args().options(&config).unwrap();
        assert!(options.now < "2026-11-21T00:00:00Z".parse::<Timestamp>().unwrap());
        assert_eq!(options.unused_for.as_hours(), 30 * 24);
    }
}
