//! `wider-resource`: a resource stands for more than its actions were used on.
//!
//! What is needed is what the reducer would write for the same evidence: ids and names that change from run to run are
//! generalised there, so that a policy is not called too wide for what the next run needs.

use std::collections::{BTreeMap, BTreeSet};

use super::{some_of, spare_severity};
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::finding::Sketch;
use crate::audit::{Confidence, Finding, FindingKind};
use crate::iam::{Action, ArnPattern, Effect, ResourceClause};

/// One finding for each resource of a statement.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let needed = needed(case);
    let mut findings = Vec::new();
    for (at, one) in case.statements.iter().enumerate() {
        if one.statement.effect != Effect::Allow || spoken.statements.contains(&at) {
            continue;
        }
        let used = used_actions(case, spoken, at, one);
        match &one.statement.resources {
            ResourceClause::Resource(patterns) => {
                let untold = patterns.iter().filter(|pattern| {
                    let part = (at, (*pattern).clone());
                    !spoken.resources.contains(&part) && !spoken.missing_their_aim.contains(&part)
                });
                findings.extend(untold.filter_map(|pattern| of_resource(case, one, pattern, &used, &needed)));
            }
            ResourceClause::NotResource(patterns) if !used.is_empty() => {
                findings.push(all_but(case, one, patterns, &used));
            }
            ResourceClause::NotResource(_) => {}
        }
    }
    findings
}

/// What the evidence needs: for each action the patterns that the tightest policy has.
fn needed<'c>(case: &'c Case<'_>) -> BTreeMap<&'c Action, BTreeSet<ArnPattern>> {
    let mut needed: BTreeMap<&Action, BTreeSet<ArnPattern>> = BTreeMap::new();
    match &case.tight {
        Some(tight) => {
            for grant in tight.grants() {
                needed.entry(&grant.action).or_default().insert(grant.resource.clone());
            }
        }
        None => {
            for request in &case.requests {
                let pattern = match &request.used.resource {
                    crate::iam::Resource::Any => ArnPattern::any(),
                    crate::iam::Resource::Arn(arn) => ArnPattern::literal(arn),
                };
                needed.entry(&request.used.action).or_default().insert(pattern);
            }
        }
    }
    needed
}

fn used_actions(case: &Case<'_>, spoken: &Spoken, at: usize, one: &StatementCase<'_>) -> BTreeSet<Action> {
    let told =
        |action: &Action| spoken.actions.iter().any(|(statement, pattern)| *statement == at && pattern.matches(action));
    let actions = case.requests_of(one).map(|request| request.used.action.clone());
    actions.filter(|action| !told(action)).collect()
}

fn of_resource(
    case: &Case<'_>,
    one: &StatementCase<'_>,
    pattern: &ArnPattern,
    used: &BTreeSet<Action>,
    needed: &BTreeMap<&Action, BTreeSet<ArnPattern>>,
) -> Option<Finding> {
    if pattern.has_variable() && pattern.as_str().contains("${aws:") {
        return None;
    }
    let takes = |action: &&Action| {
        pattern.is_any() || case.catalog.action(action).is_none_or(|entry| case.shapes.takes(entry, pattern))
    };
    let none = BTreeSet::new();
    let needs = |action: &Action| needed.get(action).unwrap_or(&none);
    let spare: Vec<&Action> =
        used.iter().filter(takes).filter(|action| !needs(action).iter().any(|needed| needed.covers(pattern))).collect();
    if spare.is_empty() {
        return None;
    }
    let on: BTreeSet<&ArnPattern> =
        spare.iter().flat_map(|action| needs(action)).filter(|needed| pattern.covers(needed)).collect();
    let were = if spare.len() == 1 { "was" } else { "were" };
    let because = match on.is_empty() {
        true => format!("{} {were} used, and never on it", some_of(&spare, 4)),
        false => format!("{} {were} used on {}", some_of(&spare, 4), some_of(&on, 4)),
    };
    let narrowed = !one.statement.conditions.is_empty();
    let more = match narrowed {
        true => vec!["conditions of the statement may narrow it".to_owned()],
        false => Vec::new(),
    };
    let remedy = match on.is_empty() {
        true => "take the resource away".to_owned(),
        false => format!("write {}", some_of(&on, 8)),
    };
    let sketch = Sketch {
        kind: FindingKind::WiderResource,
        severity: spare_severity(case, spare.iter().copied()),
        confidence: if narrowed { Confidence::Medium } else { Confidence::High },
        place: Some(one.place_of_resource(pattern)),
        subject: pattern.to_string(),
        message: format!("`{pattern}` is wider than what was used"),
        because,
        more,
        remedy,
    };
    Some(sketch.finish(case.role()))
}

fn all_but(
    case: &Case<'_>,
    one: &StatementCase<'_>,
    patterns: &BTreeSet<ArnPattern>,
    used: &BTreeSet<Action>,
) -> Finding {
    let sketch = Sketch {
        kind: FindingKind::WiderResource,
        severity: spare_severity(case, used),
        confidence: Confidence::High,
        place: Some(one.place()),
        subject: format!("all but {}", some_of(patterns, usize::MAX)),
        message: format!("`NotResource` stands for everything but {}", some_of(patterns, 3)),
        because: format!("used: {}", some_of(used, 6)),
        more: Vec::new(),
        remedy: "name the resources that are used with `Resource`".to_owned(),
    };
    sketch.finish(case.role())
}
