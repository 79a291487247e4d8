//! `unused-service`: no action of a service that the policies name was used.

use std::collections::BTreeMap;

use super::idle::{idle, would_show};
use super::{some_of, spare_severity};
use crate::audit::case::{Case, Spoken};
use crate::audit::finding::Sketch;
use crate::audit::{Finding, FindingKind, Severity};
use crate::iam::{Action, ActionClause, ActionPattern, Effect};

/// One finding for each service.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let mut services: BTreeMap<&str, Vec<(usize, &ActionPattern)>> = BTreeMap::new();
    for (at, one) in case.statements.iter().enumerate() {
        let ActionClause::Action(patterns) = &one.statement.actions else { continue };
        if one.statement.effect != Effect::Allow || spoken.statements.contains(&at) {
            continue;
        }
        for pattern in patterns.iter().filter(|pattern| !spoken.actions.contains(&(at, (*pattern).clone()))) {
            match pattern.service() {
                Some(service) if !service.contains(['*', '?']) => {
                    services.entry(service).or_default().push((at, pattern));
                }
                _ => {}
            }
        }
    }
    let findings = services.into_iter().filter_map(|(service, granted)| of_service(case, spoken, service, &granted));
    findings.collect()
}

fn of_service(
    case: &Case<'_>,
    spoken: &mut Spoken,
    service: &str,
    granted: &[(usize, &ActionPattern)],
) -> Option<Finding> {
    let of_service = case.requests.iter().filter(|request| request.used.action.service() == service);
    let idle = idle(case, of_service)?;
    let (first, pattern) = granted.first()?;
    // What the records would not show may have been used: nothing is said of the whole service then.
    if !granted.iter().all(|(_, pattern)| would_show(case, pattern)) {
        return None;
    }
    let actions: Vec<Action> =
        granted.iter().flat_map(|(_, pattern)| case.actions(pattern)).map(|entry| entry.action.clone()).collect();
    spoken.actions.extend(granted.iter().map(|(at, pattern)| (*at, (*pattern).clone())));
    let name = case.catalog.service_name(service).unwrap_or(service);
    let opened = spoken.opened.remove(service).unwrap_or_default();
    let severity = if opened.is_empty() { Severity::Informational } else { Severity::High };
    let mut more = vec![format!("granted: {}", some_of(granted.iter().map(|(_, pattern)| pattern), 8))];
    more.extend(opened.iter().map(|path| format!("leads further: {path}")));
    let sketch = Sketch {
        kind: FindingKind::UnusedService,
        severity: spare_severity(case, &actions).max(severity),
        confidence: idle.confidence,
        place: case.statements.get(*first).map(|one| one.place_of_action(pattern)),
        subject: service.to_owned(),
        message: format!("no action of {name} (`{service}`) was used"),
        because: idle.because,
        more,
        remedy: format!("take the actions of `{service}` away"),
    };
    // The id of a service does not depend on where it stands first.
    let place = sketch.place.clone();
    Some(Finding { place, ..Sketch { place: None, ..sketch }.finish(case.role()) })
}
