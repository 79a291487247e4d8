//! Calls out of stores, which other threads than the reading one resolve.

use super::duplicates::Seen;
use super::files::{CollectError, CollectOptions, Input};
use super::sink::EventSink;
use crate::aggregator::distill::record;
use crate::cloudtrail::{Needles, SkipReason, parse_record};
use crate::store::{Store, StoredCall};

/// What the stores among the inputs hold.
#[derive(Debug, Default)]
pub struct Stored {
    /// Enough calls in each that threads seldom ask for more, and few enough that all have some.
    pub chunks: Vec<Vec<StoredCall>>,
    /// Events that two stores hold.
    pub repeated: u64,
    pub gaps: Vec<String>,
}

/// Calls that a thread takes at once.
const CHUNK: usize = 256;

/// Reads all stores. Events of theirs that come from another source, too, are known there as repeated.
pub fn load(
    inputs: &[Input],
    options: &CollectOptions,
    needles: &Needles,
    seen: &Seen,
) -> Result<Stored, CollectError> {
    let mut stored = Stored::default();
    for input in inputs {
        let Input::Store(path) = input else { continue };
        let store = Store::open(path)?;
        let wanted = |arn: &crate::iam::Arn| needles.may_mean(Some(arn));
        let is_known = |identity| seen.is_known(identity);
        let loaded = store.load(wanted, &options.wanted, options.by_session, &is_known)?;
        let mut calls = loaded.calls.into_iter().peekable();
        while calls.peek().is_some() {
            stored.chunks.push(calls.by_ref().take(CHUNK).collect());
        }
        stored.repeated += loaded.repeated;
        stored.gaps.extend(loaded.gaps);
    }
    Ok(stored)
}

/// Hands calls to a sink.
pub fn hand_on(calls: &[StoredCall], sink: &mut impl EventSink) {
    for call in calls {
        let Some(first) = call.days.first() else { continue };
        let text = record(&call.call, first.first_seen, &call.actor);
        match parse_record(text.as_bytes()) {
            Ok(event) => sink.calls_by_day(&event, &call.days),
            // What this program wrote it can read; another hand may have been at the file.
            Err(_) => {
                sink.skipped(SkipReason::Malformed, call.days.iter().map(|day| day.events).sum());
                sink.gap("the store holds a record that can't be read; collect it anew".to_owned());
            }
        }
    }
}
