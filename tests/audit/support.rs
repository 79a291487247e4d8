//! A small vocabulary for audits.

use std::path::Path;

use trailtrim::aggregator::Usage;
use trailtrim::audit::{AuditOptions, Finding, PresentPolicies, PresentPolicy, audit};
use trailtrim::catalog::Catalog;
use trailtrim::iam::PolicyDocument;

/// The scenarios, with whether their role is to get what it was denied.
pub const SCENARIOS: [(&str, bool); 4] =
    [("eks-terraform", false), ("eks-terraform-platform", false), ("eks-eksctl", false), ("eks-addon-denied", true)];

/// A moment soon after the last event of every scenario.
pub fn options() -> AuditOptions {
    AuditOptions::at("2026-11-20T00:00:00Z".parse().unwrap())
}

/// A policy from its text.
pub fn policy(name: &str, text: &str) -> PresentPolicy {
    let (document, lines) = PolicyDocument::parse_with_lines(text).unwrap();
    PresentPolicy { name: name.into(), file: Some(format!("{name}.json")), document, lines }
}

/// A policy of the fixtures.
pub fn policy_file(path: &str) -> PresentPolicy {
    let text = std::fs::read_to_string(crate::evidence::fixtures().join(path)).unwrap();
    let name = Path::new(path).file_stem().unwrap().to_str().unwrap();
    policy(name, &text)
}

/// What the audit finds in these policies of the role.
pub fn findings(policies: Vec<PresentPolicy>, usage: &Usage) -> Vec<Finding> {
    audit(&PresentPolicies::of_identity(policies), usage, Catalog::embedded(), &options())
}

/// A finding on one line, for messages of tests.
pub fn line(finding: &Finding) -> String {
    let place = finding.place.as_ref().map(trailtrim::audit::Place::describe).unwrap_or_default();
    format!("{} {} {place}: {} {:?}", finding.severity, finding.kind, finding.message, finding.evidence)
}

/// All findings, a line each.
pub fn lines(findings: &[Finding]) -> String {
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
