//! The dry run before tightening: which requests of the evidence would these policies deny?

use std::collections::BTreeSet;

use super::fit::Asked;
use super::present::PresentPolicies;
use super::verdict::{Verdict, decide};
use crate::aggregator::{Observation, Origin, Usage, UsedRequest};
use crate::iam::{ActionClause, PrincipalArn, Resource, ResourceClause};

/// Every request of the evidence with what the policies decide.
#[derive(Clone, Debug)]
pub struct Replay<'u> {
    pub principal: PrincipalArn,
    /// In the order of the evidence's own keys.
    pub requests: Vec<Replayed<'u>>,
}

/// One request.
#[derive(Clone, Debug)]
pub struct Replayed<'u> {
    pub request: &'u UsedRequest,
    pub observation: &'u Observation,
    pub verdict: Verdict,
    /// Allowed by patterns alone: no statement names the action and the resource as they are.
    pub by_pattern: BTreeSet<String>,
}

impl Replayed<'_> {
    /// AWS denied it in the records already.
    pub fn was_denied(&self) -> bool {
        self.observation.origin == Origin::Denied
    }
}

impl<'u> Replay<'u> {
    /// Requests that would be denied.
    pub fn refused(&self) -> impl Iterator<Item = &Replayed<'u>> {
        self.requests.iter().filter(|one| one.verdict.is_refusal())
    }

    /// Requests whose fate the records do not settle.
    pub fn open(&self) -> impl Iterator<Item = &Replayed<'u>> {
        self.requests.iter().filter(|one| matches!(one.verdict, Verdict::Depends(_)))
    }

    /// Requests that are allowed by patterns alone.
    pub fn allowed_by_pattern(&self) -> impl Iterator<Item = &Replayed<'u>> {
        self.requests.iter().filter(|one| !one.by_pattern.is_empty())
    }
}

/// Puts every request of the evidence to the policies.
pub fn replay<'u>(present: &PresentPolicies, usage: &'u Usage) -> Replay<'u> {
    let one = |(request, observation): (&'u UsedRequest, &'u Observation)| {
        let verdict = decide(present, &Asked::of(usage, request, observation));
        let by_pattern = match &verdict {
            Verdict::Allowed(by) => patterns(present, request, by),
            _ => BTreeSet::new(),
        };
        Replayed { request, observation, verdict, by_pattern }
    };
    Replay { principal: usage.principal.clone(), requests: usage.requests.iter().map(one).collect() }
}

/// The patterns that allow it; empty if some statement names action and resource as they are.
fn patterns(present: &PresentPolicies, request: &UsedRequest, by: &BTreeSet<(usize, usize)>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (policy, index) in by {
        let statement = present.identity.get(*policy).and_then(|policy| policy.document.statements.get(*index));
        let Some(statement) = statement else { continue };
        let (ActionClause::Action(actions), ResourceClause::Resource(resources)) =
            (&statement.actions, &statement.resources)
        else {
            found.insert(format!("{} with {}", statement.actions.element(), statement.resources.element()));
            continue;
        };
        let actions = actions.iter().filter(|pattern| pattern.matches(&request.action));
        let resources = resources.iter().filter(|pattern| pattern.matches_resource(&request.resource));
        for action in actions {
            for resource in resources.clone() {
                let named = match &request.resource {
                    Resource::Any => resource.is_any(),
                    Resource::Arn(arn) => resource.as_str() == arn.as_str(),
                };
                if named && !action.has_wildcard() {
                    return BTreeSet::new();
                }
                found.insert(format!("{action} on {resource}"));
            }
        }
    }
    found
}
