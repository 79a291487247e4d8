//! The events behind a request.

use std::collections::BTreeSet;

use jiff::Timestamp;

/// How often, when, and three events to look up. Merging commutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub events: u64,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// Up to three event ids, the earliest by time, then by id.
    pub samples: BTreeSet<(Timestamp, String)>,
}

/// How many event ids are kept for a request.
pub const SAMPLES: usize = 3;

impl Evidence {
    /// The evidence of one event.
    pub fn of(time: Timestamp, id: Option<&str>) -> Self {
        Self {
            events: 1,
            first_seen: time,
            last_seen: time,
            samples: id.map(|id| (time, id.to_owned())).into_iter().collect(),
        }
    }

    /// Id of the first event, where that has one.
    pub fn first_id(&self) -> Option<&str> {
        let (time, id) = self.samples.first()?;
        (*time == self.first_seen).then_some(id.as_str())
    }

    /// Adds one event.
    pub fn add(&mut self, time: Timestamp, id: Option<&str>) {
        self.events += 1;
        self.first_seen = self.first_seen.min(time);
        self.last_seen = self.last_seen.max(time);
        let Some(id) = id else { return };
        let comes_first = |(last, other): &(Timestamp, String)| (time, id) < (*last, other.as_str());
        if self.samples.len() < SAMPLES || self.samples.last().is_some_and(comes_first) {
            self.samples.insert((time, id.to_owned()));
            if self.samples.len() > SAMPLES {
                self.samples.pop_last();
            }
        }
    }

    /// Adds the other's events to these.
    pub fn merge(&mut self, other: &Self) {
        self.events += other.events;
        self.first_seen = self.first_seen.min(other.first_seen);
        self.last_seen = self.last_seen.max(other.last_seen);
        self.samples.extend(other.samples.iter().cloned());
        while self.samples.len() > SAMPLES {
            self.samples.pop_last();
        }
    }
}
