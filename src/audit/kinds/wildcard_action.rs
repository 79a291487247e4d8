//! `wildcard-action`: a pattern over actions allows more of them than were used.

use std::collections::BTreeSet;

use super::{some_of, spare_severity};
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::finding::Sketch;
use crate::audit::unlogged::why_not_shown;
use crate::audit::{Confidence, Finding, FindingKind, Severity};
use crate::iam::{Action, ActionClause, ActionPattern, Effect};

/// One finding for each pattern of a statement.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, one) in case.statements.iter().enumerate() {
        if one.statement.effect != Effect::Allow || spoken.statements.contains(&at) {
            continue;
        }
        match &one.statement.actions {
            ActionClause::Action(patterns) => {
                let wide = patterns.iter().filter(|pattern| pattern.has_wildcard());
                let untold = wide.filter(|pattern| !spoken.actions.contains(&(at, (*pattern).clone())));
                findings.extend(untold.filter_map(|pattern| of_pattern(case, one, pattern)));
            }
            ActionClause::NotAction(patterns) => findings.push(all_but(case, one, patterns)),
        }
    }
    findings
}

fn of_pattern(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ActionPattern) -> Option<Finding> {
    let used: BTreeSet<&Action> =
        case.requests_of(one).map(|request| &request.used.action).filter(|action| pattern.matches(action)).collect();
    let data_events = case.usage.coverage.data_events;
    let spare: Vec<Action> = case
        .actions(pattern)
        .into_iter()
        .map(|entry| entry.action.clone())
        .filter(|action| !used.contains(action) && why_not_shown(action, data_events).is_none())
        .collect();
    if used.is_empty() || spare.is_empty() {
        return None;
    }
    let names = some_of(&used, usize::MAX);
    let sketch = Sketch {
        kind: FindingKind::WildcardAction,
        severity: worse(spare_severity(case, &spare)),
        confidence: Confidence::High,
        place: Some(one.place_of_action(pattern)),
        subject: pattern.to_string(),
        message: format!("`{pattern}` allows {} actions more than the {} that were used", spare.len(), used.len()),
        because: format!("used: {}", some_of(&used, 8)),
        more: vec![format!("not used: {}", some_of(&spare, 8))],
        remedy: format!("write {names} in place of `{pattern}`"),
    };
    Some(sketch.finish(case.role()))
}

fn all_but(case: &Case<'_>, one: &StatementCase<'_>, patterns: &BTreeSet<ActionPattern>) -> Finding {
    let used: BTreeSet<&Action> = case.requests_of(one).map(|request| &request.used.action).collect();
    let sketch = Sketch {
        kind: FindingKind::WildcardAction,
        severity: Severity::High,
        confidence: Confidence::High,
        place: Some(one.place()),
        subject: format!("all but {}", some_of(patterns, usize::MAX)),
        message: format!("`NotAction` allows everything but {}", some_of(patterns, 4)),
        because: match used.is_empty() {
            true => "nothing of it was used".to_owned(),
            false => format!("used: {}", some_of(&used, 8)),
        },
        more: Vec::new(),
        remedy: "name the actions that are used with `Action`".to_owned(),
    };
    sketch.finish(case.role())
}

/// A pattern also takes what AWS adds tomorrow.
fn worse(severity: Severity) -> Severity {
    match severity {
        Severity::Informational => Severity::Low,
        Severity::Low => Severity::Medium,
        Severity::Medium | Severity::High => Severity::High,
    }
}
