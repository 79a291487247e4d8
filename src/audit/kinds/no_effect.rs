//! `redundant-statement` and `shadowed-by-deny`: statements that other statements leave without effect.

use super::of_no_effect::{NoEffect, effect_of};
use super::some_of;
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::diff::groups;
use crate::audit::finding::Sketch;
use crate::audit::{Confidence, Finding, FindingKind, Severity};
use crate::iam::{Action, Effect};

/// One finding for each statement, or each action that a deny takes back. Looks from the last statement to the first, so
/// that of two equal ones the first is kept.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let mut findings = Vec::new();
    let documents = case.present.judge().identity;
    let groups: Vec<Vec<Action>> = groups(&[&documents], case.catalog)
        .into_iter()
        .map(|group| group.actions.into_iter().chain(group.future).collect())
        .collect();
    for (at, one) in case.statements.iter().enumerate().rev() {
        if spoken.statements.contains(&at) {
            continue;
        }
        match effect_of(case, &groups, at, spoken) {
            None => {}
            Some(NoEffect::Redundant) if alone_allows(case, at) => {}
            Some(NoEffect::Redundant) => {
                spoken.statements.insert(at);
                findings.push(redundant(case, one));
            }
            Some(NoEffect::Shadowed) => {
                spoken.statements.insert(at);
                let what = some_of(one.statement.actions.patterns(), 4);
                let all = some_of(one.statement.actions.patterns(), usize::MAX);
                findings.push(shadowed(case, one, None, &all, &what));
            }
            Some(NoEffect::ShadowedActions(patterns)) => {
                for pattern in patterns {
                    let place = one.place_of_action(&pattern);
                    findings.push(shadowed(case, one, Some(place), pattern.as_str(), pattern.as_str()));
                    spoken.actions.insert((at, pattern));
                }
            }
        }
    }
    findings
}

/// Whether a record shows a request that no other statement speaks of. What AWS was seen to check outweighs the
/// reference, by which the action may never be checked on that resource (`eks:DescribeClusterVersions` on an ARN).
fn alone_allows(case: &Case<'_>, at: usize) -> bool {
    let Some(one) = case.statements.get(at).filter(|one| one.statement.effect == Effect::Allow) else { return false };
    let others = || case.statements.iter().enumerate().filter(|(other, _)| *other != at);
    one.requests.iter().any(|request| !others().any(|(_, other)| other.requests.contains(request)))
}

fn redundant(case: &Case<'_>, one: &StatementCase<'_>) -> Finding {
    let verb = match one.statement.effect {
        Effect::Allow => "allowed",
        Effect::Deny => "denied",
    };
    let sketch = Sketch {
        kind: FindingKind::RedundantStatement,
        severity: Severity::Informational,
        confidence: Confidence::High,
        place: Some(one.place()),
        subject: some_of(one.statement.actions.patterns(), usize::MAX),
        message: format!(
            "the statement changes nothing ({} on {})",
            some_of(one.statement.actions.patterns(), 3),
            some_of(one.statement.resources.patterns(), 2)
        ),
        because: format!("without it, the other statements have the same requests {verb}"),
        more: Vec::new(),
        remedy: "take the statement away".to_owned(),
    };
    sketch.finish(case.role())
}

fn shadowed(
    case: &Case<'_>,
    one: &StatementCase<'_>,
    place: Option<crate::audit::Place>,
    subject: &str,
    what: &str,
) -> Finding {
    let denies: Vec<String> = case
        .statements
        .iter()
        .filter(|other| other.statement.effect == Effect::Deny)
        .filter(|other| {
            let own = one.statement.actions.patterns().iter();
            own.clone().any(|pattern| other.statement.actions.patterns().iter().any(|deny| deny.intersects(pattern)))
        })
        .map(|other| other.place().describe())
        .collect();
    let sketch = Sketch {
        kind: FindingKind::ShadowedByDeny,
        severity: Severity::Low,
        confidence: Confidence::High,
        place: Some(place.unwrap_or_else(|| one.place())),
        subject: subject.to_owned(),
        message: format!("{what}: allowed here and denied again"),
        because: format!("every request that it allows is denied by {}", some_of(denies, 3)),
        more: Vec::new(),
        remedy: "take the allow away, or narrow the deny".to_owned(),
    };
    sketch.finish(case.role())
}
