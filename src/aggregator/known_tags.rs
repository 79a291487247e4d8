//! Tags of resources as the records tell them: what the principal gave at creation is there at every later call.

use std::collections::BTreeMap;

use super::{Observation, Usage, UsedRequest};
use crate::iam::{ConditionKey, ContextValue, Request, Resource};

impl Usage {
    /// The tags that the request's resource is known to carry: those that the principal gave it at creation, if the
    /// request came later than that and by another operation.
    pub fn known_tags(&self, request: &UsedRequest, observation: &Observation) -> Option<&BTreeMap<String, String>> {
        let Resource::Arn(arn) = &request.resource else { return None };
        let created = self.lineage.created.get(arn)?;
        let later = observation.evidence.first_seen >= created.created_at;
        (later && !observation.operations.contains(&created.operation)).then_some(&created.tags)
    }

    /// The request as the evaluator takes it, with `aws:ResourceTag/…` for each tag that the resource is known to carry.
    pub fn request_with_known_tags(&self, request: &UsedRequest, observation: &Observation) -> Request {
        let mut full = request.to_request();
        for (key, value) in self.known_tags(request, observation).into_iter().flatten() {
            let key = ConditionKey::new(format!("aws:ResourceTag/{key}"));
            if full.context.get(&key).is_none() {
                full.context.insert(key, ContextValue::One(value.clone()));
            }
        }
        full
    }
}
