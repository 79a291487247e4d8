//! Why each statement is there: the calls that needed it, when, events to look up, and the rules that made it wider.

use std::collections::{BTreeMap, BTreeSet};

use super::Style;
use super::condition_text::condition_lines;
use super::model::{Grant, Report, Widening, rule_name};
use super::page::Page;
use super::visible::visible;
use super::words::{count, origin_name, rule_meaning};
use crate::aggregator::Origin;
use crate::iam::PrincipalArn;

/// Resources named for one statement; the document has them all.
const MOST_RESOURCES: usize = 6;

/// The account alone.
pub fn text(report: &Report) -> String {
    let mut page = Page::new(Style::Plain);
    add(&mut page, report);
    page.into_text()
}

/// Adds the account to a page, statement by statement, in the order of the documents.
pub fn add(page: &mut Page, report: &Report) {
    let mut grants: BTreeMap<(&PrincipalArn, &str), Vec<&Grant>> = BTreeMap::new();
    for grant in &report.grants {
        grants.entry((&grant.role, &grant.sid)).or_default().push(grant);
    }
    let mut wider: BTreeMap<(&PrincipalArn, &str, &str), Vec<&Widening>> = BTreeMap::new();
    for widening in &report.widenings {
        let key = (&widening.role, widening.action.name(), widening.resource.as_str());
        wider.entry(key).or_default().push(widening);
    }
    page.heading("Why each statement is there");
    for policy in &report.policies {
        for statement in &policy.document.statements {
            let Some(sid) = &statement.sid else { continue };
            let Some(grants) = grants.get(&(&policy.role, sid.as_str())) else { continue };
            page.line(format!("  {} of {}", visible(sid), visible(&policy.name)));
            about(page, grants);
            let mut rules: BTreeMap<String, (&'static str, BTreeSet<&str>)> = BTreeMap::new();
            for grant in grants {
                let key = (&policy.role, grant.action.name(), grant.resource.as_str());
                for widening in wider.get(&key).into_iter().flatten() {
                    let entry = rules.entry(rule_name(&widening.rule)).or_default();
                    entry.0 = rule_meaning(&widening.rule);
                    entry.1.insert(&widening.detail);
                }
            }
            for (rule, (meaning, details)) in rules {
                let details: Vec<&str> = details.into_iter().collect();
                page.item(
                    4,
                    &format!("wider by {}: ", visible(&rule)),
                    &visible(&format!("{meaning} ({})", details.join("; "))),
                );
            }
        }
    }
}

fn about(page: &mut Page, grants: &[&Grant]) {
    let resources: BTreeSet<String> = grants.iter().map(|grant| grant.resource.to_string()).collect();
    for (at, resource) in resources.iter().take(MOST_RESOURCES).enumerate() {
        page.line(format!("    {}{}", if at == 0 { "on " } else { "   " }, visible(resource)));
    }
    if let Some(more) = resources.len().checked_sub(MOST_RESOURCES).filter(|more| *more > 0) {
        page.line(format!("       and {more} more"));
    }
    let conditions: BTreeSet<String> = grants.iter().flat_map(|grant| condition_lines(&grant.condition)).collect();
    for condition in conditions {
        page.item(4, "if ", &visible(&condition));
    }
    let reasons: BTreeSet<&str> = grants.iter().flat_map(|grant| grant.condition_reasons.iter().copied()).collect();
    for reason in reasons {
        page.item(4, "because ", reason);
    }
    let mut actions: BTreeMap<String, Vec<&Grant>> = BTreeMap::new();
    for grant in grants {
        actions.entry(grant.action.to_string()).or_default().push(grant);
    }
    for (action, grants) in actions {
        evidence(page, &action, &grants);
    }
}

fn evidence(page: &mut Page, action: &str, grants: &[&Grant]) {
    let calls: BTreeSet<&str> = grants.iter().flat_map(|grant| grant.operations.iter().map(String::as_str)).collect();
    let calls = calls.into_iter().collect::<Vec<_>>().join(", ").replace(".amazonaws.com:", ":");
    // The same event may speak for an action on several resources: the largest count is the honest lower bound.
    let events = grants.iter().map(|grant| grant.evidence.events).max().unwrap_or_default();
    let first = grants.iter().map(|grant| grant.evidence.first_seen).min();
    let last = grants.iter().map(|grant| grant.evidence.last_seen).max();
    let day =
        |time: Option<jiff::Timestamp>| time.map(|time| time.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
    let mut text = format!("{calls}; {}, {} to {}", count(events, "event"), day(first), day(last));
    if let Some(id) = grants.iter().find_map(|grant| grant.evidence.event_ids.first()) {
        text.push_str(&format!("; such as {id}"));
    }
    let origins: BTreeSet<Origin> = grants.iter().map(|grant| grant.origin).collect();
    for origin in origins.into_iter().filter(|origin| *origin != Origin::Observed) {
        text.push_str(&format!("; {}", origin_name(origin)));
    }
    page.item(4, &format!("{}: ", visible(action)), &visible(&text));
}
