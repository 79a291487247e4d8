//! The events behind a request.

use std::sync::Arc;

use jiff::Timestamp;

use super::Few;

/// How often, when, and three events to look up. Merging commutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    pub events: u64,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    /// Up to three event ids, the earliest by time, then by id.
    pub samples: Few<(Timestamp, Arc<str>)>,
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
            samples: id.map(|id| (time, id.into())).into_iter().collect(),
        }
    }

    /// Id of the first event, where that has one.
    pub fn first_id(&self) -> Option<&Arc<str>> {
        let (time, id) = self.samples.first()?;
        (*time == self.first_seen).then_some(id)
    }

    /// Adds one event.
    pub fn add(&mut self, time: Timestamp, id: Option<&str>) {
        self.events += 1;
        self.first_seen = self.first_seen.min(time);
        self.last_seen = self.last_seen.max(time);
        if let Some(id) = id {
            self.keep(time, id);
        }
    }

    fn keep(&mut self, time: Timestamp, id: impl AsRef<str> + Into<Arc<str>>) {
        let comes_first = |(last, other): &(Timestamp, Arc<str>)| (time, id.as_ref()) < (*last, &**other);
        if self.samples.len() < SAMPLES || self.samples.last().is_some_and(comes_first) {
            self.samples.insert((time, id.into()));
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
        for (time, id) in &other.samples {
            self.keep(*time, Arc::clone(id));
        }
    }
}
