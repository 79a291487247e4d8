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
    /// Calls by event source and UTC day, whatever their outcome. Grows with services and days, never with events.
    pub days: BTreeMap<String, BTreeMap<Day, u64>>,
    pub regions: BTreeSet<String>,
    pub accounts: BTreeSet<String>,
    /// Notes for people on what is missing, such as unreadable files: `file: reason`.
    pub gaps: BTreeSet<String>,
}

/// A UTC day, as the number of days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(pub i64);

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

impl Day {
    /// The day of a moment.
    pub fn of(time: Timestamp) -> Self {
        Self(time.as_second().div_euclid(SECONDS_A_DAY))
    }

    /// Its first moment; `None` outside of the calendar.
    pub fn start(self) -> Option<Timestamp> {
        Timestamp::from_second(self.0.checked_mul(SECONDS_A_DAY)?).ok()
    }
}

const SECONDS_A_DAY: i64 = 86_400;

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
    /// Counts calls to a service on the day of a moment in.
    pub fn count_day(&mut self, event_source: &str, time: Timestamp, calls: u64) {
        let day = Day::of(time);
        if let Some(days) = self.days.get_mut(event_source) {
            *days.entry(day).or_default() += calls;
        } else {
            self.days.insert(event_source.to_owned(), [(day, calls)].into());
        }
    }

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
        for (source, days) in other.days {
            let own = self.days.entry(source).or_default();
            for (day, calls) in days {
                *own.entry(day).or_default() += calls;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_alike_in_any_order() {
        let (early, late): (Timestamp, Timestamp) =
            ("1969-12-31T23:59:59Z".parse().unwrap(), "2026-11-02T00:00:00Z".parse().unwrap());
        let counted = |calls: &[(&str, Timestamp)]| {
            let mut coverage = Coverage::default();
            calls.iter().for_each(|(source, time)| coverage.count_day(source, *time, 2));
            coverage
        };
        let (mut one, mut other) =
            (counted(&[("eks", early), ("ec2", late)]), counted(&[("eks", late), ("eks", early)]));
        let swapped = (other.clone(), one.clone());
        one.merge(other);
        (other, one) = (one, swapped.0);
        one.merge(swapped.1);
        assert_eq!(one, other);
        assert_eq!(one.days["eks"], [(Day(-1), 4), (Day::of(late), 2)].into());
        assert_eq!(Day::of(late).start(), Some(late));
    }
}
