//! What a reader needs to know first: the verdict, a few numbers, when, and how much the evidence can be relied on.

use std::collections::BTreeSet;

use super::{list, minute, text};
use crate::aggregator::Day;
use crate::audit::Severity;
use crate::report::model::{Coverage, Report};
use crate::report::words::{count, grouped, reason_name, severities};

/// How something is to be taken: a class of the page.
pub type Tone = &'static str;

/// The verdict.
#[derive(Debug)]
pub struct Verdict {
    pub tone: Tone,
    pub headline: String,
    pub lines: Vec<String>,
}

/// A number with what it counts.
#[derive(Debug)]
pub struct Tile {
    pub number: String,
    pub what: String,
}

/// A statement on the evidence.
#[derive(Debug)]
pub struct Check {
    pub tone: Tone,
    pub mark: &'static str,
    pub said: &'static str,
    pub text: String,
}

/// The verdict on a policy of ours, or on the policies that a role has.
pub fn verdict(report: &Report, short: usize) -> Verdict {
    if report.policies.is_empty() { of_audit(report, short) } else { of_policy(report, short) }
}

fn of_policy(report: &Report, short: usize) -> Verdict {
    let proof = &report.proof;
    let holds = proof.requests == proof.allowed && proof.removable == 0;
    let mut lines = vec![format!(
        "All {} allowed again, and {} of a next run with other generated ids; of {}, none could go.",
        count(proof.requests as u64, "observed request"),
        grouped(proof.renamed as u64),
        count(proof.grants_tested as u64, "grant"),
    )];
    lines.push(match report.widenings.len() {
        0 => "Everything that it allows was seen.".to_owned(),
        places => format!(
            "It allows more than was seen in {}, each by a named rule; {} that nobody made, {} denied.",
            count(places as u64, "place"),
            grouped(proof.near_misses as u64) + " close requests",
            grouped(proof.near_misses_denied as u64)
        ),
    });
    lines.extend(incomplete(short));
    let (tone, headline) = match (holds, short) {
        (false, _) => ("bad", "The proof does not hold".to_owned()),
        (true, 0) => ("good", "Proved: it works on the next run, and every part of it is needed".to_owned()),
        (true, _) => ("warn", "Proved on what the logs show, and the logs do not show everything".to_owned()),
    };
    Verdict { tone, headline, lines }
}

fn of_audit(report: &Report, short: usize) -> Verdict {
    let worst = report.findings.iter().map(|finding| finding.severity).max();
    let tone = match worst {
        None => "good",
        Some(Severity::High) => "bad",
        Some(Severity::Medium) => "warn",
        Some(Severity::Low | Severity::Informational) => "plain",
    };
    let headline = match worst {
        None => "Nothing to mend: the policies fit what was used".to_owned(),
        Some(_) => format!("{}: {}", count(report.findings.len() as u64, "finding"), severities(&report.findings)),
    };
    let mut seen = BTreeSet::new();
    let kinds = report.findings.iter().filter(|finding| seen.insert(finding.kind));
    let titles: Vec<&str> = kinds.map(|finding| finding.kind.text().title.as_str()).collect();
    let mut lines = Vec::new();
    if !titles.is_empty() {
        lines.push(format!("{}.", titles.join("; ")));
    }
    lines.extend(incomplete(short));
    Verdict { tone, headline, lines }
}

fn incomplete(short: usize) -> Option<String> {
    (short > 0).then(|| format!("The evidence is incomplete in {}; see below.", count(short as u64, "respect")))
}

/// The few numbers beside the verdict.
pub fn tiles(report: &Report) -> Vec<Tile> {
    let tile = |number: String, what: &str| Tile { number, what: what.to_owned() };
    let number = |number: usize| grouped(number as u64);
    let (granted, used) =
        report.services.iter().fold((0, 0), |(granted, used), one| (granted + one.granted, used + one.used));
    let mut tiles = Vec::new();
    if report.policies.is_empty() {
        tiles.push(tile(number(report.findings.len()), "findings"));
        tiles.push(tile(number(granted), "actions granted"));
        tiles.push(tile(number(used), "of them used"));
        tiles.push(tile(number(report.paths.len()), "kinds of path to more permissions"));
    } else {
        tiles.push(tile(number(report.policies.len()), "policy documents"));
        tiles.push(tile(number(granted), "actions granted"));
        tiles.push(tile(number(report.grants.len()), "grants, each with evidence"));
        tiles.push(tile(number(report.widenings.len()), "places wider than the evidence"));
    }
    tiles.push(tile(grouped(report.records.used), "records of the role used"));
    for tile in tiles.iter_mut().filter(|tile| tile.number == "1") {
        tile.what = match tile.what.as_str() {
            "findings" => "finding".to_owned(),
            "policy documents" => "policy document".to_owned(),
            "actions granted" => "action granted".to_owned(),
            other => other.to_owned(),
        };
    }
    tiles
}

/// From when to when, and where.
pub fn window(report: &Report) -> String {
    let coverage = &report.coverage;
    match (coverage.first_event, coverage.last_event) {
        (Some(first), Some(last)) => {
            let days = Day::of(last).0.saturating_sub(Day::of(first).0) + 1;
            let days = count(u64::try_from(days).unwrap_or_default(), "day");
            format!("{} to {} ({days}), in {}", minute(first), minute(last), list(&coverage.regions))
        }
        _ => "no event of the role".to_owned(),
    }
}

/// What was asked for beyond the role, where anything was.
pub fn asked(report: &Report) -> Option<String> {
    let scope = &report.scope;
    let lists = [("sessions", &scope.sessions), ("Regions", &scope.regions), ("accounts", &scope.accounts)];
    let named = lists.into_iter().filter(|(_, items)| !items.is_empty());
    let named = named.map(|(name, items)| format!("{name} {}", list(items)));
    let since = scope.since.map(|since| format!("from {}", minute(since)));
    let until = scope.until.map(|until| format!("up to {}", minute(until)));
    let parts: Vec<String> = named.chain(since).chain(until).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// How complete the evidence is. What is missing comes first.
pub fn checks(report: &Report) -> Vec<Check> {
    let coverage = &report.coverage;
    let bad = |text: String| Check { tone: "warn", mark: "!", said: "Missing", text };
    let good = |text: String| Check { tone: "good", mark: "✓", said: "Good", text };
    let note = |text: String| Check { tone: "plain", mark: "·", said: "Note", text };
    let mut checks: Vec<Check> = coverage.shortcomings(&report.records).iter().map(|line| bad(text(line))).collect();
    if checks.is_empty() {
        checks
            .push(good("Every record of the role could be read, and every call stands for a known action.".to_owned()));
    }
    checks.push(match coverage.data_events {
        0 => bad("No data events: access to S3 objects, DynamoDB items, SQS messages and the like can't show here."
            .to_owned()),
        seen => good(format!("{} seen: the trail records at least some of them.", count(seen, "data event"))),
    });
    if coverage.unknown_outcome > 0 {
        checks.push(note(format!(
            "{} of unknown outcome (throttled, malformed, failed inside AWS): counted, not granted.",
            count(coverage.unknown_outcome, "call")
        )));
    }
    checks.extend(denied(coverage).map(note));
    checks.push(note(records(report)));
    checks
}

fn denied(coverage: &Coverage) -> Option<String> {
    let calls: u64 = coverage.denied.iter().map(|call| call.count).sum();
    (calls > 0).then(|| format!("{} that AWS denied, listed below.", count(calls, "call")))
}

fn records(report: &Report) -> String {
    let records = &report.records;
    let reasons: Vec<String> = records
        .skipped
        .iter()
        .map(|(reason, number)| format!("{} {}", grouped(*number), reason_name(*reason)))
        .collect();
    let skipped = records.read.saturating_sub(records.used);
    let why = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join(", ")) };
    format!(
        "{} read = {} used + {} skipped{why}.",
        count(records.read, "record"),
        grouped(records.used),
        grouped(skipped)
    )
}
