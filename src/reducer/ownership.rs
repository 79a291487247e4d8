//! The tag that marks what the principal owns: given, or found on everything that it created.

use std::collections::{BTreeMap, BTreeSet};

use super::options::{OwnerTag, ReduceOptions};
use crate::aggregator::{CreatedResource, Usage};
use crate::catalog::Catalog;
use crate::iam::{Action, Arn, ConditionKey};

/// A tag that was found must be on this many resources of this many kinds: fewer may be chance.
const RESOURCES: usize = 3;
const KINDS: usize = 2;

/// Words in the keys of tags that people use to say whose a thing is; the first word found decides between several tags
/// that are on everything.
const OWNER_WORDS: [&str; 8] = ["owner", "managed", "team", "project", "stack", "cluster", "service", "env"];

/// The owner's tags: those given on the command line or in the configuration file, else one that is found.
pub(crate) fn owner_tags(usage: &Usage, catalog: &Catalog, options: &ReduceOptions) -> Vec<OwnerTag> {
    let given: BTreeSet<OwnerTag> = options.owner_tags.iter().chain(options.user_rules.owner_tags()).cloned().collect();
    let usable = |tag: &OwnerTag| !is_taken_away(usage, &tag.key);
    if !given.is_empty() {
        return given.into_iter().filter(usable).collect();
    }
    found(usage, catalog).into_iter().filter(usable).collect()
}

/// Whether the principal itself takes the tag off something: then it marks nothing for long.
fn is_taken_away(usage: &Usage, key: &str) -> bool {
    let untags = |action: &Action| action.name().starts_with("Untag") || action.name() == "DeleteTags";
    let of_untag = usage.requests.keys().filter(|request| untags(&request.action));
    of_untag.into_iter().any(|request| {
        let keys = request.context.get("aws:TagKeys");
        // Without the keys the call may take any tag away.
        keys.is_none_or(|keys| keys.values().iter().any(|value| value == key))
    })
}

fn found(usage: &Usage, catalog: &Catalog) -> Option<OwnerTag> {
    let taggable: Vec<(&Arn, &CreatedResource)> =
        usage.lineage.created.iter().filter(|(arn, created)| could_be_tagged(arn, created, catalog)).collect();
    let kinds: BTreeSet<(&str, &str)> =
        taggable.iter().map(|(arn, created)| (arn.service(), created.resource_type.as_str())).collect();
    if taggable.len() < RESOURCES || kinds.len() < KINDS {
        return None;
    }
    let mut common: BTreeMap<&String, &String> = taggable.first()?.1.tags.iter().collect();
    common.retain(|key, value| {
        !key.starts_with("aws:") && *key != "Name" && taggable.iter().all(|(_, one)| one.tags.get(*key) == Some(value))
    });
    let rank = |key: &str| {
        let key = key.to_ascii_lowercase();
        OWNER_WORDS.iter().position(|word| key.contains(word)).unwrap_or(OWNER_WORDS.len())
    };
    let (key, value) = common.into_iter().min_by_key(|(key, _)| (rank(key), key.to_owned()))?;
    Some(OwnerTag { key: key.clone(), value: value.clone() })
}

/// Whether the reference says that the call which created it takes tags.
fn could_be_tagged(arn: &Arn, created: &CreatedResource, catalog: &Catalog) -> bool {
    if !created.tags.is_empty() {
        return true;
    }
    let name = created.operation.rsplit_once(':').map_or("", |(_, name)| name);
    let Ok(action) = format!("{}:{name}", arn.service()).parse::<Action>() else { return false };
    let key = ConditionKey::new("aws:RequestTag/any");
    catalog.action(&action).is_some_and(|entry| entry.takes_key(&key, Some(&created.resource_type)))
}
