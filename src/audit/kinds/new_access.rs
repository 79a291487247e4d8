//! `new-access`: used for the first time since the last audit that the store knows of.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::idle::day;
use super::{count_events, resource_text, some_of, spare_severity};
use crate::aggregator::Certainty;
use crate::audit::case::{Case, RequestCase, Spoken};
use crate::audit::finding::Sketch;
use crate::audit::{Confidence, Finding, FindingKind};
use crate::iam::Action;

/// One finding for each action. Another resource of an action that was in use before is no new access: every deployment
/// makes some.
pub(crate) fn find(case: &Case<'_>, _: &mut Spoken) -> Vec<Finding> {
    let Some(last_audit) = case.options.last_audit else { return Vec::new() };
    let mut used: BTreeMap<&Action, Vec<&RequestCase<'_>>> = BTreeMap::new();
    let sure = |request: &&RequestCase<'_>| !request.was_denied() && request.observation.certainty == Certainty::Always;
    for request in case.requests.iter().filter(sure) {
        used.entry(&request.used.action).or_default().push(request);
    }
    let is_new = |requests: &[&RequestCase<'_>]| {
        requests.iter().all(|request| request.observation.evidence.first_seen > last_audit)
    };
    let new = used.into_iter().filter(|(_, requests)| is_new(requests));
    new.map(|(action, requests)| of_action(case, action, &requests, last_audit)).collect()
}

fn of_action(case: &Case<'_>, action: &Action, requests: &[&RequestCase<'_>], last_audit: Timestamp) -> Finding {
    let first = requests.iter().map(|request| request.observation.evidence.first_seen).min().unwrap_or(last_audit);
    let operations = some_of(requests.iter().flat_map(|request| &request.observation.operations), 3);
    let ids: Vec<&str> =
        requests.iter().flat_map(|request| &request.observation.evidence.samples).map(|(_, id)| &**id).collect();
    let mut more = vec![format!("{} since ({operations})", count_events(requests))];
    if !ids.is_empty() {
        more.push(format!("events {}", some_of(ids, 3)));
    }
    let resources = some_of(requests.iter().map(|request| resource_text(&request.used.resource)), 4);
    let sketch = Sketch {
        kind: FindingKind::NewAccess,
        severity: spare_severity(case, [action]),
        confidence: Confidence::High,
        place: None,
        subject: action.to_string(),
        message: format!("`{action}` was used on {resources} for the first time since the last audit"),
        because: format!("first used {}, last audit {}", day(first), day(last_audit)),
        more,
        remedy: "see that the change behind it was meant; the next recorded audit takes it as known".to_owned(),
    };
    sketch.finish(case.role())
}
