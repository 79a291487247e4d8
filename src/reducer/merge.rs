//! Conditions that may share a statement because the pairs that this adds can never be a request.
//!
//! `ec2:CreateTags` is granted for each kind of resource with the operation that creates it. A subnet is never tagged by
//! `CreateVpc`, so one statement with all kinds and all operations grants nothing more.

use std::collections::{BTreeMap, BTreeSet};

use super::drafts::Draft;
use super::kinds::Kinds;
use super::section::Section;
use crate::catalog::Catalog;
use crate::iam::{Action, ArnPattern, ConditionKey, ConditionOperator, Conditions};

/// Gives grants of one action a common condition where that allows no request more.
pub(crate) fn merge_conditions(drafts: &mut [Draft], kinds: &Kinds<'_>, catalog: &Catalog) {
    let mut candidates: BTreeMap<(Section, Action, ConditionOperator, ConditionKey, Conditions), Vec<usize>> =
        BTreeMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        if let Some((operator, key, rest)) = split(&draft.conditions) {
            candidates.entry((draft.section, draft.action.clone(), operator, key, rest)).or_default().push(at);
        }
    }
    for ((_, _, operator, key, _), members) in candidates {
        for cluster in clusters(drafts, &members, operator, &key, kinds, catalog) {
            let mut common = Conditions::new();
            cluster.iter().for_each(|at| common.merge(&drafts[*at].conditions));
            cluster.iter().for_each(|at| drafts[*at].conditions = common.clone());
        }
    }
}

/// The line whose values may be merged, and the other lines.
fn split(conditions: &Conditions) -> Option<(ConditionOperator, ConditionKey, Conditions)> {
    let (operator, key) = conditions.iter().find(|(_, key, _)| mergeable(key)).map(|(o, key, _)| (o, key.clone()))?;
    let mut rest = Conditions::new();
    for (other, name, values) in conditions.iter().filter(|(_, name, _)| **name != key) {
        rest.add(other, name.clone(), values.iter().cloned());
    }
    Some((operator, key, rest))
}

fn mergeable(key: &ConditionKey) -> bool {
    key.folded().ends_with(":createaction") || key.folded() == "iam:awsservicename"
}

/// Grants each of whose patterns takes the values of the others only in pairs that never occur.
fn clusters(
    drafts: &[Draft],
    members: &[usize],
    operator: ConditionOperator,
    key: &ConditionKey,
    kinds: &Kinds<'_>,
    catalog: &Catalog,
) -> Vec<Vec<usize>> {
    let values = |at: usize| drafts[at].conditions.values(operator, key).cloned().unwrap_or_default();
    let harmless = |pattern: usize, with: usize| {
        let own: BTreeSet<String> = values(pattern);
        values(with)
            .iter()
            .all(|value| own.contains(value) || never_together(&drafts[pattern].pattern, key, value, kinds, catalog))
    };
    let mut clusters: Vec<Vec<usize>> = Vec::new();
    for member in members {
        let fits = |cluster: &&mut Vec<usize>| {
            cluster.iter().all(|other| harmless(*member, *other) && harmless(*other, *member))
        };
        match clusters.iter_mut().find(fits) {
            Some(cluster) => cluster.push(*member),
            None => clusters.push(vec![*member]),
        }
    }
    clusters
}

/// Whether AWS never fills the key with the value for such a resource.
fn never_together(pattern: &ArnPattern, key: &ConditionKey, value: &str, kinds: &Kinds<'_>, catalog: &Catalog) -> bool {
    match key.folded().split_once(':') {
        // The service is part of a service-linked role's path (IAM User Guide, Using service-linked roles).
        Some(("iam", _)) => pattern
            .resource()
            .and_then(|resource| resource.strip_prefix("role/aws-service-role/"))
            .and_then(|rest| rest.split_once('/'))
            .is_some_and(|(service, _)| !service.contains(['*', '?']) && service != value),
        Some((service, _)) => never_creates(service, value, pattern, kinds, catalog),
        None => false,
    }
}

/// The reference lists the key for request tags exactly with the types that a call creates.
fn never_creates(service: &str, operation: &str, pattern: &ArnPattern, kinds: &Kinds<'_>, catalog: &Catalog) -> bool {
    let Ok(action) = format!("{service}:{operation}").parse::<Action>() else { return false };
    let Some(entry) = catalog.action(&action) else { return false };
    let of_pattern = kinds.of(service, pattern);
    let tagged = ConditionKey::new("aws:RequestTag/any");
    let by_type = |name: &str| {
        entry.resource_type(name).is_some_and(|kind| {
            kind.condition_keys.iter().any(|key| key.to_ascii_lowercase().starts_with("aws:requesttag/"))
        })
    };
    // Keys listed for the action as a whole do not tell the types apart.
    let tells_apart = entry.takes_key(&tagged, None);
    !of_pattern.is_empty() && !tells_apart && !of_pattern.iter().any(|name| by_type(name))
}
