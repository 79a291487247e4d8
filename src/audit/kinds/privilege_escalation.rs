//! `privilege-escalation`: what the policies allow together leads to more than they say.
//!
//! A path that is as open under the tightest policy for the same evidence is no fault of these policies: the role's work
//! needs every step of it. Such paths are told only on request.

use std::collections::{BTreeMap, BTreeSet};

use super::idle::would_show;
use super::some_of;
use crate::audit::case::{Case, Spoken};
use crate::audit::escalation::{Layers, Needs, Path, Taken, open, paths};
use crate::audit::finding::Sketch;
use crate::audit::{Confidence, Finding, FindingKind, Place, Severity};
use crate::iam::{Action, ActionPattern, Decision, Effect, PolicyDocument, Request, Resource, evaluate};

/// An open path.
struct Found {
    path: &'static Path,
    steps: Vec<Taken>,
    /// The tightest policy has every step.
    needed: bool,
}

impl Found {
    fn actions(&self) -> BTreeSet<&Action> {
        actions_of(&self.steps)
    }
}

fn actions_of(steps: &[Taken]) -> BTreeSet<&Action> {
    steps.iter().map(|step| &step.action).collect()
}

/// One finding for each family of paths: its shortest, with the others in the evidence.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let judge = case.present.judge();
    let mut layers: Vec<&[PolicyDocument]> = vec![&judge.identity];
    layers.extend(judge.boundary.as_deref());
    layers.extend(judge.scps.iter().map(Vec::as_slice));
    let present = Layers::new(case.role(), layers, case.catalog);
    let tight: Vec<PolicyDocument> = case
        .tight
        .iter()
        .flat_map(crate::reducer::VerifiedPolicy::policies)
        .map(|policy| policy.document.clone())
        .collect();
    let tight = Layers::new(case.role(), vec![&tight], case.catalog);
    let mut found: Vec<Found> = Vec::new();
    let possible = paths().iter().filter(|path| path.needs != Some(Needs::Boundary) || case.present.boundary.is_some());
    for path in possible {
        let Some(steps) = open(path, &present) else { continue };
        let needed = open(path, &tight).is_some();
        // A path that only adds steps to a shorter one is closed with it. Shorter paths come first.
        let longer = found.iter().any(|other| other.needed == needed && other.actions().is_subset(&actions_of(&steps)));
        if longer || (needed && !case.options.include_needed) {
            continue;
        }
        let one = Found { path, steps, needed };
        match idle_service(case, &judge.identity, &one) {
            Some(service) => spoken.opened.entry(service).or_default().push(summary(&one)),
            None => found.push(one),
        }
    }
    let mut families: BTreeMap<&str, Vec<Found>> = BTreeMap::new();
    for one in found {
        families.entry(&one.path.family).or_default().push(one);
    }
    families.into_values().filter_map(|found| of_family(case, spoken, &judge.identity, &found)).collect()
}

/// The service that opens the path alone, by a pattern over its actions, and of which nothing was used: taking it away is
/// advised in any case, and the path is told there. Not for IAM itself, which is never lightly told.
fn idle_service(case: &Case<'_>, identity: &[PolicyDocument], found: &Found) -> Option<String> {
    let service = found.steps.first()?.action.service();
    let by_pattern = |step: &Taken| {
        let place = allowing_place(case, identity, step);
        let mut here = case.statements.iter().filter(|one| place.as_ref() == Some(&one.place()));
        here.any(|one| {
            let fitting = one.statement.actions.patterns().iter().filter(|pattern| pattern.matches(&step.action));
            let own = |pattern: &ActionPattern| pattern.service() == Some(service) && would_show(case, pattern);
            fitting.clone().all(own) && !one.statement.actions.names_literally(&step.action)
        })
    };
    let unused = case.requests.iter().all(|request| request.used.action.service() != service);
    let alone = found.steps.iter().all(|step| step.action.service() == service);
    (service != "iam" && unused && alone && found.steps.iter().all(by_pattern)).then(|| service.to_owned())
}

/// The shortest path that the evidence does not need, or else the shortest.
fn of_family(case: &Case<'_>, spoken: &mut Spoken, identity: &[PolicyDocument], found: &[Found]) -> Option<Finding> {
    let told = found.iter().find(|found| !found.needed).or(found.first())?;
    let steps: Vec<(Option<Place>, String)> = told
        .steps
        .iter()
        .enumerate()
        .map(|(at, step)| {
            let place = allowing_place(case, identity, step);
            let by = place.as_ref().map(|place| format!(", by {}", place.describe())).unwrap_or_default();
            let text = format!("{}. {} on `{}`{}{by}", at + 1, step.action, step.resource, context_text(step));
            (place, text)
        })
        .collect();
    let place = steps.first().and_then(|(place, _)| place.clone());
    let mut lines = steps.into_iter().map(|(_, text)| text);
    let because = lines.next()?;
    let mut more: Vec<String> = lines.collect();
    let others = found.iter().filter(|other| other.path.name != told.path.name);
    more.extend(others.take(MOST_OTHERS).map(|other| format!("also open: {}", summary(other))));
    if let Some(left @ 1..) = found.len().checked_sub(MOST_OTHERS + 1) {
        more.push(format!("also open: {left} more paths to the same end"));
    }
    let unused = unused_steps(case, spoken, told);
    if !unused.is_empty() {
        more.push(format!("not used: {}", some_of(unused, 4)));
    }
    if told.needed {
        let whose = match case.options.complete_lifecycle {
            true => "the evidence, or the lifecycle of what the role created,",
            false => "the evidence",
        };
        more.push(format!("{whose} needs every step: no tighter policy closes it"));
    }
    more.push(format!("described at {}", told.path.source.join(", ")));
    let sketch = Sketch {
        kind: FindingKind::PrivilegeEscalation,
        severity: if told.needed { Severity::Medium } else { Severity::High },
        confidence: Confidence::High,
        place: None,
        subject: told.path.family.clone(),
        message: summary(told),
        because,
        more,
        remedy: remedy(told.path),
    };
    // The id is that of the family, wherever its first step is allowed.
    Some(Finding { place, needed: told.needed, ..sketch.finish(case.role()) })
}

/// Other paths of the family that are told in full.
const MOST_OTHERS: usize = 8;

/// What it takes and what is gained. An action that acts on two things is named once.
fn summary(found: &Found) -> String {
    let mut actions: Vec<String> = found.steps.iter().map(|step| step.action.to_string()).collect();
    actions.dedup();
    format!("{}: {}", actions.join(" + "), found.path.goal)
}

/// Steps that nothing in the records needed. They are told of here: each is as good a place to close the path as any.
fn unused_steps(case: &Case<'_>, spoken: &mut Spoken, told: &Found) -> BTreeSet<Action> {
    let mut unused = BTreeSet::new();
    for step in &told.steps {
        for (at, one) in case.statements.iter().enumerate().filter(|(_, one)| one.statement.effect == Effect::Allow) {
            let named = ActionPattern::from(&step.action);
            let used = case.requests_of(one).any(|request| request.used.action == step.action);
            if one.statement.actions.patterns().contains(&named) && !used {
                spoken.actions.insert((at, named));
                spoken.settle(at, one);
                unused.insert(step.action.clone());
            }
        }
    }
    unused
}

fn remedy(path: &Path) -> String {
    let keys: BTreeSet<&str> =
        path.steps.iter().flat_map(|step| step.with.keys().chain(&step.without)).map(String::as_str).collect();
    match keys.is_empty() {
        true => "take one step away, or name the resources that it is for".to_owned(),
        false => format!("take one step away, or tie it down with a condition on {}", some_of(keys, 4)),
    }
}

fn allowing_place(case: &Case<'_>, identity: &[PolicyDocument], step: &Taken) -> Option<Place> {
    let resource = match step.resource.as_str() {
        "*" => Resource::Any,
        text => Resource::Arn(text.parse().ok()?),
    };
    let request = Request { action: step.action.clone(), resource, context: step.context.clone() };
    match evaluate(identity, &request) {
        Decision::Allow { policy, statement } => Some(case.present.identity.get(policy)?.place(statement)),
        Decision::Deny { .. } | Decision::ImplicitDeny => None,
    }
}

/// The keys of the request that make it dangerous.
fn context_text(step: &Taken) -> String {
    let own = step.context.iter().filter(|(key, _)| !key.folded().starts_with("aws:principal"));
    let text: Vec<String> = own.map(|(key, value)| format!("{key} = {}", value.values().join(", "))).collect();
    if text.is_empty() { String::new() } else { format!(" ({})", text.join("; ")) }
}
