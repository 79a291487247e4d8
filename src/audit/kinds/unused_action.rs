//! `unused-action`: an action of a statement was not used, others of it were.

use super::idle::{idle, would_show};
use super::{some_of, spare_severity};
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::finding::Sketch;
use crate::audit::{Finding, FindingKind};
use crate::iam::{Action, ActionClause, ActionPattern, Effect};

/// One finding for each action, or pattern over actions, of a statement.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, one) in case.statements.iter().enumerate() {
        let ActionClause::Action(patterns) = &one.statement.actions else { continue };
        if one.statement.effect != Effect::Allow || spoken.statements.contains(&at) {
            continue;
        }
        for pattern in patterns {
            if spoken.actions.contains(&(at, pattern.clone())) || !would_show(case, pattern) {
                continue;
            }
            if let Some(finding) = of_action(case, one, pattern) {
                spoken.actions.insert((at, pattern.clone()));
                findings.push(finding);
            }
        }
    }
    findings
}

fn of_action(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ActionPattern) -> Option<Finding> {
    let idle = idle(case, case.requests_of(one).filter(|request| pattern.matches(&request.used.action)))?;
    let actions: Vec<Action> = case.actions(pattern).iter().map(|entry| entry.action.clone()).collect();
    let elsewhere: Vec<String> = case
        .requests
        .iter()
        .filter(|request| pattern.matches(&request.used.action))
        .map(|request| super::resource_text(&request.used.resource))
        .collect();
    let more = match elsewhere.is_empty() {
        true => Vec::new(),
        false => vec![format!("used on other resources only: {}", some_of(elsewhere, 3))],
    };
    let sketch = Sketch {
        kind: FindingKind::UnusedAction,
        severity: spare_severity(case, &actions),
        confidence: idle.confidence,
        place: Some(one.place_of_action(pattern)),
        subject: pattern.to_string(),
        message: format!("`{pattern}` was not used"),
        because: idle.because,
        more,
        remedy: format!("take `{pattern}` out of the statement"),
    };
    Some(sketch.finish(case.role()))
}
