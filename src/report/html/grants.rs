//! Grants by service, each with its evidence behind a fold.

use std::collections::{BTreeMap, BTreeSet};

use super::{minute, text};
use crate::aggregator::Origin;
use crate::catalog::Catalog;
use crate::report::condition_text::condition_lines;
use crate::report::model::{Grant, Report, Widening, rule_name};
use crate::report::words::{count, origin_name, rule_meaning};

/// The actions that are granted, each with what it is granted on.
#[derive(Debug)]
pub struct ActionView {
    pub action: String,
    /// Its resource, or how many it has.
    pub on: String,
    pub events: String,
    pub grants: Vec<GrantView>,
}

/// With more grants than this, one event id is shown of each in place of three: the page stays small, the JSON has them.
const ALL_IDS: usize = 800;

/// The grants of one service.
#[derive(Debug)]
pub struct Service {
    pub prefix: String,
    pub name: String,
    /// Number of grants.
    pub number: usize,
    pub actions: Vec<ActionView>,
}

/// One grant.
#[derive(Debug)]
pub struct GrantView {
    /// Its place in the report, by which the documents link to it.
    pub index: usize,
    pub resource: String,
    /// When, by which calls, which events.
    pub evidence: String,
    /// Conditions, origin and remarks.
    pub remarks: Vec<String>,
    /// Why it is wider than the evidence.
    pub wider: Vec<String>,
}

/// What one rule made wider.
#[derive(Debug)]
pub struct Rule {
    pub name: String,
    pub meaning: &'static str,
    pub number: usize,
    pub places: Vec<Place>,
}

/// Patterns of one cause, and the actions that they serve.
#[derive(Debug)]
pub struct Place {
    pub resources: Vec<String>,
    pub actions: String,
    pub why: String,
}

/// Grants with how they are shown, by the names of their actions.
type ByAction<'r> = BTreeMap<&'r str, Vec<(&'r Grant, GrantView)>>;

/// All grants, by service.
pub fn services(report: &Report) -> Vec<Service> {
    let ids = if report.grants.len() > ALL_IDS { 1 } else { usize::MAX };
    let mut wider: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for widening in &report.widenings {
        let key = (widening.action.name(), widening.resource.as_str());
        wider.entry(key).or_default().insert(text(&rule_name(&widening.rule)));
    }
    let mut services: BTreeMap<&str, ByAction<'_>> = BTreeMap::new();
    for (index, grant) in report.grants.iter().enumerate() {
        let causes = wider.get(&(grant.action.name(), grant.resource.as_str()));
        let view = view(index, grant, causes.into_iter().flatten().cloned().collect(), ids);
        let actions = services.entry(grant.action.service()).or_default();
        actions.entry(grant.action.name()).or_default().push((grant, view));
    }
    let name = |prefix: &str| text(Catalog::embedded().service_name(prefix).unwrap_or_default());
    let service = |(prefix, actions): (&str, ByAction<'_>)| Service {
        prefix: text(prefix),
        name: name(prefix),
        number: actions.values().map(Vec::len).sum(),
        actions: actions.into_values().map(of_action).collect(),
    };
    services.into_iter().map(service).collect()
}

fn of_action(grants: Vec<(&Grant, GrantView)>) -> ActionView {
    let resources: BTreeSet<&str> = grants.iter().map(|(grant, _)| grant.resource.as_str()).collect();
    let on = match resources.first() {
        Some(only) if resources.len() == 1 => text(only),
        _ => count(resources.len() as u64, "resource"),
    };
    // The same event may speak for an action on several resources: the largest count is the honest lower bound.
    let events = grants.iter().map(|(grant, _)| grant.evidence.events).max().unwrap_or_default();
    let action = grants.first().map(|(grant, _)| text(&grant.action.to_string())).unwrap_or_default();
    ActionView {
        action,
        on,
        events: count(events, "event"),
        grants: grants.into_iter().map(|(_, view)| view).collect(),
    }
}

fn view(index: usize, grant: &Grant, wider: Vec<String>, ids: usize) -> GrantView {
    let evidence = &grant.evidence;
    let shown: Vec<&str> = evidence.event_ids.iter().take(ids).map(String::as_str).collect();
    let (first, last) = (minute(evidence.first_seen), minute(evidence.last_seen));
    let when = if first == last { first } else { format!("{first} to {last}") };
    let calls = grant.operations.join(", ").replace(".amazonaws.com:", ":");
    let behind = if shown.is_empty() { String::new() } else { format!("; {}", shown.join(" ")) };
    GrantView {
        index,
        resource: text(grant.resource.as_str()),
        evidence: text(&format!("{}: {calls}; {when}{behind}", count(evidence.events, "event"))),
        remarks: remarks(grant).iter().map(|remark| text(remark)).collect(),
        wider,
    }
}

fn remarks(grant: &Grant) -> Vec<String> {
    let origin = (grant.origin != Origin::Observed).then(|| origin_name(grant.origin).to_owned());
    let conditions = condition_lines(&grant.condition).into_iter().map(|line| format!("only if {line}"));
    let reasons = grant.condition_reasons.iter().map(|reason| format!("because {reason}"));
    let via = (!grant.via.is_empty()).then(|| format!("through {}, on the role's behalf", grant.via.join(", ")));
    origin.into_iter().chain(conditions).chain(reasons).chain(via).chain(grant.note.clone()).collect()
}

/// Widenings by rule, then by what they are on.
pub fn rules(report: &Report) -> Vec<Rule> {
    let mut rules: BTreeMap<String, Vec<&Widening>> = BTreeMap::new();
    for widening in &report.widenings {
        rules.entry(rule_name(&widening.rule)).or_default().push(widening);
    }
    let rule = |(name, widenings): (String, Vec<&Widening>)| Rule {
        name: text(&name),
        meaning: widenings.first().map(|one| rule_meaning(&one.rule)).unwrap_or_default(),
        number: widenings.len(),
        places: places(&widenings),
    };
    rules.into_iter().map(rule).collect()
}

fn places(widenings: &[&Widening]) -> Vec<Place> {
    let mut patterns: BTreeMap<(&str, &str), BTreeSet<String>> = BTreeMap::new();
    for widening in widenings {
        let key = (widening.resource.as_str(), widening.detail.as_str());
        patterns.entry(key).or_default().insert(widening.action.to_string());
    }
    let mut places: BTreeMap<(&str, BTreeSet<String>), Vec<String>> = BTreeMap::new();
    for ((resource, why), actions) in patterns {
        places.entry((why, actions)).or_default().push(text(resource));
    }
    let place = |((why, actions), resources): ((&str, BTreeSet<String>), Vec<String>)| Place {
        resources,
        actions: text(&actions.into_iter().collect::<Vec<_>>().join(", ")),
        why: text(&why.replace(".amazonaws.com:", ":")),
    };
    places.into_iter().map(place).collect()
}
