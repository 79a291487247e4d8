//! `missing-permission`: the records show it used, and the policies that were given do not allow it.

use std::collections::BTreeMap;

use super::{count_events, policy_layer, resource_text, some_of};
use crate::aggregator::Certainty;
use crate::audit::case::{Case, RequestCase, Spoken};
use crate::audit::finding::Sketch;
use crate::audit::{Confidence, Finding, FindingKind, Place, Severity, Verdict};
use crate::iam::{Action, Layer};

/// One finding for each action.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let mut missing: BTreeMap<&Action, Vec<&RequestCase<'_>>> = BTreeMap::new();
    for request in case.requests.iter().filter(|request| request.verdict.is_refusal() && !request.was_denied()) {
        let told = spoken.requests.contains(&(request.used.action.clone(), request.used.resource.clone()));
        if !told {
            missing.entry(&request.used.action).or_default().push(request);
        }
    }
    missing.into_iter().filter_map(|(action, requests)| of_action(case, action, &requests)).collect()
}

fn of_action(case: &Case<'_>, action: &Action, requests: &[&RequestCase<'_>]) -> Option<Finding> {
    let first = requests.first()?;
    let sometimes = requests.iter().find_map(|request| match &request.observation.certainty {
        Certainty::Sometimes(when) => Some(when.clone()),
        Certainty::Always => None,
    });
    let always = requests.iter().any(|request| request.observation.certainty == Certainty::Always);
    let operations = some_of(requests.iter().flat_map(|request| &request.observation.operations), 3);
    let ids: Vec<&str> =
        requests.iter().flat_map(|request| &request.observation.evidence.samples).map(|(_, id)| &**id).collect();
    let mut more = vec![refusal(case, &first.verdict)];
    more.extend(sometimes.filter(|_| !always).map(|when| format!("needed only sometimes: {when}")));
    if !ids.is_empty() {
        more.push(format!("events {}", some_of(ids, 3)));
    }
    let resources = some_of(requests.iter().map(|request| resource_text(&request.used.resource)), 4);
    let sketch = Sketch {
        kind: FindingKind::MissingPermission,
        severity: if always { Severity::Medium } else { Severity::Low },
        confidence: if always { Confidence::High } else { Confidence::Low },
        place: denying_place(case, &first.verdict),
        subject: action.to_string(),
        message: format!("`{action}` was used on {resources} and is not allowed"),
        because: format!("{} ({operations})", count_events(requests)),
        more,
        remedy: format!("allow `{action}` on {resources}"),
    };
    Some(sketch.finish(case.role()))
}

/// Who refuses it.
pub(super) fn refusal(case: &Case<'_>, verdict: &Verdict) -> String {
    match verdict {
        Verdict::Denied { layer, policy, statement } => {
            let place = place_in(case, *layer, *policy, *statement).map(|place| place.describe());
            format!("denied by {} {}", policy_layer(*layer), place.unwrap_or_default())
        }
        Verdict::NotAllowed { layer: Layer::Identity } => "no statement allows it".to_owned(),
        Verdict::NotAllowed { layer } => format!("no statement of {} allows it", policy_layer(*layer)),
        Verdict::Allowed(_) | Verdict::Depends(_) => String::new(),
    }
}

fn denying_place(case: &Case<'_>, verdict: &Verdict) -> Option<Place> {
    match verdict {
        Verdict::Denied { layer, policy, statement } => place_in(case, *layer, *policy, *statement),
        _ => None,
    }
}

fn place_in(case: &Case<'_>, layer: Layer, policy: usize, statement: usize) -> Option<Place> {
    let policies = match layer {
        Layer::Identity => Some(&case.present.identity),
        Layer::Boundary => case.present.boundary.as_ref(),
        Layer::ServiceControl { level } => case.present.scps.get(level),
    };
    Some(policies?.get(policy)?.place(statement))
}
