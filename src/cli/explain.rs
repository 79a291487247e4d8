//! `trailtrim explain`: the evidence behind an action, an ARN, a Sid or a line of a policy.

use std::path::Path;

use clap::Args;

use super::config::{Config, ConfigArgs};
use super::evidence::EvidenceArgs;
use super::logging::LogArgs;
use super::plain_format::PlainFormat;
use super::policies::PolicyArgs;
use super::redact::RedactArgs;
use super::{CliError, ExitStatus};
use crate::aggregator::{Aggregator, Evidence, Selection};
use crate::audit::{Asking, PresentPolicy, Witnesses, explain};
use crate::catalog::Catalog;
use crate::cloudtrail::{Event, Needles, SkipReason};
use crate::collector::{EventSink, collect};
use crate::reducer::{ReduceOptions, reduce};
use crate::report;

/// Show the evidence behind an action, a resource or a statement: which events, who and from where, and what would break.
///
/// WHAT is an action (`eks:CreateCluster`, `ec2:Describe*`), an ARN, or with `--policy` a Sid or a line (`ci.json:14`).
#[derive(Debug, Args)]
#[command(override_usage = "trailtrim explain [OPTIONS] <SOURCE>... <WHAT>")]
pub struct ExplainArgs {
    #[command(flatten)]
    evidence: EvidenceArgs,

    #[command(flatten)]
    policies: PolicyArgs,

    /// What to print.
    #[arg(long, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    format: PlainFormat,

    #[command(flatten)]
    redact: RedactArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command.
pub fn run(mut args: ExplainArgs, log: &LogArgs) -> Result<ExitStatus, CliError> {
    let config = Config::load(&args.config)?;
    let present = args.policies.load(&config, &args.evidence.whose(&config))?.present;
    let what = args.take_what()?;
    let asking = asking(&what, &present.identity)?;
    let mut evidence = args.evidence.into_evidence(&config, true, !log.quiet)?;
    // Who it was, is asked as well.
    evidence.collect.by_session = true;
    let catalog = Catalog::embedded();
    if evidence.decode.asks() {
        evidence.usages(catalog)?;
    }
    let selection = &evidence.selection;
    let needles = Needles::of(&selection.principals);
    let new = || Both::new(catalog, selection, &asking);
    let Both { aggregator, witnesses } = collect(&evidence.inputs, &evidence.collect, &needles, new)?.sink;
    let mut events = witnesses.found;
    let mut found = false;
    for (principal, usage) in aggregator.finish() {
        let tight = reduce(&usage, catalog, &ReduceOptions { max_policies: usize::MAX, ..ReduceOptions::default() });
        let events = events.remove(&principal).unwrap_or_default();
        let explanation = explain(&asking, &usage, tight.as_ref().ok(), events);
        if explanation.requests.is_empty() && explanation.events.is_empty() {
            continue;
        }
        found = true;
        let text = |style| report::explain::text(&what, &explanation, style);
        args.redact.print(args.format, text, || report::explain::json(&what, &explanation))?;
    }
    if found { Ok(ExitStatus::Clean) } else { Err(nothing_behind(&what)) }
}

impl ExplainArgs {
    /// What is asked about stands behind the sources, and may stand behind options: so it is read as one of them.
    fn take_what(&mut self) -> Result<String, CliError> {
        let sources = &mut self.evidence.source.sources;
        match sources.pop() {
            Some(last) if !sources.is_empty() => Ok(last.text),
            Some(last) => Err(CliError::NothingAsked { source_text: last.text }),
            None => Err(CliError::NothingAsked { source_text: String::new() }),
        }
    }
}

fn nothing_behind(asked: &str) -> CliError {
    CliError::NothingBehind {
        asked: asked.to_owned(),
        advice: "check `--role` and the window; `trailtrim audit` lists what was not used".to_owned(),
    }
}

/// What is asked about: an action, an ARN, a line of a policy, or a Sid.
fn asking(what: &str, policies: &[PresentPolicy]) -> Result<Asking, CliError> {
    if what.starts_with("arn:") || what == "*" {
        let pattern = what.parse().map_err(|_| unknown(what))?;
        return Ok(Asking::Resource(pattern));
    }
    if let Some(asking) = line_of(what, policies).or_else(|| sid_of(what, policies)) {
        return Ok(asking);
    }
    match what.parse() {
        Ok(pattern) => Ok(Asking::Action(pattern)),
        Err(_) => Err(unknown(what)),
    }
}

fn unknown(what: &str) -> CliError {
    CliError::NothingToExplain { asked: what.to_owned() }
}

fn sid_of(what: &str, policies: &[PresentPolicy]) -> Option<Asking> {
    policies.iter().find_map(|policy| {
        let statement = policy.document.statements.iter().position(|one| one.sid.as_deref() == Some(what))?;
        Some(Asking::Statement { policy: Box::new(policy.clone()), statement, action: None, resource: None })
    })
}

/// `FILE:LINE`: the statement on whose lines it is; where an action or resource stands on that line, that alone.
fn line_of(what: &str, policies: &[PresentPolicy]) -> Option<Asking> {
    let (file, line) = what.rsplit_once(':')?;
    let line: usize = line.parse().ok()?;
    let is_file = |policy: &&PresentPolicy| {
        let path = policy.file.as_deref().map(Path::new);
        path.is_some_and(|path| path == Path::new(file) || path.ends_with(file))
    };
    let policy = policies.iter().find(is_file)?;
    let lines = &policy.lines.statements;
    let statement = lines.iter().rposition(|statement| statement.line <= line)?;
    let parts = lines.get(statement)?;
    let action = parts.actions.iter().find(|(_, at)| **at == line).map(|(pattern, _)| pattern.clone());
    let resource = parts.resources.iter().find(|(_, at)| **at == line).map(|(pattern, _)| pattern.clone());
    Some(Asking::Statement { policy: Box::new(policy.clone()), statement, action, resource })
}

/// Usage and witnesses in one reading.
struct Both<'a> {
    aggregator: Aggregator<'a>,
    witnesses: Witnesses<'a>,
}

impl<'a> Both<'a> {
    fn new(catalog: &'a Catalog, selection: &'a Selection, asking: &'a Asking) -> Self {
        Self { aggregator: Aggregator::new(catalog, selection), witnesses: Witnesses::new(catalog, selection, asking) }
    }
}

impl EventSink for Both<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.aggregator.event(event);
        self.witnesses.add(event);
    }

    fn calls(&mut self, event: &Event<'_>, evidence: &Evidence) {
        self.aggregator.calls(event, evidence);
        self.witnesses.add_counted(event, evidence);
    }

    fn calls_by_day(&mut self, event: &Event<'_>, days: &[Evidence]) {
        self.aggregator.calls_by_day(event, days);
        days.iter().for_each(|day| self.witnesses.add_counted(event, day));
    }

    fn skipped(&mut self, reason: SkipReason, records: u64) {
        self.aggregator.skipped(reason, records);
    }

    fn gap(&mut self, text: String) {
        EventSink::gap(&mut self.aggregator, text);
    }

    fn merge(&mut self, other: Self) {
        self.aggregator.merge(other.aggregator);
        self.witnesses.merge(other.witnesses);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies() -> Vec<PresentPolicy> {
        let text = "{\"Version\": \"2012-10-17\", \"Statement\": [\n{\"Sid\": \"A\", \"Effect\": \"Allow\",\n\"Action\": \"eks:*\",\n\"Resource\": \"*\"},\n{\"Sid\": \"B\", \"Effect\": \"Allow\",\n\"Action\": \"ec2:*\", \"Resource\": \"*\"}]}";
        let (document, lines) = crate::iam::PolicyDocument::parse_with_lines(text).unwrap();
        vec![PresentPolicy { name: "ci".into(), file: Some("infra/ci.json".into()), document, lines }]
    }

    #[test]
    fn an_action_an_arn_a_sid_and_a_line_are_told_apart() {
        let asked = |what: &str| asking(what, &policies());
        assert!(matches!(asked("eks:CreateCluster"), Ok(Asking::Action(_))));
        assert!(matches!(asked("arn:aws:s3:::b"), Ok(Asking::Resource(_))));
        assert!(matches!(asked("B"), Ok(Asking::Statement { statement: 1, action: None, .. })));
        assert!(matches!(asked("ci.json:3"), Ok(Asking::Statement { statement: 0, action: Some(_), .. })));
        assert!(matches!(asked("infra/ci.json:5"), Ok(Asking::Statement { statement: 1, action: None, .. })));
        assert!(matches!(asked("C"), Err(CliError::NothingToExplain { .. })));
    }
}
