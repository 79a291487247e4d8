//! Actions on resources that they are never checked on.

use std::collections::BTreeSet;

use super::Dead;
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::{Confidence, Finding};
use crate::catalog::ActionEntry;
use crate::iam::{ActionClause, ActionPattern, ArnPattern, ResourceClause};

/// One finding for each action that fits none of the statement's resources, then one for each resource that fits none
/// of its actions.
pub(super) fn find(case: &Case<'_>, spoken: &mut Spoken, at: usize) -> Vec<Finding> {
    let Some(one) = case.statements.get(at) else { return Vec::new() };
    let (ActionClause::Action(actions), ResourceClause::Resource(resources)) =
        (&one.statement.actions, &one.statement.resources)
    else {
        return Vec::new();
    };
    let actions: Vec<_> = actions.iter().filter(|one| !spoken.actions.contains(&(at, (*one).clone()))).collect();
    let resources: Vec<_> = resources.iter().filter(|one| !spoken.resources.contains(&(at, (*one).clone()))).collect();
    if actions.is_empty() || resources.is_empty() || resources.iter().any(|pattern| pattern.is_any()) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    let mut alive = Vec::new();
    for pattern in actions {
        let entries = case.actions(pattern);
        let fits =
            entries.iter().any(|entry| resources.iter().any(|resource| case.shapes.may_meet(&entry.action, resource)));
        if fits || super::action_was_met(case, one, pattern) {
            alive.push(pattern);
        } else {
            spoken.actions.insert((at, pattern.clone()));
            findings.push(dead_action(case, one, pattern, &entries));
        }
    }
    for resource in resources {
        let mut entries = alive.iter().flat_map(|pattern| case.actions(pattern));
        let fits = alive.is_empty() || entries.any(|entry| case.shapes.may_meet(&entry.action, resource));
        if !fits && !super::resource_was_met(case, one, resource) {
            spoken.resources.insert((at, resource.clone()));
            findings.push(dead_resource(case, one, resource));
        }
    }
    findings
}

fn dead_action(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ActionPattern, entries: &[&ActionEntry]) -> Finding {
    let types: BTreeSet<String> =
        entries.iter().flat_map(|entry| &entry.resource_types).map(|kind| kind.name.clone()).collect();
    let service = pattern.service().unwrap_or_default();
    let (because, remedy) = if types.is_empty() {
        let because = format!("the reference of {} has no resource for it: it is checked on `*`", case.catalog.date());
        (because, "give it a statement on `*`".to_owned())
    } else {
        let names: Vec<&str> = types.iter().map(String::as_str).collect();
        let templates = case.shapes.templates_of(service, &types);
        let first = templates.first().copied().unwrap_or("*");
        (format!("it is checked on {}", names.join(", ")), format!("name what it acts on, such as `{first}`"))
    };
    let dead = Dead {
        place: one.place_of_action(pattern),
        subject: pattern.to_string(),
        message: format!("`{pattern}` is never checked on the resources of the statement"),
        because,
        more: vec![format!("the statement is on {}", super::super::some_of(one.statement.resources.patterns(), 4))],
        remedy,
        // The reference is not always right on what has no resource.
        confidence: if types.is_empty() { Confidence::Medium } else { Confidence::High },
    };
    dead.finish(case, one.statement.effect)
}

fn dead_resource(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ArnPattern) -> Finding {
    let dead = Dead {
        place: one.place_of_resource(pattern),
        subject: pattern.to_string(),
        message: format!("no action of the statement is ever checked on `{pattern}`"),
        because: format!("the statement's actions are {}", super::super::some_of(one.statement.actions.patterns(), 6)),
        more: Vec::new(),
        remedy: "take the resource away, or add the action that it was meant for".to_owned(),
        confidence: Confidence::High,
    };
    dead.finish(case, one.statement.effect)
}
