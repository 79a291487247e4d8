//! The kinds of findings, one file each.

pub(super) mod boundary_not_required;
pub(super) mod denied_in_use;
pub(super) mod dormant_role;
pub(super) mod evidence_incomplete;
mod idle;
pub(super) mod missing_passed_to_service;
pub(super) mod missing_permission;
pub(super) mod never_matches;
pub(super) mod new_access;
pub(super) mod no_effect;
mod of_no_effect;
pub(super) mod privilege_escalation;
pub(super) mod unused_action;
pub(super) mod unused_service;
pub(super) mod unused_statement;
pub(super) mod wider_resource;
pub(super) mod wildcard_action;

use std::collections::BTreeSet;

use super::Severity;
use super::case::{Case, RequestCase};
use crate::iam::{AccessLevel, Action, Layer, Resource};

/// How bad it is that these are allowed and not needed: what changes permissions is worse than what changes resources.
fn spare_severity<'a>(case: &Case<'_>, actions: impl IntoIterator<Item = &'a Action>) -> Severity {
    let of_action = |action: &Action| match case.access_level(action) {
        Some(AccessLevel::PermissionsManagement) => Severity::Medium,
        Some(AccessLevel::Write | AccessLevel::Tagging) => Severity::Low,
        Some(AccessLevel::Read | AccessLevel::List) | None => Severity::Informational,
    };
    actions.into_iter().map(of_action).max().unwrap_or(Severity::Informational)
}

/// A few names, each once, and how many more there are.
fn some_of<T: ToString>(names: impl IntoIterator<Item = T>, shown: usize) -> String {
    let mut seen = BTreeSet::new();
    let names = names.into_iter().map(|name| name.to_string());
    let names: Vec<String> = names.filter(|name| seen.insert(name.clone())).collect();
    let more = names.len().saturating_sub(shown);
    let mut text = names.iter().take(shown).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// How many events stand behind the requests: one event may ask for several resources.
fn count_events(requests: &[&RequestCase<'_>]) -> String {
    let evidence = || requests.iter().map(|request| &request.observation.evidence);
    let known: BTreeSet<&str> = evidence().flat_map(|one| &one.samples).map(|(_, id)| &**id).collect();
    let all_known = evidence().all(|one| one.samples.len() as u64 == one.events);
    let most = evidence().map(|one| one.events).max().unwrap_or_default();
    match (known.len() as u64, all_known || requests.len() == 1) {
        (number, true) => events_text(number.max(most)),
        (number, false) => format!("at least {}", events_text(number.max(most))),
    }
}

fn events_text(number: u64) -> String {
    format!("{number} {}", if number == 1 { "event" } else { "events" })
}

/// A resource as a policy would name it.
fn resource_text(resource: &Resource) -> String {
    match resource {
        Resource::Any => "*".to_owned(),
        Resource::Arn(arn) => arn.to_string(),
    }
}

/// Whose policies a layer holds, as it stands in a sentence.
fn policy_layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Identity => "the role's own policies",
        Layer::Boundary => "the permissions boundary",
        Layer::ServiceControl { .. } => "the service control policies",
    }
}
