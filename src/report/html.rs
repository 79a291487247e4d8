//! `html`: one page for a reviewer. Works from disk without network or script, prints, follows light and dark.
//!
//! The template escapes markup; what a reader can't see is written out before it gets there.

use std::collections::BTreeMap;

use askama::Template;
use jiff::Timestamp;

use super::condition_text::condition_lines;
use super::json::to_json;
use super::model::{DeniedCall, Grant, Policy, Report, Widening, resource_text, rule_name};
use super::visible::visible;
use super::words::{count, denial_words, grouped, origin_name, place_text, reason_name, rule_meaning};
use super::{RenderError, Renderer};
use crate::aggregator::Origin;
use crate::audit::Finding;
use crate::catalog::Catalog;

/// Renders the page.
#[derive(Debug)]
pub struct HtmlRenderer;

impl Renderer for HtmlRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        Ok(page(report)?.render()? + "\n")
    }
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page {
    roles: String,
    proof: String,
    window: String,
    records: String,
    skipped: Vec<String>,
    policies: Vec<PolicyView>,
    not_shown: Vec<String>,
    findings: Vec<FindingView>,
    denied: Vec<Row>,
    unmapped: Vec<String>,
    widening_count: String,
    rules: Vec<Rule>,
    grant_count: String,
    services: Vec<Service>,
    tool: String,
    catalog_date: String,
    sources: String,
}

struct PolicyView {
    name: String,
    statements: usize,
    characters: usize,
    limit: usize,
    size: String,
    json: String,
}

/// A call or an action, what it is on, and why it stands there.
struct Row {
    what: String,
    resource: String,
    why: String,
    times: String,
}

struct FindingView {
    severity: &'static str,
    kind: &'static str,
    place: String,
    message: String,
    evidence: Vec<String>,
    remedy: String,
}

struct Rule {
    name: String,
    meaning: &'static str,
    widenings: Vec<Row>,
}

struct Service {
    prefix: String,
    name: String,
    grants: Vec<GrantView>,
}

struct GrantView {
    action: String,
    resource: String,
    events: String,
    last: String,
    remarks: Vec<String>,
}

fn page(report: &Report) -> Result<Page, RenderError> {
    let records = &report.records;
    let skipped = records.skipped.iter();
    Ok(Page {
        roles: list(&report.scope.roles),
        proof: proof(report),
        window: window(report),
        records: format!(
            "{} read: {} used, {} skipped",
            grouped(records.read),
            grouped(records.used),
            grouped(records.read.saturating_sub(records.used))
        ),
        skipped: skipped.map(|(reason, number)| format!("{} {}", grouped(*number), reason_name(*reason))).collect(),
        policies: report.policies.iter().map(policy).collect::<Result<_, _>>()?,
        not_shown: not_shown(report),
        findings: report.findings.iter().map(found).collect(),
        denied: report.coverage.denied.iter().map(denied).collect(),
        unmapped: unmapped(report),
        widening_count: grouped(report.widenings.len() as u64),
        rules: rules(report),
        grant_count: grouped(report.grants.len() as u64),
        services: services(report),
        tool: format!("{} {}", report.tool.name, report.tool.version),
        catalog_date: text(&report.tool.catalog_date),
        sources: list(&report.scope.sources),
    })
}

fn proof(report: &Report) -> String {
    let proof = &report.proof;
    format!(
        "Proved: {} replayed, {} allowed; {} dropped in turn, {} could go. {} where the policy is wider than the evidence.",
        count(proof.requests as u64, "observed request"),
        grouped(proof.allowed as u64),
        count(proof.grants_tested as u64, "grant"),
        grouped(proof.removable as u64),
        count(report.widenings.len() as u64, "place"),
    )
}

fn window(report: &Report) -> String {
    let coverage = &report.coverage;
    match (coverage.first_event, coverage.last_event) {
        (Some(first), Some(last)) => format!("{} to {}, in {}", minute(first), minute(last), list(&coverage.regions)),
        _ => "none".to_owned(),
    }
}

fn policy(policy: &Policy) -> Result<PolicyView, RenderError> {
    Ok(PolicyView {
        name: text(&policy.name),
        statements: policy.document.statements.len(),
        characters: policy.characters,
        limit: policy.limit,
        size: format!("{} of {}", grouped(policy.characters as u64), grouped(policy.limit as u64)),
        json: to_json(&policy.document)?,
    })
}

fn not_shown(report: &Report) -> Vec<String> {
    let coverage = &report.coverage;
    let mut lines: Vec<String> = coverage.shortcomings(&report.records).iter().map(|line| text(line)).collect();
    if coverage.unknown_outcome > 0 {
        lines.push(format!("{} of unknown outcome", count(coverage.unknown_outcome, "call")));
    }
    lines.push(match coverage.data_events {
        0 => "no data events: access to S3 objects, DynamoDB items and the like can't show".to_owned(),
        seen => format!("{} seen: the trail records at least some of them", count(seen, "data event")),
    });
    lines
}

fn found(finding: &Finding) -> FindingView {
    FindingView {
        severity: finding.severity.as_str(),
        kind: finding.kind.as_str(),
        place: finding.place.as_ref().map(|place| text(&place_text(place))).unwrap_or_default(),
        message: text(&finding.message),
        evidence: finding.evidence.iter().map(|fact| text(fact)).collect(),
        remedy: text(&finding.remedy),
    }
}

fn denied(call: &DeniedCall) -> Row {
    let named = call.action.as_ref().map(ToString::to_string);
    let granted = if call.granted { "granted on request" } else { "not granted" };
    Row {
        what: text(&named.unwrap_or_else(|| format!("{} {}", call.event_source, call.event_name))),
        resource: call.resource.as_ref().map(|resource| text(&resource_text(resource))).unwrap_or_default(),
        why: format!("{}; {granted}", denial_words(call.policy_type, call.explicit)),
        times: grouped(call.count),
    }
}

fn unmapped(report: &Report) -> Vec<String> {
    let events = report.coverage.unmapped_events.iter();
    events.map(|event| text(&format!("{} {}", event.event_source, event.event_name))).collect()
}

fn rules(report: &Report) -> Vec<Rule> {
    let mut rules: BTreeMap<String, Rule> = BTreeMap::new();
    for widening in &report.widenings {
        let name = rule_name(&widening.rule);
        let meaning = rule_meaning(&widening.rule);
        let new = || Rule { name: text(&name), meaning, widenings: Vec::new() };
        rules.entry(name.clone()).or_insert_with(new).widenings.push(widened(widening));
    }
    rules.into_values().collect()
}

fn widened(widening: &Widening) -> Row {
    Row {
        what: text(&widening.action.to_string()),
        resource: text(widening.resource.as_str()),
        why: text(&widening.detail),
        times: String::new(),
    }
}

fn services(report: &Report) -> Vec<Service> {
    let mut services: BTreeMap<&str, Vec<GrantView>> = BTreeMap::new();
    for grant in &report.grants {
        services.entry(grant.action.service()).or_default().push(granted(grant));
    }
    let name = |prefix: &str| text(Catalog::embedded().service_name(prefix).unwrap_or_default());
    let view = |(prefix, grants): (&str, Vec<GrantView>)| Service { prefix: text(prefix), name: name(prefix), grants };
    services.into_iter().map(view).collect()
}

fn granted(grant: &Grant) -> GrantView {
    let origin = (grant.origin != Origin::Observed).then(|| origin_name(grant.origin).to_owned());
    let conditions = condition_lines(&grant.condition).into_iter().map(|line| format!("if {line}"));
    let via = (!grant.via.is_empty()).then(|| format!("through {}", grant.via.join(", ")));
    let remarks = origin.into_iter().chain(conditions).chain(via).chain(grant.note.clone());
    GrantView {
        action: text(&grant.action.to_string()),
        resource: text(grant.resource.as_str()),
        events: grouped(grant.evidence.events),
        last: grant.evidence.last_seen.strftime("%Y-%m-%d").to_string(),
        remarks: remarks.map(|remark| text(&remark)).collect(),
    }
}

fn list(items: &[impl ToString]) -> String {
    items.iter().map(|item| text(&item.to_string())).collect::<Vec<_>>().join(", ")
}

fn text(text: &str) -> String {
    visible(text).into_owned()
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn markup_from_a_log_is_never_markup() {
        let page = HtmlRenderer.render(&samples::hostile()).unwrap();
        assert!(!page.contains("<script") && page.contains("&#60;script"), "{page}");
        assert_eq!(page.matches("</style>").count(), 1);
    }

    #[test]
    fn the_page_asks_for_nothing_from_outside() {
        let page = HtmlRenderer.render(&samples::large(3)).unwrap();
        assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "{page}");
    }

    #[test]
    fn two_thousand_grants_stay_under_a_megabyte() {
        // Half as many widenings as grants is more than any policy of ours has.
        let report = Report { widenings: samples::large(1_000).widenings, ..samples::large(2_000) };
        let size = HtmlRenderer.render(&report).unwrap().len();
        assert!(size < 1_000_000, "{size}");
    }
}
