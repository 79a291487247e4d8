//! What AWS said it checked, and the statement that was meant for it and does not match.
//!
//! The case that this tool was made for: a policy allows `eks:TagResource` on `addon/*/*/*`, as the console writes it, and
//! AWS checks the tags of `CreateAddon` on `/createaddon`, which no reference names.

use std::collections::{BTreeMap, BTreeSet};

use super::Dead;
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::fit::names;
use crate::audit::{Confidence, Finding};
use crate::iam::{Action, Arn, ArnPattern, Effect, Resource, ResourceClause};

/// A resource that is named in no reference and that these policies refuse.
struct Odd {
    action: Action,
    arn: Arn,
    /// What the records say of it.
    said: String,
}

/// One finding for each resource of a statement that was meant for what AWS checks.
pub(super) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let odd = odd_resources(case);
    let mut findings = Vec::new();
    for (at, one) in case.statements.iter().enumerate() {
        let ResourceClause::Resource(patterns) = &one.statement.resources else { continue };
        if one.statement.effect != Effect::Allow {
            continue;
        }
        let mut missed: BTreeMap<&ArnPattern, Vec<&Odd>> = BTreeMap::new();
        for odd in odd.iter().filter(|odd| names(&one.statement.actions, &odd.action)) {
            spoken.requests.insert((odd.action.clone(), Resource::Arn(odd.arn.clone())));
            for pattern in meant(case, patterns, odd) {
                missed.entry(pattern).or_default().push(odd);
            }
        }
        for (pattern, odd) in missed {
            let told = match super::resource_was_met(case, one, pattern) {
                true => &mut spoken.missing_their_aim,
                false => &mut spoken.resources,
            };
            told.insert((at, pattern.clone()));
            findings.push(dead(case, one, pattern, &odd));
        }
        spoken.settle(at, one);
    }
    findings
}

/// What AWS named or checked on an ARN of no known type, and these policies do not allow.
fn odd_resources(case: &Case<'_>) -> Vec<Odd> {
    let unknown = |action: &Action, arn: &Arn| {
        let pattern = ArnPattern::literal(arn);
        !pattern.has_wildcard()
            && case.shapes.has_shapes(action.service())
            && case.shapes.types(action.service(), &pattern).is_empty()
    };
    let refused = |action: &Action, arn: &Arn| {
        let known = case.requests.iter().find(|request| {
            request.used.action == *action && matches!(&request.used.resource, Resource::Arn(one) if one == arn)
        });
        match known {
            Some(request) => request.verdict.is_refusal(),
            None => !case.statements.iter().any(|one| {
                one.statement.effect == Effect::Allow
                    && names(&one.statement.actions, action)
                    && one.statement.resources.patterns().iter().any(|pattern| pattern.matches(arn))
            }),
        }
    };
    let mut found: BTreeMap<(Action, Arn), String> = BTreeMap::new();
    for (call, evidence) in &case.usage.coverage.denied {
        if let (Some(action), Some(Resource::Arn(arn))) = (&call.denial.action, &call.denial.resource) {
            let ids: Vec<&str> = evidence.samples.iter().map(|(_, id)| &**id).collect();
            let said = format!("AWS denied {} on `{arn}` (event {})", call.event_name, ids.join(", "));
            found.insert((action.clone(), arn.clone()), said);
        }
    }
    for request in &case.requests {
        if let Resource::Arn(arn) = &request.used.resource {
            let key = (request.used.action.clone(), arn.clone());
            found.entry(key).or_insert_with(|| format!("AWS checks it on `{arn}`"));
        }
    }
    let odd = found.into_iter().filter(|((action, arn), _)| unknown(action, arn) && refused(action, arn));
    odd.map(|((action, arn), said)| Odd { action, arn, said }).collect()
}

/// The resources of a statement that were meant: those whose type stands in the name that AWS checks (`addon` in
/// `/createaddon`), or else all that the action takes.
fn meant<'p>(case: &Case<'_>, patterns: &'p BTreeSet<ArnPattern>, odd: &Odd) -> Vec<&'p ArnPattern> {
    let service = odd.action.service();
    let name = odd.arn.resource().to_ascii_lowercase();
    let of_name = |pattern: &&ArnPattern| {
        let types = case.shapes.types(service, pattern);
        !types.is_empty() && types.iter().all(|kind| name.contains(&kind.to_ascii_lowercase()))
    };
    let named: Vec<&ArnPattern> = patterns.iter().filter(of_name).collect();
    if !named.is_empty() {
        return named;
    }
    let entry = case.catalog.action(&odd.action);
    patterns.iter().filter(|pattern| entry.is_some_and(|entry| case.shapes.takes(entry, pattern))).collect()
}

fn dead(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ArnPattern, odd: &[&Odd]) -> Finding {
    let arns: BTreeSet<String> = odd.iter().map(|odd| odd.arn.to_string()).collect();
    let actions: BTreeSet<String> = odd.iter().map(|odd| odd.action.to_string()).collect();
    let quoted: Vec<String> = arns.iter().map(|arn| format!("`{arn}`")).collect();
    let mut said = odd.iter().map(|odd| odd.said.clone());
    let dead = Dead {
        place: one.place_of_resource(pattern),
        subject: pattern.to_string(),
        message: format!(
            "`{pattern}` never matches {}, on which AWS checks {}",
            quoted.join(", "),
            actions.into_iter().collect::<Vec<_>>().join(", ")
        ),
        because: said.next().unwrap_or_default(),
        more: said.collect(),
        remedy: format!("add {} to the statement", quoted.join(", ")),
        confidence: Confidence::High,
    };
    dead.finish(case, one.statement.effect)
}
