//! What AWS's own words teach: a denial names the action and the resource that were checked, and corrects our reading of
//! the same call elsewhere in the log.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Few, Hole, HoleCause, Need, Observation, UsedRequest};
use crate::cloudtrail::Denial;
use crate::iam::{Action, ArnPattern, Resource};

/// Operation, action and our reading of the resource; `None` for the reading: every call of that operation.
type Key = (Arc<str>, Action, Option<Resource>);

/// A `*` in what AWS names stands for a whole type.
pub fn holes_of(resource: &Resource) -> Few<Hole> {
    let stars = matches!(resource, Resource::Arn(arn) if arn.as_str().contains('*'));
    let hole = || Hole { cause: HoleCause::ListResource, detail: "AWS names the whole type".to_owned() };
    stars.then(hole).into_iter().collect()
}

/// Corrections learned from denials.
#[derive(Debug, Default)]
pub struct Corrections(BTreeMap<Key, Resource>);

impl Corrections {
    /// Learns from a denial, given what the rules say the denied call needs.
    pub fn learn(&mut self, operation: &Arc<str>, denial: &Denial, needs: &[Need]) {
        let (Some(action), Some(Resource::Arn(named))) = (&denial.action, &denial.resource) else { return };
        let ours: Vec<&Need> = needs.iter().filter(|need| need.action == *action).collect();
        let agrees = |need: &&Need| match &need.resource {
            Resource::Any => true,
            Resource::Arn(arn) => arn.as_str().parse::<ArnPattern>().is_ok_and(|pattern| pattern.matches(named)),
        };
        if ours.iter().any(agrees) {
            return;
        }
        for need in ours {
            self.keep((Arc::clone(operation), action.clone(), Some(need.resource.clone())), named.clone().into());
        }
        // A path such as `/createaddon` holds nothing of the call's own: it stands for every call of the operation.
        if named.resource().starts_with('/') {
            self.keep((Arc::clone(operation), action.clone(), None), named.clone().into());
        }
    }

    fn keep(&mut self, key: Key, resource: Resource) {
        let kept = self.0.entry(key).or_insert_with(|| resource.clone());
        if resource < *kept {
            *kept = resource;
        }
    }

    pub fn merge(&mut self, other: Self) {
        for (key, resource) in other.0 {
            self.keep(key, resource);
        }
    }

    /// Puts AWS's word in place of our reading.
    pub fn apply(&self, request: &mut UsedRequest, observation: &mut Observation) {
        if self.0.is_empty() {
            return;
        }
        for operation in observation.operations.clone() {
            let key = |resource: Option<Resource>| (Arc::clone(&operation), request.action.clone(), resource);
            let exact = self.0.get(&key(Some(request.resource.clone())));
            if let Some(resource) = exact.or_else(|| self.0.get(&key(None))) {
                request.resource = resource.clone();
                observation.holes = holes_of(resource);
                return;
            }
        }
    }
}
