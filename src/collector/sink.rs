//! Where events go.

use jiff::Timestamp;

use crate::aggregator::{Aggregator, Evidence, KnownCall};
use crate::cloudtrail::{Event, SkipReason};

/// Takes what the collector finds. There is one for each thread; at the end they are merged, in any order.
pub trait EventSink: Send {
    /// An event, seen for the first time.
    fn event(&mut self, event: &Event<'_>);

    /// A call that was seen several times, as a store or an engine hands it on: the event is parsed from a distilled
    /// record, whose time and id do not count.
    fn calls(&mut self, event: &Event<'_>, evidence: &Evidence);

    /// The same with the evidence of each day in UTC. All days are inside the window that was asked for, or none.
    fn calls_by_day(&mut self, event: &Event<'_>, days: &[Evidence]) {
        days.iter().for_each(|day| self.calls(event, day));
    }

    /// Whether calls at this time that differ in id and time only may be counted, through [`EventSink::again`].
    fn counts_alike(&self, _time: Timestamp) -> bool {
        false
    }

    /// The same as [`EventSink::event`]; the call, if the same one may be counted by [`EventSink::again`] from now on.
    fn event_to_recall(&mut self, event: &Event<'_>) -> Option<KnownCall> {
        self.event(event);
        None
    }

    /// A call like one before, but for time and id.
    fn again(&mut self, _call: KnownCall, _time: Timestamp, _id: Option<&str>) {}

    /// No call that is known until now is going to come again.
    fn forget_calls(&mut self) {}

    /// Records that are not handed on as events, for one reason.
    fn skipped(&mut self, reason: SkipReason, records: u64);

    /// Something that could not be read, in words for people.
    fn gap(&mut self, text: String);

    /// Adds what another thread has seen.
    fn merge(&mut self, other: Self)
    where
        Self: Sized;
}

impl EventSink for Aggregator<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.add(event);
    }

    fn calls(&mut self, event: &Event<'_>, evidence: &Evidence) {
        self.add_counted(event, evidence);
    }

    fn calls_by_day(&mut self, event: &Event<'_>, days: &[Evidence]) {
        self.add_by_day(event, days);
    }

    fn counts_alike(&self, time: Timestamp) -> bool {
        self.selection().takes_all_sessions() && self.selection().takes_time(time)
    }

    fn event_to_recall(&mut self, event: &Event<'_>) -> Option<KnownCall> {
        self.add_to_recall(event)
    }

    fn again(&mut self, call: KnownCall, time: Timestamp, id: Option<&str>) {
        self.count_again(call, time, id);
    }

    fn forget_calls(&mut self) {
        Self::forget_calls(self);
    }

    fn skipped(&mut self, reason: SkipReason, records: u64) {
        self.skip_many(reason, records);
    }

    fn gap(&mut self, text: String) {
        Self::gap(self, text);
    }

    fn merge(&mut self, other: Self) {
        Self::merge(self, other);
    }
}
