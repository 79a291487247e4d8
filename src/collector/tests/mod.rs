//! The collector on files: odd ones, many wrappings, public records.

mod alike;
mod corpus;
mod fixtures;
mod trees;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{CollectError, CollectOptions, Collected, EventSink, Input, collect};
use crate::aggregator::Evidence;
use crate::cloudtrail::{Event, Needles, Outcome, SkipReason};

/// Writes down what it is given.
#[derive(Debug, Default, PartialEq, Eq)]
struct Notes {
    /// Events as text, with how often they came.
    events: BTreeMap<String, u64>,
    skipped: BTreeMap<SkipReason, u64>,
    gaps: Vec<String>,
}

impl Notes {
    fn events(&self) -> u64 {
        self.events.values().sum()
    }

    fn skipped(&self) -> u64 {
        self.skipped.values().sum()
    }

    fn count(&self, reason: SkipReason) -> u64 {
        self.skipped.get(&reason).copied().unwrap_or_default()
    }
}

impl EventSink for Notes {
    fn event(&mut self, event: &Event<'_>) {
        let outcome = match &event.outcome {
            Outcome::Denied(_) => "denied".to_owned(),
            other => format!("{other:?}"),
        };
        let principal = event.caller.principal.as_ref().map(ToString::to_string).unwrap_or_default();
        let id = event.id.as_deref().unwrap_or_default();
        let text = format!("{} {} {} {id} {principal} {outcome}", event.time, event.source, event.name);
        *self.events.entry(text).or_default() += 1;
    }

    fn calls(&mut self, event: &Event<'_>, _: &Evidence) {
        self.event(event);
    }

    fn skipped(&mut self, reason: SkipReason, records: u64) {
        if records > 0 {
            *self.skipped.entry(reason).or_default() += records;
        }
    }

    fn gap(&mut self, text: String) {
        self.gaps.push(text);
        self.gaps.sort();
    }

    fn merge(&mut self, other: Self) {
        for (event, count) in other.events {
            *self.events.entry(event).or_default() += count;
        }
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
        self.gaps.extend(other.gaps);
        self.gaps.sort();
    }
}

fn needles(role: &str) -> Needles {
    Needles::of(&[role.parse().unwrap()])
}

fn try_read(paths: &[&Path], threads: usize, needles: &Needles) -> Result<Collected<Notes>, CollectError> {
    let inputs: Vec<Input> = paths.iter().map(|path| Input::Path(path.to_path_buf())).collect();
    let options = CollectOptions { threads: Some(threads), ..CollectOptions::default() };
    collect(&inputs, &options, needles, Notes::default)
}

/// Reads everything, parsing every record.
fn read(paths: &[&Path]) -> Collected<Notes> {
    try_read(paths, 1, &Needles::default()).unwrap()
}

fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(path)
}
