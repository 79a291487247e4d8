//! `denied-in-use`: these policies allow it, and AWS denied it because of another policy. Where denials were asked for as
//! evidence, also what AWS denied for want of an allow and these policies still do not allow.

use std::collections::{BTreeMap, BTreeSet};

use super::{count_events, events_text, resource_text, some_of};
use crate::aggregator::Evidence;
use crate::audit::case::{Case, RequestCase, Spoken};
use crate::audit::finding::Sketch;
use crate::audit::fit::Asked;
use crate::audit::{Confidence, Finding, FindingKind, Place, PresentPolicies, Severity, Verdict, decide};
use crate::cloudtrail::{Denial, PolicyType};
use crate::iam::{Action, ActionPattern, Context, Effect, Request, Resource};

/// One finding for each action and type of policy.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let mut findings = by_other_policies(case, spoken);
    findings.extend(still_not_allowed(case, spoken));
    findings
}

/// A denial by a policy of another type.
struct Blocked<'u> {
    denial: &'u Denial,
    evidence: &'u Evidence,
    verdict: Verdict,
}

fn by_other_policies(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let own = PresentPolicies::of_identity(case.present.identity.clone());
    let mut blocked: BTreeMap<(&Action, PolicyType), Vec<Blocked<'_>>> = BTreeMap::new();
    for (call, evidence) in &case.usage.coverage.denied {
        let denial = &call.denial;
        let (Some(action), Some(kind)) = (&denial.action, denial.policy_type) else { continue };
        let resource = denial.resource.clone().unwrap_or(Resource::Any);
        if kind == PolicyType::IdentityBased || spoken.requests.contains(&(action.clone(), resource.clone())) {
            continue;
        }
        let has_holes = denial.resource.is_none();
        let request = Request { action: action.clone(), resource, context: Context::new() };
        let verdict = decide(&own, &Asked { request, has_holes, tagged: None });
        if !verdict.is_refusal() {
            blocked.entry((action, kind)).or_default().push(Blocked { denial, evidence, verdict });
        }
    }
    let findings = blocked.iter().filter_map(|((action, kind), calls)| of_type(case, action, *kind, calls)).collect();
    for (action, _) in blocked.keys() {
        tell(case, spoken, action);
    }
    findings
}

/// Where nothing else of the action was seen, that it was not used is told here.
fn tell(case: &Case<'_>, spoken: &mut Spoken, action: &Action) {
    let named = ActionPattern::from(action);
    for (at, one) in case.statements.iter().enumerate().filter(|(_, one)| one.statement.effect == Effect::Allow) {
        let used = case.requests_of(one).any(|request| request.used.action == *action);
        if one.statement.actions.patterns().contains(&named) && !used {
            spoken.actions.insert((at, named.clone()));
            spoken.settle(at, one);
        }
    }
}

fn of_type(case: &Case<'_>, action: &Action, kind: PolicyType, calls: &[Blocked<'_>]) -> Option<Finding> {
    let first = calls.first()?;
    let events: u64 = calls.iter().map(|call| call.evidence.events).sum();
    let ids = calls.iter().flat_map(|call| &call.evidence.samples).map(|(_, id)| &**id);
    let how = if calls.iter().any(|call| call.denial.explicit) { "explicitly" } else { "for want of an allow there" };
    let on = some_of(calls.iter().filter_map(|call| call.denial.resource.as_ref()).map(resource_text), 3);
    let by = type_name(kind);
    let (place, confidence) = match &first.verdict {
        Verdict::Allowed(by) => (allowing_place(case, by), Confidence::High),
        _ => (None, Confidence::Medium),
    };
    let sketch = Sketch {
        kind: FindingKind::DeniedInUse,
        severity: Severity::Low,
        confidence,
        place,
        subject: format!("{action} by {by}"),
        message: format!("`{action}` is allowed here, and {by} denied it {how}"),
        because: format!("denied in {} (such as {})", events_text(events), some_of(ids, 3)),
        more: if on.is_empty() { Vec::new() } else { vec![format!("on {on}")] },
        remedy: format!("mend {by}, or take `{action}` away: as things stand it is of no use"),
    };
    Some(sketch.finish(case.role()))
}

fn still_not_allowed(case: &Case<'_>, spoken: &Spoken) -> Vec<Finding> {
    let mut denied: BTreeMap<&Action, Vec<&RequestCase<'_>>> = BTreeMap::new();
    for request in case.requests.iter().filter(|request| request.verdict.is_refusal() && request.was_denied()) {
        if !spoken.requests.contains(&(request.used.action.clone(), request.used.resource.clone())) {
            denied.entry(&request.used.action).or_default().push(request);
        }
    }
    denied.into_iter().filter_map(|(action, requests)| of_want(case, action, &requests)).collect()
}

fn of_want(case: &Case<'_>, action: &Action, requests: &[&RequestCase<'_>]) -> Option<Finding> {
    let first = requests.first()?;
    let resources = some_of(requests.iter().map(|request| resource_text(&request.used.resource)), 4);
    let sketch = Sketch {
        kind: FindingKind::DeniedInUse,
        severity: Severity::Low,
        confidence: Confidence::High,
        place: None,
        subject: format!("{action} by an identity-based policy"),
        message: format!("`{action}` was denied on {resources} for want of an allow, and still would be"),
        because: format!("denied in {}", count_events(requests)),
        more: vec![super::missing_permission::refusal(case, &first.verdict)],
        remedy: format!("allow `{action}` on {resources} if the role is to do that"),
    };
    Some(sketch.finish(case.role()))
}

fn allowing_place(case: &Case<'_>, by: &BTreeSet<(usize, usize)>) -> Option<Place> {
    let (policy, statement) = by.first()?;
    Some(case.present.identity.get(*policy)?.place(*statement))
}

/// With an article, as it stands in a sentence.
fn type_name(kind: PolicyType) -> &'static str {
    match kind {
        PolicyType::IdentityBased => "an identity-based policy",
        PolicyType::ResourceBased => "a resource-based policy",
        PolicyType::PermissionsBoundary => "a permissions boundary",
        PolicyType::Session => "a session policy",
        PolicyType::ServiceControl => "a service control policy",
        PolicyType::ResourceControl => "a resource control policy",
        PolicyType::VpcEndpoint => "a VPC endpoint policy",
        PolicyType::RoleTrust => "a role trust policy",
    }
}
