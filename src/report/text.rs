//! `text`: a readable account, for somebody who sees the tool for the first time.
//!
//! A verdict first; then, for each service, what is granted on what and how often it was seen; then where the policy is
//! wider than the evidence and why; then what the logs could not show. Colour sets headings off and means nothing.

use std::collections::{BTreeMap, BTreeSet};

use anstyle::Style as Ansi;
use jiff::Timestamp;

use super::condition_text::condition_lines;
use super::model::{DeniedCall, Grant, Proof, Report, Widening, resource_text, rule_name};
use super::overview::ChangedAccess;
use super::page::Page;
use super::visible::visible;
use super::words::{count, denial_words, grouped, origin_name, place_text, reason_name, rule_meaning, severities};
use super::{RenderError, Renderer, Style, why};
use crate::aggregator::Origin;
use crate::catalog::Catalog;
use crate::iam::Action;

/// Renders the account.
#[derive(Debug)]
pub struct TextRenderer {
    pub style: Style,
}

impl Renderer for TextRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let mut page = Page::new(self.style);
        if report.policies.is_empty() {
            audit_verdict(&mut page, report);
            findings(&mut page, report);
        } else {
            verdict(&mut page, report);
            findings(&mut page, report);
            comparison(&mut page, report);
            grants(&mut page, report);
            widenings(&mut page, report);
            withheld(&mut page, report);
            if report.explain {
                why::add(&mut page, report);
            }
        }
        coverage(&mut page, report);
        Ok(page.into_text())
    }
}

fn verdict(page: &mut Page, report: &Report) {
    let bold = page.paint(Ansi::new().bold());
    let roles: Vec<String> = report.scope.roles.iter().map(|role| visible(&role.to_string()).into_owned()).collect();
    page.line(format!("{bold}Policy for {}{bold:#}", roles.join(", ")));
    page.line("");
    page.item(0, "Proof     ", &proof_text(&report.proof));
    for policy in &report.policies {
        let statements = count(policy.document.statements.len() as u64, "statement");
        let size = format!("{} of {} characters", grouped(policy.characters as u64), grouped(policy.limit as u64));
        page.item(0, "Size      ", &format!("{}: {statements}, {size}", visible(&policy.name)));
    }
    page.item(0, "Wider     ", &wider_text(report));
    page.item(0, "Evidence  ", &evidence_text(report));
    page.item(0, "Records   ", &records_text(report));
    for (reason, number) in &report.records.skipped {
        page.line(format!("{:>17} {}", grouped(*number), reason_name(*reason)));
    }
}

/// Without a policy of ours it is an audit: what was found comes first.
fn audit_verdict(page: &mut Page, report: &Report) {
    let bold = page.paint(Ansi::new().bold());
    let roles: Vec<String> = report.scope.roles.iter().map(|role| visible(&role.to_string()).into_owned()).collect();
    page.line(format!("{bold}Audit of {}{bold:#}", roles.join(", ")));
    page.line("");
    page.item(0, "Findings  ", &severities(&report.findings));
    page.item(0, "Evidence  ", &evidence_text(report));
    page.item(0, "Records   ", &records_text(report));
    for (reason, number) in &report.records.skipped {
        page.line(format!("{:>17} {}", grouped(*number), reason_name(*reason)));
    }
}

fn proof_text(proof: &Proof) -> String {
    let requests = count(proof.requests as u64, "observed request");
    let mut parts = vec![match proof.requests == proof.allowed {
        true => format!("all {requests} allowed"),
        false => format!("of {requests}, {} allowed", grouped(proof.allowed as u64)),
    }];
    if proof.renamed > 0 {
        parts.push(format!("{} of a next run with other generated ids allowed, too", grouped(proof.renamed as u64)));
    }
    let tested = count(proof.grants_tested as u64, "grant");
    parts.push(match proof.removable {
        0 => format!("each of {tested} needed"),
        spare => format!("of {tested}, {} could go", grouped(spare as u64)),
    });
    let (close, denied) = (proof.near_misses as u64, proof.near_misses_denied as u64);
    if close > 0 {
        let all = if close == denied { "all".to_owned() } else { grouped(denied) };
        parts.push(format!("of {} that nobody made, {all} denied", count(close, "close request")));
    }
    parts.join("; ")
}

fn wider_text(report: &Report) -> String {
    if report.widenings.is_empty() {
        return "nowhere: everything that is allowed was seen".to_owned();
    }
    let mut rules: BTreeMap<String, u64> = BTreeMap::new();
    for widening in &report.widenings {
        *rules.entry(rule_name(&widening.rule)).or_default() += 1;
    }
    let parts: Vec<String> = rules.iter().map(|(rule, number)| format!("{number} {}", visible(rule))).collect();
    format!("than the evidence in {} ({})", count(report.widenings.len() as u64, "place"), parts.join(", "))
}

fn evidence_text(report: &Report) -> String {
    let coverage = &report.coverage;
    let window = match (coverage.first_event, coverage.last_event) {
        (Some(first), Some(last)) => format!("{} to {}", minute(first), minute(last)),
        _ => "none".to_owned(),
    };
    let regions = list(&coverage.regions);
    if regions.is_empty() { window } else { format!("{window}, in {regions}") }
}

fn records_text(report: &Report) -> String {
    let records = &report.records;
    format!(
        "{} read: {} used, {} skipped",
        grouped(records.read),
        grouped(records.used),
        grouped(records.read.saturating_sub(records.used))
    )
}

fn findings(page: &mut Page, report: &Report) {
    if report.findings.is_empty() {
        return;
    }
    page.heading("Findings");
    for (at, finding) in report.findings.iter().enumerate() {
        if at > 0 {
            page.line("");
        }
        page.wrapped(2, &format!("{} {}: ", finding.severity, finding.kind), &visible(&finding.message), 4);
        if let Some(place) = &finding.place {
            page.line(format!("    at {}", visible(&place_text(place))));
        }
        for fact in &finding.evidence {
            page.item(4, "- ", &visible(fact));
        }
        page.wrapped(4, "to do: ", &visible(&finding.remedy), 6);
    }
}

/// The new policy beside the present one.
fn comparison(page: &mut Page, report: &Report) {
    let Some(comparison) = &report.comparison else { return };
    page.heading("Beside the present policies");
    page.item(2, "", &visible(&comparison.policies.join(", ")));
    let counts: Vec<String> = comparison.counts().map(|(what, number)| format!("{number} {what}")).into();
    page.item(2, "actions: ", &counts.join(", "));
    for (title, meaning, changes) in comparison.sections() {
        if changes.is_empty() {
            continue;
        }
        page.item(2, "", &format!("{title}: {meaning}"));
        changes.iter().for_each(|change| changed(page, change));
    }
    for one in &comparison.undecided {
        page.item(
            2,
            "can't be decided: ",
            &visible(&format!("{}, because of {}", joined_actions(&one.actions), one.reason)),
        );
    }
    if !comparison.kept.is_empty() {
        page.item(2, "", "Kept: allowed as before");
        let kept: Vec<Action> = comparison.kept.iter().map(|one| one.action.clone()).collect();
        page.item(4, "", &visible(&joined_actions(&kept)));
    }
}

fn changed(page: &mut Page, change: &ChangedAccess) {
    let mut actions = joined_actions(&change.actions);
    if change.future_actions {
        actions.push_str(if actions.is_empty() { "actions that may come" } else { ", and such as may come" });
    }
    page.item(4, "", &visible(&actions));
    page.line(format!("      on {}", visible(change.resource.as_deref().unwrap_or("all but some"))));
    page.item(6, "for example ", &visible(&change.example.to_string()));
}

fn joined_actions(actions: &[Action]) -> String {
    actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn grants(page: &mut Page, report: &Report) {
    let mut services: BTreeMap<&str, Vec<&Grant>> = BTreeMap::new();
    for grant in &report.grants {
        services.entry(grant.action.service()).or_default().push(grant);
    }
    for (prefix, grants) in services {
        let name = Catalog::embedded().service_name(prefix).unwrap_or_default();
        page.heading(format!("{prefix}  {}", visible(name)).trim_end());
        for (target, grants) in by_target(&grants) {
            show_target(page, &target, &grants);
        }
    }
}

/// What a grant is on: resources and the lines of its condition.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Target {
    resources: Vec<String>,
    conditions: Vec<String>,
}

/// One action on one target, all its grants taken together.
struct Line<'r> {
    action: &'r str,
    grants: Vec<&'r Grant>,
}

/// Actions that are granted on the same resources under the same condition stand together.
fn by_target<'r>(grants: &[&'r Grant]) -> BTreeMap<Target, Vec<Line<'r>>> {
    let mut actions: BTreeMap<(&str, Vec<String>), Vec<&Grant>> = BTreeMap::new();
    for grant in grants {
        actions.entry((grant.action.name(), condition_lines(&grant.condition))).or_default().push(grant);
    }
    let mut targets: BTreeMap<Target, Vec<Line>> = BTreeMap::new();
    for ((action, conditions), grants) in actions {
        let resources: BTreeSet<String> = grants.iter().map(|grant| grant.resource.to_string()).collect();
        let target = Target { resources: resources.into_iter().collect(), conditions };
        targets.entry(target).or_default().push(Line { action, grants });
    }
    targets
}

fn show_target(page: &mut Page, target: &Target, lines: &[Line<'_>]) {
    for (index, resource) in target.resources.iter().enumerate() {
        let label = if index == 0 { "on " } else { "   " };
        page.line(format!("  {label}{}", visible(resource)));
    }
    for condition in &target.conditions {
        page.item(2, "if ", &visible(condition));
    }
    for line in lines {
        show_action(page, line);
    }
}

fn show_action(page: &mut Page, line: &Line<'_>) {
    // The same event may speak for an action on several resources: the largest count is the honest lower bound.
    let events = line.grants.iter().map(|grant| grant.evidence.events).max().unwrap_or_default();
    let last = line.grants.iter().map(|grant| grant.evidence.last_seen).max();
    let day = last.map(day).unwrap_or_default();
    page.line(format!("     {:<40} {:>13}  last {day}", visible(line.action), count(events, "event")));
    for remark in remarks(&line.grants) {
        page.item(7, "", &visible(&remark));
    }
}

/// What a reader should know of grants beyond their count.
fn remarks(grants: &[&Grant]) -> Vec<String> {
    let mut calls: BTreeMap<Origin, BTreeSet<String>> = BTreeMap::new();
    for grant in grants.iter().filter(|grant| grant.origin != Origin::Observed) {
        calls.entry(grant.origin).or_default().extend(grant.operations.iter().map(|call| short_calls(call)));
    }
    let origins = calls.into_iter().map(|(origin, calls)| match joined(calls) {
        calls if calls.is_empty() => origin_name(origin).to_owned(),
        calls => format!("{} ({calls})", origin_name(origin)),
    });
    let services = joined(grants.iter().flat_map(|grant| grant.via.iter().cloned()));
    let via = (!services.is_empty()).then(|| format!("through {services}, on the role's behalf"));
    let notes: BTreeSet<String> = grants.iter().filter_map(|grant| grant.note.clone()).collect();
    origins.chain(via).chain(notes).collect()
}

/// Sorted, without repeats.
fn joined(items: impl IntoIterator<Item = String>) -> String {
    items.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(", ")
}

/// `eks.amazonaws.com:CreateCluster` as people say it: `eks:CreateCluster`.
fn short_calls(text: &str) -> String {
    text.replace(".amazonaws.com:", ":")
}

fn widenings(page: &mut Page, report: &Report) {
    page.heading("Where the policy is wider than the evidence");
    if report.widenings.is_empty() {
        page.line("  Nowhere.");
    }
    let mut rules: BTreeMap<String, Vec<&Widening>> = BTreeMap::new();
    for widening in &report.widenings {
        rules.entry(rule_name(&widening.rule)).or_default().push(widening);
    }
    for (name, widenings) in rules {
        let meaning = widenings.first().map(|widening| rule_meaning(&widening.rule)).unwrap_or_default();
        page.item(2, &format!("{}: ", visible(&name)), meaning);
        show_widenings(page, &widenings);
    }
}

/// By resource, because one pattern mostly serves several actions.
fn show_widenings(page: &mut Page, widenings: &[&Widening]) {
    let mut resources: BTreeMap<(String, &str), BTreeSet<String>> = BTreeMap::new();
    for widening in widenings {
        let key = (widening.resource.to_string(), widening.detail.as_str());
        resources.entry(key).or_default().insert(widening.action.to_string());
    }
    for ((resource, detail), actions) in resources {
        page.line(format!("    {}", visible(&resource)));
        page.item(6, "", &visible(&short_calls(detail)));
        page.item(6, "for ", &visible(&actions.into_iter().collect::<Vec<_>>().join(", ")));
    }
}

fn withheld(page: &mut Page, report: &Report) {
    if report.withheld.is_empty() {
        return;
    }
    page.heading("Seen and withheld by the configuration file");
    for one in &report.withheld {
        page.line(format!("  {} on {}", one.action, visible(&resource_text(&one.resource))));
        page.item(4, "", &format!("rule `{}`: {}", visible(&one.rule), visible(&one.reason)));
    }
}

fn coverage(page: &mut Page, report: &Report) {
    let coverage = &report.coverage;
    page.heading("What the logs could not show");
    if !coverage.denied.is_empty() {
        let calls: u64 = coverage.denied.iter().map(|call| call.count).sum();
        page.item(2, "", &format!("{} denied:", count(calls, "call")));
        let alike = coverage.denied_alike();
        alike.iter().for_each(|call| show_denied(page, call));
        if alike.iter().any(DeniedCall::is_encoded) {
            page.item(
                4,
                "",
                "What was missing stands in messages that AWS encoded: `--decode-denials` has it decode them.",
            );
        }
    }
    if !coverage.unmapped_events.is_empty() {
        page.item(2, "", "Calls that no known action stands for; the policy holds nothing for them:");
        for event in &coverage.unmapped_events {
            page.line(format!(
                "    {} {}, {}",
                visible(&event.event_source),
                visible(&event.event_name),
                count(event.count, "event")
            ));
        }
    }
    let counted = [
        (
            coverage.unknown_outcome,
            "call",
            "throttled, malformed or failed inside AWS: whether it was allowed is not known",
        ),
        (
            coverage.truncated,
            "record",
            "with a field that CloudTrail left out for its size: what it named is not known",
        ),
        (coverage.hidden, "record", "with a field hidden for security reasons: what it named is not known"),
    ];
    for (number, noun, what) in counted.into_iter().filter(|(number, _, _)| *number > 0) {
        page.item(2, "", &format!("{} {what}.", count(number, noun)));
    }
    for gap in &coverage.gaps {
        page.item(2, "", &visible(gap));
    }
    page.item(2, "", &data_events_text(coverage.data_events));
}

fn show_denied(page: &mut Page, call: &DeniedCall) {
    let named = call.action.as_ref().map(ToString::to_string);
    let action = named.unwrap_or_else(|| format!("{} {}", call.event_source, call.event_name));
    page.line(format!("    {}, {}, last {}", visible(&action), count(call.count, "event"), day(call.last_seen)));
    if let Some(resource) = &call.resource {
        page.line(format!("      on {}", visible(&resource_text(resource))));
    }
    let granted = if call.granted { "granted on request" } else { "not granted" };
    page.line(format!("      {}; {granted}", denial_words(call.policy_type, call.explicit)));
}

fn data_events_text(seen: u64) -> String {
    if seen > 0 {
        return format!("{} seen: the trail records at least some of them.", count(seen, "data event"));
    }
    "No data events: most trails do not record them. If the role reads or writes S3 objects (a Terraform state, say), \
     DynamoDB items (its lock), SQS messages or the like, that is not in this policy: grant it by hand, or switch data \
     events on and read the trail again."
        .to_owned()
}

fn list(items: &[String]) -> String {
    items.iter().map(|item| visible(item)).collect::<Vec<_>>().join(", ")
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}
