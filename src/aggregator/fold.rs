//! Requests while they are collected, folded so that memory does not grow with S3 keys and the like.
//!
//! Up to [`KEPT`] distinct resources an action and context are kept one by one. Past that they become one pattern: what
//! all of them begin with, and `*`. Both are the same for any order and any split of the events.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Evidence, Hole, HoleCause, Need, Observation, UsedRequest};
use crate::cloudtrail::Event;
use crate::iam::{Action, Arn, Context, Resource};

/// Distinct resources kept for one action in one context: as many as a role can carry at all. Twenty-five managed policies of
/// 6,144 characters hold some 2,000 ARNs (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const KEPT: usize = 2_000;

#[expect(
    clippy::disallowed_types,
    reason = "what is collected adds up to the same in any order, and is sorted in the end"
)]
type Table<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// Requests by action and context, then resource.
#[derive(Debug, Default)]
pub struct FoldedRequests {
    groups: Table<(Action, Context), Group>,
}

#[derive(Debug)]
enum Group {
    /// In boxes: a table has room for more than it holds.
    Single(Table<Resource, Box<Observation>>),
    /// Per partition, service, Region, account and first part of the resource: the common beginning.
    Folded(BTreeMap<String, (String, Observation)>),
}

impl FoldedRequests {
    /// Counts one need of a call in.
    pub fn add(&mut self, need: Need, event: &Event<'_>, evidence: &Evidence, operation: &Arc<str>) {
        let key = (need.action, need.context);
        if let Some(known) = self.groups.get_mut(&key).and_then(|group| group.known(&need.resource)) {
            known.evidence.merge(evidence);
            // What a record shows outweighs what a rule says.
            known.origin = known.origin.min(need.origin);
            if need.certainty < known.certainty {
                known.certainty = need.certainty;
            }
            known.holes.extend(need.holes);
            if !known.operations.contains(operation) {
                known.operations.insert(Arc::clone(operation));
            }
            if let Some(service) = event.caller.invoked_by.as_deref().filter(|service| !known.via.contains(*service)) {
                known.via.insert(service.to_owned());
            }
            known.sources.extend(need.source);
            known.notes.extend(need.note);
            return;
        }
        let observation = Observation {
            evidence: evidence.clone(),
            origin: need.origin,
            certainty: need.certainty,
            holes: need.holes.into_iter().collect(),
            operations: [Arc::clone(operation)].into(),
            via: event.caller.invoked_by.iter().map(ToString::to_string).collect(),
            sources: need.source.into_iter().collect(),
            notes: need.note.into_iter().collect(),
        };
        self.insert(key, need.resource, Box::new(observation));
    }

    fn insert(&mut self, key: (Action, Context), resource: Resource, observation: Box<Observation>) {
        let group = self.groups.entry(key).or_insert_with(|| Group::Single(Table::default()));
        group.insert(resource, observation);
    }

    pub fn merge(&mut self, other: Self) {
        for (key, group) in other.groups {
            match group {
                Group::Single(resources) => {
                    for (resource, observation) in resources {
                        self.insert(key.clone(), resource, observation);
                    }
                }
                Group::Folded(starts) => {
                    let own = self.groups.entry(key).or_insert_with(|| Group::Single(Table::default()));
                    own.fold();
                    for (place, (start, observation)) in starts {
                        own.insert_folded(place, &start, observation);
                    }
                }
            }
        }
    }

    /// All requests, in no order.
    pub fn finish(self) -> impl Iterator<Item = (UsedRequest, Observation)> {
        self.groups.into_iter().flat_map(|((action, context), group)| {
            let resources: Vec<(Resource, Observation)> = match group {
                Group::Single(resources) => {
                    resources.into_iter().map(|(resource, observation)| (resource, *observation)).collect()
                }
                Group::Folded(starts) => {
                    starts.into_values().map(|(start, observation)| pattern(&start, observation)).collect()
                }
            };
            resources.into_iter().map(move |(resource, observation)| {
                (UsedRequest { action: action.clone(), resource, context: context.clone() }, observation)
            })
        })
    }
}

impl Group {
    fn known(&mut self, resource: &Resource) -> Option<&mut Observation> {
        match self {
            Self::Single(resources) => resources.get_mut(resource).map(Box::as_mut),
            Self::Folded(_) => None,
        }
    }

    fn insert(&mut self, resource: Resource, observation: Box<Observation>) {
        match self {
            Self::Single(resources) => {
                match resources.get_mut(&resource) {
                    Some(known) => known.merge(&observation),
                    None => {
                        resources.insert(resource, observation);
                    }
                }
                if resources.len() > KEPT {
                    self.fold();
                }
            }
            Self::Folded(_) => match resource {
                Resource::Any => self.insert_folded("*".to_owned(), "*", *observation),
                Resource::Arn(arn) => self.insert_folded(place(&arn), arn.as_str(), *observation),
            },
        }
    }

    fn insert_folded(&mut self, place: String, text: &str, observation: Observation) {
        let Self::Folded(starts) = self else { return };
        match starts.get_mut(&place) {
            Some((start, known)) => {
                let common = start.bytes().zip(text.bytes()).take_while(|(one, other)| one == other).count();
                let cut = (0..=common).rev().find(|at| start.is_char_boundary(*at)).unwrap_or(0);
                start.truncate(cut);
                known.merge(&observation);
            }
            None => {
                starts.insert(place, (text.to_owned(), observation));
            }
        }
    }

    fn fold(&mut self) {
        let Self::Single(resources) = self else { return };
        let resources = std::mem::take(resources);
        *self = Self::Folded(BTreeMap::new());
        for (resource, observation) in resources {
            self.insert(resource, observation);
        }
    }
}

/// Up to the first `/` of the resource: a bucket, a type. Below it names vary; above it nothing is ever merged.
fn place(arn: &Arn) -> String {
    let resource = arn.resource();
    let head = resource.split_inclusive('/').next().unwrap_or(resource);
    let start = arn.as_str().len() - resource.len();
    format!("{}{head}", arn.as_str().get(..start).unwrap_or_default())
}

fn pattern(start: &str, mut observation: Observation) -> (Resource, Observation) {
    if start == "*" {
        return (Resource::Any, observation);
    }
    let text = format!("{}*", start.trim_end_matches('*'));
    let detail = format!("more than {KEPT} distinct resources");
    observation.holes.insert(Hole { cause: HoleCause::TooManyResources, detail });
    match text.parse() {
        Ok(arn) => (Resource::Arn(arn), observation),
        Err(_) => (Resource::Any, observation),
    }
}
