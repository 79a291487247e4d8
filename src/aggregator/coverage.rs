//! What the logs could not show.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Evidence;
use crate::cloudtrail::{Denial, Event, SkipReason};

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
    /// Calls that AWS denied. Of those that differ in nothing but what AWS encoded, [`MOST_TOLD`] are told apart; the others
    /// are counted without their message and id.
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

/// What tells something of coverage in a single record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Marks {
    data_event: bool,
    truncated: bool,
    hidden: bool,
}

impl Marks {
    pub fn of(event: &Event<'_>) -> Self {
        Self { data_event: event.data_event, truncated: event.truncated, hidden: event.hidden }
    }
}

impl RecordCounts {
    /// Counts records in that were used, or skipped for a reason.
    pub(super) fn count(&mut self, skipped: Option<SkipReason>, records: u64) {
        self.read += records;
        match skipped {
            Some(reason) => *self.skipped.entry(reason).or_default() += records,
            None => self.used += records,
        }
    }

    /// Adds the other's records to these.
    pub fn merge(&mut self, other: &Self) {
        self.read += other.read;
        self.used += other.used;
        for (reason, count) in &other.skipped {
            *self.skipped.entry(*reason).or_default() += count;
        }
    }
}

/// So many denials are told apart that differ only in the encoded message and the id for IAM Access Troubleshooter: both are
/// new with each call, and memory must not grow with the calls.
pub const MOST_TOLD: usize = 1_000;

impl DeniedCall {
    /// Without what is new with each call.
    fn plain(mut self) -> Self {
        self.denial.encoded_message = None;
        self.denial.authorization_id = None;
        self
    }

    /// Whether it holds nothing that is new with each call.
    pub(super) fn is_plain(&self) -> bool {
        self.denial.encoded_message.is_none() && self.denial.authorization_id.is_none()
    }

    /// All but what is new with each call.
    fn said(&self) -> impl PartialEq {
        let Denial { action, resource, policy_type, explicit, encoded_message: _, authorization_id: _ } = &self.denial;
        (&self.event_source, &self.event_name, action, resource, policy_type, explicit)
    }
}

impl Coverage {
    /// Counts a denied call in.
    pub(super) fn deny(&mut self, call: DeniedCall, evidence: &Evidence) {
        let known = self.denied.len();
        add_evidence(&mut self.denied, call, evidence);
        // Now and then, so that it costs next to nothing. When does not matter: what is dropped once is never kept again.
        if self.denied.len() > known && known.is_multiple_of(4 * MOST_TOLD) {
            self.drop_messages();
        }
    }

    /// Keeps the first [`MOST_TOLD`] messages of denials that are alike else, by their order: the same ones for any order
    /// and any split of the events.
    pub(super) fn drop_messages(&mut self) {
        if self.denied.len() <= MOST_TOLD {
            return;
        }
        let (mut kept, mut dropped) = (BTreeMap::<DeniedCall, Evidence>::new(), Vec::new());
        let mut told = 0;
        for (call, evidence) in std::mem::take(&mut self.denied) {
            let goes_on = kept.last_key_value().is_some_and(|(last, _)| last.said() == call.said());
            told = if goes_on { told } else { 0 } + usize::from(!call.is_plain());
            if told > MOST_TOLD {
                dropped.push((call.plain(), evidence));
            } else {
                kept.insert(call, evidence);
            }
        }
        self.denied = kept;
        dropped.into_iter().for_each(|(call, evidence)| add_evidence(&mut self.denied, call, &evidence));
    }

    /// Notes when calls were made.
    pub(super) fn note(&mut self, first: Timestamp, last: Timestamp) {
        self.first_event = self.first_event.into_iter().chain([first]).min();
        self.last_event = self.last_event.max(Some(last));
    }

    /// Counts the marks of records that have the same.
    pub(super) fn note_marks(&mut self, marks: Marks, records: u64) {
        self.data_events += records * u64::from(marks.data_event);
        self.truncated += records * u64::from(marks.truncated);
        self.hidden += records * u64::from(marks.hidden);
    }

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
    fn the_same_messages_are_kept_whatever_the_order() {
        let call = |number: usize, operation: &str| {
            let text = format!("not authorized. Encoded authorization failure message: {number:05}");
            let denial = Denial { encoded_message: Some(text), ..Denial::default() };
            DeniedCall { event_source: "ec2.amazonaws.com".to_owned(), event_name: operation.to_owned(), denial }
        };
        let evidence = Evidence::of(Timestamp::UNIX_EPOCH, None);
        let counted = |numbers: &mut dyn Iterator<Item = usize>| {
            let mut coverage = Coverage::default();
            for number in numbers {
                coverage.deny(call(number, "RunInstances"), &evidence);
                coverage.deny(call(number % 3, "CreateVpc"), &evidence);
            }
            coverage
        };
        let all = 5 * MOST_TOLD;
        let (mut one, mut other) = (counted(&mut (0..all)), counted(&mut (0..all).rev()));
        let mut halves = counted(&mut (0..all).step_by(2));
        halves.merge(counted(&mut (1..all).step_by(2)));
        assert!(one.denied.len() <= all, "some were dropped on the way");
        for coverage in [&mut one, &mut other, &mut halves] {
            coverage.drop_messages();
        }
        assert_eq!(one, other);
        assert_eq!(one.denied, halves.denied);
        assert_eq!(one.denied.len(), MOST_TOLD + 1 + 3);
        assert_eq!(one.denied[&call(0, "RunInstances").plain()].events, (all - MOST_TOLD) as u64);
        assert!(one.denied.contains_key(&call(MOST_TOLD - 1, "RunInstances")));
    }

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
