//! Conditions that may share a statement because the pairs that this adds can never be a request.
//!
//! `ec2:CreateTags` is granted for each kind of resource with the operation that creates it. A subnet is never tagged by
//! `CreateVpc`, so one statement with all kinds and all operations grants nothing more.

#![expect(clippy::indexing_slicing, reason = "grants are numbered here")]

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

/// What decides which values a grant may take from another one: grants with the same are one class.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Class {
    /// Resource types of the pattern.
    kinds: BTreeSet<String>,
    /// The service of a service-linked role.
    owner: Option<String>,
    values: BTreeSet<String>,
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
    let mut classes: BTreeMap<Class, Vec<usize>> = BTreeMap::new();
    for member in members {
        let draft = &drafts[*member];
        let class = Class {
            kinds: kinds.of(draft.action.service(), &draft.pattern),
            owner: linked_service(&draft.pattern).map(str::to_owned),
            values: draft.conditions.values(operator, key).cloned().unwrap_or_default(),
        };
        classes.entry(class).or_default().push(*member);
    }
    let harmless = |class: &Class, with: &Class| {
        with.values.iter().all(|value| class.values.contains(value) || never_together(class, key, value, catalog))
    };
    let mut clusters: Vec<(Vec<Class>, Vec<usize>)> = Vec::new();
    for (class, members) in classes {
        let fits = |(others, _): &&mut (Vec<Class>, Vec<usize>)| {
            others.iter().all(|other| harmless(&class, other) && harmless(other, &class))
        };
        match clusters.iter_mut().find(fits) {
            Some((others, of_cluster)) => {
                others.push(class);
                of_cluster.extend(members);
            }
            None => clusters.push((vec![class], members)),
        }
    }
    clusters.into_iter().map(|(_, members)| members).collect()
}

/// The service that is part of a service-linked role's path (IAM User Guide, Using service-linked roles).
fn linked_service(pattern: &ArnPattern) -> Option<&str> {
    let (service, _) = pattern.resource()?.strip_prefix("role/aws-service-role/")?.split_once('/')?;
    Some(service).filter(|service| !service.contains(['*', '?']))
}

/// Whether AWS never fills the key with the value for such a resource.
fn never_together(class: &Class, key: &ConditionKey, value: &str, catalog: &Catalog) -> bool {
    match key.folded().split_once(':') {
        Some(("iam", _)) => class.owner.as_deref().is_some_and(|owner| owner != value),
        Some((service, _)) => never_creates(service, value, &class.kinds, catalog),
        None => false,
    }
}

/// The reference lists the key for request tags exactly with the types that a call creates.
fn never_creates(service: &str, operation: &str, kinds: &BTreeSet<String>, catalog: &Catalog) -> bool {
    let Ok(action) = format!("{service}:{operation}").parse::<Action>() else { return false };
    let Some(entry) = catalog.action(&action) else { return false };
    let by_type = |name: &str| {
        entry.resource_type(name).is_some_and(|kind| {
            kind.condition_keys.iter().any(|key| key.to_ascii_lowercase().starts_with("aws:requesttag/"))
        })
    };
    // Keys listed for the action as a whole do not tell the types apart.
    let tells_apart = !entry.takes_key(&ConditionKey::new("aws:RequestTag/any"), None);
    !kinds.is_empty() && tells_apart && !kinds.iter().any(|name| by_type(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_is_not_tagged_by_the_making_of_a_vpc() {
        let never = |operation: &str, kind: &str| {
            never_creates("ec2", operation, &[kind.to_owned()].into(), Catalog::embedded())
        };
        assert!(never("CreateVpc", "subnet") && never("CreateSubnet", "vpc"));
        assert!(!never("CreateSubnet", "subnet") && !never("RunInstances", "volume"));
    }
}
