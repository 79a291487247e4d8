//! Requests while they are collected, folded so that memory does not grow with S3 keys and the like.
//!
//! Up to [`KEPT`] distinct resources an action and context are kept one by one. Past that they become one pattern: what
//! all of them begin with, and `*`. Both are the same for any order and any split of the events.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

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
    observations: Observations,
}

/// Where the observation of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place(u32);

/// Observations by place. They stay where they are while requests are folded.
#[derive(Debug, Default)]
struct Observations(Vec<Slot>);

#[derive(Debug)]
enum Slot {
    /// In a box: there is room for more than there are.
    Own(Box<Observation>),
    /// It became part of the one there.
    Joined(Place),
}

#[derive(Debug)]
enum Group {
    Single(Table<Resource, Place>),
    /// Per partition, service, Region, account and first part of the resource: the common beginning.
    Folded(BTreeMap<String, (String, Place)>),
}

impl FoldedRequests {
    /// Counts one need of a call in; where its observation is.
    pub fn add(&mut self, need: Need, event: &Event<'_>, evidence: &Evidence, operation: &Arc<str>) -> Place {
        let key = (need.action, need.context);
        let place = self.groups.get(&key).and_then(|group| group.known(&need.resource));
        if let Some((place, known)) = place.and_then(|place| Some((place, self.observations.get_mut(place)?))) {
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
            return place;
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
        self.insert(key, need.resource, Box::new(observation))
    }

    /// Adds an event to what is known at a place.
    pub fn add_again(&mut self, place: Place, time: Timestamp, id: Option<&str>) {
        if let Some(known) = self.observations.get_mut(place) {
            known.evidence.add(time, id);
        }
    }

    fn insert(&mut self, key: (Action, Context), resource: Resource, observation: Box<Observation>) -> Place {
        let group = self.groups.entry(key).or_insert_with(|| Group::Single(Table::default()));
        group.insert(resource, observation, &mut self.observations)
    }

    pub fn merge(&mut self, other: Self) {
        let Self { groups, observations: mut others } = other;
        for (key, group) in groups {
            match group {
                Group::Single(resources) => {
                    for (resource, place) in resources {
                        if let Some(observation) = others.take(place) {
                            self.insert(key.clone(), resource, observation);
                        }
                    }
                }
                Group::Folded(starts) => {
                    let own = self.groups.entry(key).or_insert_with(|| Group::Single(Table::default()));
                    own.fold(&mut self.observations);
                    for (head, (start, place)) in starts {
                        if let Some(observation) = others.take(place) {
                            own.insert_folded(head, &start, observation, &mut self.observations);
                        }
                    }
                }
            }
        }
    }

    /// All requests, in no order.
    pub fn finish(self) -> impl Iterator<Item = (UsedRequest, Observation)> {
        let Self { groups, mut observations } = self;
        groups.into_iter().flat_map(move |((action, context), group)| {
            let mut take = |place| observations.take(place).map(|observation| *observation);
            let resources: Vec<(Resource, Observation)> = match group {
                Group::Single(resources) => {
                    let taken = |(resource, place)| Some((resource, take(place)?));
                    resources.into_iter().filter_map(taken).collect()
                }
                Group::Folded(starts) => {
                    let taken = |(start, place): (String, Place)| Some(pattern(&start, take(place)?));
                    starts.into_values().filter_map(taken).collect()
                }
            };
            resources.into_iter().map(move |(resource, observation)| {
                (UsedRequest { action: action.clone(), resource, context: context.clone() }, observation)
            })
        })
    }
}

impl Observations {
    fn push(&mut self, observation: Box<Observation>) -> Place {
        self.0.push(Slot::Own(observation));
        // As many as 32 bits number take hundreds of gigabytes.
        Place((self.0.len() - 1) as u32)
    }

    fn get_mut(&mut self, place: Place) -> Option<&mut Observation> {
        let Place(at) = match self.0.get(place.0 as usize)? {
            Slot::Own(_) => place,
            Slot::Joined(other) => *other,
        };
        match self.0.get_mut(at as usize)? {
            Slot::Own(observation) => Some(observation),
            Slot::Joined(_) => None,
        }
    }

    /// Takes an observation that is not part of another one.
    fn take(&mut self, place: Place) -> Option<Box<Observation>> {
        let slot = self.0.get_mut(place.0 as usize)?;
        match std::mem::replace(slot, Slot::Joined(place)) {
            Slot::Own(observation) => Some(observation),
            Slot::Joined(_) => None,
        }
    }

    fn join(&mut self, place: Place, other: Place) {
        if let Some(slot) = self.0.get_mut(place.0 as usize) {
            *slot = Slot::Joined(other);
        }
    }
}

impl Group {
    fn known(&self, resource: &Resource) -> Option<Place> {
        match self {
            Self::Single(resources) => resources.get(resource).copied(),
            Self::Folded(_) => None,
        }
    }

    fn insert(&mut self, resource: Resource, observation: Box<Observation>, all: &mut Observations) -> Place {
        match self {
            Self::Single(resources) => {
                if let Some(place) = resources.get(&resource) {
                    if let Some(known) = all.get_mut(*place) {
                        known.merge(&observation);
                    }
                    return *place;
                }
                let place = all.push(observation);
                resources.insert(resource, place);
                if resources.len() > KEPT {
                    self.fold(all);
                }
                place
            }
            Self::Folded(_) => match resource {
                Resource::Any => self.insert_folded("*".to_owned(), "*", observation, all),
                Resource::Arn(arn) => self.insert_folded(head(&arn), arn.as_str(), observation, all),
            },
        }
    }

    fn insert_folded(
        &mut self,
        head: String,
        text: &str,
        observation: Box<Observation>,
        all: &mut Observations,
    ) -> Place {
        let Self::Folded(starts) = self else { return all.push(observation) };
        match starts.get_mut(&head) {
            Some((start, place)) => {
                let common = start.bytes().zip(text.bytes()).take_while(|(one, other)| one == other).count();
                let cut = (0..=common).rev().find(|at| start.is_char_boundary(*at)).unwrap_or(0);
                start.truncate(cut);
                if let Some(known) = all.get_mut(*place) {
                    known.merge(&observation);
                }
                *place
            }
            None => {
                let place = all.push(observation);
                starts.insert(head, (text.to_owned(), place));
                place
            }
        }
    }

    fn fold(&mut self, all: &mut Observations) {
        let Self::Single(resources) = self else { return };
        let resources = std::mem::take(resources);
        *self = Self::Folded(BTreeMap::new());
        for (resource, place) in resources {
            if let Some(observation) = all.take(place) {
                let other = self.insert(resource, observation, all);
                all.join(place, other);
            }
        }
    }
}

/// Up to the first `/` of the resource: a bucket, a type. Below it names vary; above it nothing is ever merged.
fn head(arn: &Arn) -> String {
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
