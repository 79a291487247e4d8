//! `unused-statement`: no request needed anything of a statement.

use super::idle::{idle, would_show};
use super::{some_of, spare_severity};
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::finding::Sketch;
use crate::audit::{Finding, FindingKind};
use crate::iam::{Action, ActionClause, Effect};

/// One finding for each statement.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, one) in case.statements.iter().enumerate() {
        let untold = !spoken.statements.contains(&at) && !spoken.actions.iter().any(|(statement, _)| *statement == at);
        if one.statement.effect != Effect::Allow || !untold {
            continue;
        }
        if let Some(finding) = of_statement(case, one) {
            spoken.statements.insert(at);
            findings.push(finding);
        }
    }
    findings
}

fn of_statement(case: &Case<'_>, one: &StatementCase<'_>) -> Option<Finding> {
    let ActionClause::Action(patterns) = &one.statement.actions else { return None };
    if patterns.is_empty() || !patterns.iter().all(|pattern| would_show(case, pattern)) {
        return None;
    }
    let idle = idle(case, case.requests_of(one))?;
    let actions: Vec<Action> =
        patterns.iter().flat_map(|pattern| case.actions(pattern)).map(|entry| entry.action.clone()).collect();
    let sketch = Sketch {
        kind: FindingKind::UnusedStatement,
        severity: spare_severity(case, &actions),
        confidence: idle.confidence,
        place: Some(one.place()),
        subject: some_of(patterns, usize::MAX),
        message: format!("nothing of the statement was used ({})", some_of(patterns, 4)),
        because: idle.because,
        more: vec![format!("on {}", some_of(one.statement.resources.patterns(), 4))],
        remedy: "take the statement away".to_owned(),
    };
    Some(sketch.finish(case.role()))
}
