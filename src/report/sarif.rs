//! `sarif`: findings for code scanning, SARIF 2.1.0. Gaps in the evidence are notifications of the run.
//!
//! Code scanning shows only what has a physical location and tells findings apart by their fingerprint, so each result
//! has both. <https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning>

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::json::to_json;
use super::model::Report;
use super::visible::visible;
use super::{RenderError, Renderer};
use crate::audit::{Finding, FindingKind, Severity};

/// Code scanning takes no more results of a run. The most severe come first.
const MOST_RESULTS: usize = 25_000;

/// Renders the log.
#[derive(Debug)]
pub struct SarifRenderer;

impl Renderer for SarifRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let kinds: BTreeSet<FindingKind> = report.findings.iter().map(|finding| finding.kind).collect();
        let mut gaps = report.coverage.shortcomings(&report.records);
        if let Some(more) = report.findings.len().checked_sub(MOST_RESULTS).filter(|more| *more > 0) {
            gaps.push(format!("{more} more findings, the least severe, have no room; `--format json` has them all"));
        }
        let results = report.findings.iter().take(MOST_RESULTS).map(|finding| result(finding, report));
        let log = json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": report.tool.name,
                    "version": report.tool.version,
                    "rules": kinds.iter().map(|kind| rule(*kind)).collect::<Vec<_>>(),
                } },
                "invocations": [{
                    "executionSuccessful": true,
                    "toolExecutionNotifications": gaps.iter().map(|gap| notification(gap)).collect::<Vec<_>>(),
                }],
                "results": results.collect::<Vec<_>>(),
            }],
        });
        Ok(to_json(&log)?)
    }
}

fn rule(kind: FindingKind) -> Value {
    let text = kind.text();
    json!({
        "id": kind.as_str(),
        "shortDescription": { "text": text.title },
        "fullDescription": { "text": text.explanation },
        "help": { "text": text.remediation },
    })
}

/// What is nowhere yet, a permission that is missing, is told at the head of the first policy: there it can be added.
fn result(finding: &Finding, report: &Report) -> Value {
    let place = finding.place.as_ref();
    let first = || report.present.iter().find_map(|policy| policy.file.clone());
    let file = match place {
        Some(place) => place.file.clone().unwrap_or_else(|| format!("{}.json", place.policy)),
        None => first().unwrap_or_else(|| finding.role.name().to_owned()),
    };
    json!({
        "ruleId": finding.kind.as_str(),
        "level": level(finding.severity),
        "message": { "text": message(&format!("{}. {}", finding.message, finding.remedy)) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": uri(&file) },
                "region": { "startLine": place.and_then(|place| place.line).unwrap_or(1) },
            },
            "logicalLocations": [{ "fullyQualifiedName": visible(&finding.role.to_string()) }],
        }],
        // The second is the one that GitHub's code scanning goes by.
        "partialFingerprints": {
            "trailtrimFinding/v1": finding.id,
            "primaryLocationLineHash": format!("{}:1", finding.id),
        },
        "properties": {
            "severity": finding.severity.as_str(),
            "confidence": finding.confidence.to_string(),
            "evidence": finding.evidence,
        },
    })
}

fn notification(gap: &str) -> Value {
    json!({ "level": "warning", "message": { "text": message(gap) } })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Informational => "note",
    }
}

/// In SARIF's messages brackets make links and braces make placeholders.
fn message(text: &str) -> String {
    let text = visible(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    text.replace('{', "{{").replace('}', "}}")
}

/// A relative reference: all but what a path may hold is encoded.
fn uri(path: &str) -> String {
    const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    let path = path.replace('\\', "/");
    utf8_percent_encode(path.strip_prefix("./").unwrap_or(&path), ENCODED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn every_finding_is_a_result_with_a_place_and_a_fingerprint_of_its_own() {
        let report = samples::hostile();
        let log: Value = serde_json::from_str(&SarifRenderer.render(&report).unwrap()).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), report.findings.len());
        let rules: Vec<&Value> =
            log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|rule| &rule["id"]).collect();
        for result in results {
            assert!(rules.contains(&&result["ruleId"]));
            let place = &result["locations"][0]["physicalLocation"];
            assert!(place["region"]["startLine"].as_u64() >= Some(1));
            assert!(!place["artifactLocation"]["uri"].as_str().unwrap().contains(['<', ' ', '\\']));
        }
        let prints: BTreeSet<String> = results.iter().map(|result| result["partialFingerprints"].to_string()).collect();
        assert_eq!(prints.len(), results.len());
    }

    #[test]
    fn what_is_missing_is_told_at_the_head_of_the_policy() {
        let mut report = samples::hostile();
        report.findings.truncate(1);
        report.findings[0].place = None;
        report.present = vec![crate::report::overview::PresentDocument {
            name: "ci".to_owned(),
            file: Some("./infra/ci.tf".to_owned()),
            characters: 0,
            document: crate::iam::PolicyDocument::parse(
                r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#,
            )
            .unwrap(),
        }];
        let log: Value = serde_json::from_str(&SarifRenderer.render(&report).unwrap()).unwrap();
        let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "infra/ci.tf");
        assert_eq!(place["region"]["startLine"], 1);
    }

    #[test]
    fn brackets_and_braces_are_no_markup() {
        assert_eq!(message("[a](b) {0}"), "\\[a\\](b) {{0}}");
    }
}
