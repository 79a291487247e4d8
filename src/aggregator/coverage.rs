//! What the logs could not show.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Evidence;
use crate::cloudtrail::{Denial, SkipReason};

/// Records read, used and skipped: read = used + skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordCounts {
    pub read: u64,
    pub used: u64,
    pub skipped: BTreeMap<SkipReason, u64>,
}

/// What the records of one principal could not show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Calls that the catalogue has no action for.
    pub unmapped: BTreeMap<UnmappedEvent, Evidence>,
    /// Calls that AWS denied.
    pub denied: BTreeMap<DeniedCall, Evidence>,
    /// Calls whose authorisation is not known (throttled, malformed, internal error).
    pub unknown_outcome: u64,
    /// Records with a field that CloudTrail left out for its size.
    pub truncated: u64,
    /// Records with a field hidden for security reasons.
    pub hidden: u64,
    /// Data events seen at all: without them S3 objects, DynamoDB items and the like cannot show.
    pub data_events: u64,
    pub first_event: Option<Timestamp>,
    pub last_event: Option<Timestamp>,
    pub regions: BTreeSet<String>,
    pub accounts: BTreeSet<String>,
    /// Notes for people on what is missing, such as unreadable files: `file: reason`.
    pub gaps: BTreeSet<String>,
}

/// A call that no action is known for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnmappedEvent {
    pub event_source: String,
    pub event_name: String,
}

/// A denied call and what AWS said of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeniedCall {
    pub event_source: String,
    pub event_name: String,
    pub denial: Denial,
}

impl RecordCounts {
    /// Adds the other's records to these.
    pub fn merge(&mut self, other: &Self) {
        self.read += other.read;
        self.used += other.used;
        for (reason, count) in &other.skipped {
            *self.skipped.entry(*reason).or_default() += count;
        }
    }
}

impl Coverage {
    /// Adds what the other could not show to this.
    pub fn merge(&mut self, other: Self) {
        merge_evidence(&mut self.unmapped, other.unmapped);
        merge_evidence(&mut self.denied, other.denied);
        self.unknown_outcome += other.unknown_outcome;
        self.truncated += other.truncated;
        self.hidden += other.hidden;
        self.data_events += other.data_events;
        self.first_event = self.first_event.into_iter().chain(other.first_event).min();
        self.last_event = self.last_event.max(other.last_event);
        self.regions.extend(other.regions);
        self.accounts.extend(other.accounts);
        self.gaps.extend(other.gaps);
    }
}

fn merge_evidence<K: Ord>(into: &mut BTreeMap<K, Evidence>, from: BTreeMap<K, Evidence>) {
    for (key, evidence) in from {
        add_evidence(into, key, &evidence);
    }
}

/// Adds evidence under a key.
pub(super) fn add_evidence<K: Ord>(map: &mut BTreeMap<K, Evidence>, key: K, evidence: &Evidence) {
    match map.entry(key) {
        Entry::Occupied(mut entry) => entry.get_mut().merge(evidence),
        Entry::Vacant(entry) => {
            entry.insert(evidence.clone());
        }
    }
}
