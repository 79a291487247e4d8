//! Condition keys that the request never carries.

use std::collections::BTreeSet;

use super::Dead;
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::{Confidence, Finding};
use crate::catalog::{ActionEntry, edit_distance, is_near};
use crate::iam::{ActionClause, BaseOperator, ConditionKey, ConditionOperator, Effect, Quantifier};

/// One finding for each key that some action of the statement never has.
pub(super) fn find(case: &Case<'_>, spoken: &mut Spoken, at: usize) -> Vec<Finding> {
    let Some(one) = case.statements.get(at) else { return Vec::new() };
    let ActionClause::Action(patterns) = &one.statement.actions else { return Vec::new() };
    let mut findings = Vec::new();
    let mut keys = BTreeSet::new();
    for (operator, key, values) in one.statement.conditions.iter() {
        let asked = needs_presence(operator, values) && !always_there(case, key);
        if !asked || !keys.insert(key.clone()) {
            continue;
        }
        let untold = patterns.iter().filter(|pattern| !spoken.actions.contains(&(at, (*pattern).clone())));
        let (with, without): (Vec<_>, Vec<_>) = untold.partition(|pattern| {
            super::action_was_met(case, one, pattern)
                || case.actions(pattern).iter().any(|entry| takes_key(case, entry, key))
        });
        if without.is_empty() {
            continue;
        }
        match with.is_empty() {
            true => {
                spoken.statements.insert(at);
            }
            false => spoken.actions.extend(without.iter().map(|pattern| (at, (*pattern).clone()))),
        }
        let names = super::super::some_of(&without, 6);
        findings.push(dead_key(case, one, key, operator, &names));
    }
    findings
}

/// Whether the line can only hold where the request has the key.
fn needs_presence(operator: ConditionOperator, values: &BTreeSet<String>) -> bool {
    let negated = operator.base().as_str().contains("Not");
    match operator.base() {
        BaseOperator::Null => !values.iter().any(|value| value.eq_ignore_ascii_case("true")),
        _ => !negated && !operator.has_if_exists() && operator.quantifier() != Some(Quantifier::ForAllValues),
    }
}

/// Global keys that AWS fills whatever the action.
fn always_there(case: &Case<'_>, key: &ConditionKey) -> bool {
    let name = key.folded();
    let of_request =
        name.starts_with("aws:requesttag/") || name == "aws:tagkeys" || name.starts_with("aws:resourcetag/");
    !of_request && case.catalog.global_condition_keys().iter().any(|entry| entry.names(key))
}

fn takes_key(case: &Case<'_>, entry: &ActionEntry, key: &ConditionKey) -> bool {
    let named = |names: &[String]| names.iter().any(|name| crate::catalog::names_key(name, key));
    let own_types = || {
        entry.resource_types.iter().filter_map(|kind| case.catalog.resource_type(entry.action.service(), &kind.name))
    };
    named(&entry.condition_keys)
        || entry.resource_types.iter().any(|kind| named(&kind.condition_keys))
        || own_types().any(|kind| named(&kind.condition_keys))
        // On a resource, and of its tags the reference does not tell enough.
        || key.folded().starts_with("aws:resourcetag/") && !entry.resource_types.is_empty()
}

fn dead_key(
    case: &Case<'_>,
    one: &StatementCase<'_>,
    key: &ConditionKey,
    operator: ConditionOperator,
    actions: &str,
) -> Finding {
    let nearest = nearest_key(case, one, key);
    let remedy = match &nearest {
        Some(nearest) => format!("write `{nearest}`, the nearest key that exists there, or take the line away"),
        None => "take the line away, or part the statement by the actions that have the key".to_owned(),
    };
    let effect = match one.statement.effect {
        Effect::Allow => "so nothing is allowed",
        Effect::Deny => "so nothing is denied",
    };
    let dead = Dead {
        place: one.place(),
        subject: key.to_string(),
        message: format!("no request for {actions} carries `{key}`, {effect}"),
        because: format!("the reference of {} lists no such key for them", case.catalog.date()),
        more: vec![format!("`{operator}` holds only where the key is there")],
        remedy,
        // The reference is not always right on what has no resource, and so no tags.
        confidence: if key.folded().starts_with("aws:resourcetag/") { Confidence::Medium } else { Confidence::High },
    };
    dead.finish(case, one.statement.effect)
}

/// The key that a misspelt one stands for, among those of the services that the statement names.
fn nearest_key(case: &Case<'_>, one: &StatementCase<'_>, key: &ConditionKey) -> Option<String> {
    let services: BTreeSet<&str> = one.statement.actions.patterns().iter().filter_map(|one| one.service()).collect();
    if services.iter().any(|service| case.catalog.condition_key(service, key).is_some()) {
        return None;
    }
    let own = services.iter().filter_map(|service| case.catalog.service(service)).flat_map(|one| &one.condition_keys);
    let near = own.chain(case.catalog.global_condition_keys()).filter_map(|entry| {
        let distance = edit_distance(&entry.name, key.as_str());
        is_near(distance, key.as_str()).then_some((distance, entry.name.clone()))
    });
    near.min().map(|(_, name)| name)
}
