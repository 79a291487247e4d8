//! Actions that do not exist.

use super::Dead;
use crate::audit::case::{Case, Spoken};
use crate::audit::{Confidence, Finding};
use crate::catalog::{Catalog, edit_distance, is_near};
use crate::iam::{ActionClause, ActionPattern};

/// One finding for each pattern that stands for no action of the reference.
pub(super) fn find(case: &Case<'_>, spoken: &mut Spoken, at: usize) -> Vec<Finding> {
    let Some(one) = case.statements.get(at) else { return Vec::new() };
    let mut findings = Vec::new();
    for pattern in one.statement.actions.patterns() {
        if !case.actions(pattern).is_empty() || super::action_was_met(case, one, pattern) {
            continue;
        }
        spoken.actions.insert((at, pattern.clone()));
        let (because, remedy) = advice(case.catalog, pattern);
        let except = matches!(one.statement.actions, ActionClause::NotAction(_));
        let role = if except { "excepts nothing" } else { "stands for no action" };
        let dead = Dead {
            place: one.place_of_action(pattern),
            subject: pattern.to_string(),
            message: format!("`{pattern}` {role}"),
            because,
            more: Vec::new(),
            remedy,
            confidence: Confidence::High,
        };
        findings.push(dead.finish(case, one.statement.effect));
    }
    findings
}

fn advice(catalog: &Catalog, pattern: &ActionPattern) -> (String, String) {
    let service = pattern.service().unwrap_or_default();
    let date = catalog.date();
    if !service.contains(['*', '?']) && !catalog.service_exists(service) {
        let because = format!("AWS has no service `{service}` (reference of {date})");
        return (because, nearest_service(catalog, service));
    }
    let because = format!("`{service}` has no such action (reference of {date})");
    let nearest = pattern.as_action().and_then(|action| catalog.nearest_action(&action));
    let elsewhere = pattern.as_action().map(|action| catalog.actions_named(action.name())).unwrap_or_default();
    let remedy = match (nearest, elsewhere.as_slice()) {
        (_, [only]) => format!("write `{}`, or take it away", only.action),
        (Some(nearest), _) => format!("write `{nearest}`, the nearest that exists, or take it away"),
        (None, _) => "take it away".to_owned(),
    };
    (because, remedy)
}

fn nearest_service(catalog: &Catalog, service: &str) -> String {
    let near = catalog.services().filter_map(|known| {
        let distance = edit_distance(known, service);
        is_near(distance, service).then_some((distance, known))
    });
    match near.min() {
        Some((_, known)) => format!("write `{known}`, the nearest that exists, or take it away"),
        None => "take it away".to_owned(),
    }
}
