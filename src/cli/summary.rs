//! The few lines on standard error that tell how a run went.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::logging::LogFormat;
use crate::report::Report;
use crate::report::model::Policy;
use crate::report::visible::visible;
use crate::report::words::{count, grouped, reason_name};

/// The summary, for people or as one line of JSON.
pub fn of(report: &Report, written: &[PathBuf], format: LogFormat) -> String {
    match format {
        LogFormat::Text => as_text(report, written),
        LogFormat::Json => as_json(report, written),
    }
}

fn as_text(report: &Report, written: &[PathBuf]) -> String {
    let mut text = String::new();
    let records = &report.records;
    let _ = writeln!(
        text,
        "{} read: {} used, {} skipped",
        count(records.read, "record"),
        records.used,
        records.read - records.used
    );
    for (reason, number) in &records.skipped {
        let _ = writeln!(text, "  {number:>9} {}", reason_name(*reason));
    }
    for policy in &report.policies {
        let _ = writeln!(text, "{}", policy_line(policy));
    }
    let proof = &report.proof;
    let _ = writeln!(
        text,
        "proved: {} replayed, {} allowed; {} dropped in turn, {} spare",
        count(proof.requests as u64, "request"),
        proof.allowed,
        count(proof.grants_tested as u64, "grant"),
        proof.removable
    );
    let _ = writeln!(text, "{} (see `--format text`)", count(report.widenings.len() as u64, "widening"));
    text.push_str(&not_shown(report));
    for path in written {
        let _ = writeln!(text, "written: {}", visible(&path.display().to_string()));
    }
    text
}

fn policy_line(policy: &Policy) -> String {
    let statements = count(policy.document.statements.len() as u64, "statement");
    format!(
        "policy `{}`: {statements}, {} of {} characters",
        visible(&policy.name),
        grouped(policy.characters as u64),
        grouped(policy.limit as u64)
    )
}

/// What the logs could not show; nothing where they showed everything.
fn not_shown(report: &Report) -> String {
    let coverage = &report.coverage;
    let refused = coverage.denied.iter().filter(|call| !call.granted);
    let denied: u64 = refused.map(|call| call.count).sum();
    let mut lines = report.coverage.shortcomings(&report.records);
    if denied > 0 {
        lines.push(format!("{} denied and not granted", count(denied, "call")));
    }
    if coverage.unknown_outcome > 0 {
        lines.push(format!("{} of unknown outcome", count(coverage.unknown_outcome, "call")));
    }
    if coverage.data_events == 0 {
        lines.push("no data events: access to S3 objects, DynamoDB items and the like can't show".to_owned());
    }
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let label = if index == 0 { "not shown: " } else { "           " };
        let _ = writeln!(text, "{label}{}", visible(line));
    }
    text
}

fn as_json(report: &Report, written: &[PathBuf]) -> String {
    let policies: Vec<_> = report
        .policies
        .iter()
        .map(|policy| {
            json!({
                "name": policy.name,
                "statements": policy.document.statements.len(),
                "characters": policy.characters,
                "limit": policy.limit,
            })
        })
        .collect();
    let line = json!({
        "level": "INFO",
        "message": "summary",
        "records": report.records,
        "policies": policies,
        "proof": report.proof,
        "widenings": report.widenings.len(),
        "written": written,
        "shortcomings": report.coverage.shortcomings(&report.records),
    });
    format!("{line}\n")
}
