//! One reading of a source: what it was asked for, so that a later one knows what it need not do again.

use jiff::Timestamp;

use super::actors::micros;
use crate::aggregator::Selection;
use crate::collector::Shard;

/// What of a source was to be read, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// As the store shall call it.
    pub(super) source: String,
    /// What decides, besides the window, which events count: whose, where, which part of the files, and who reads.
    pub(super) scope: String,
    /// The window in microseconds since 1970.
    pub(super) window: Span,
    pub(super) at: Timestamp,
}

/// From one moment to another, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub since: i64,
    pub until: i64,
}

impl Reading {
    /// A reading that begins at a moment.
    pub fn new(source: &str, selection: &Selection, shard: Option<Shard>, at: Timestamp) -> Self {
        let mut principals: Vec<String> = selection.principals.iter().map(ToString::to_string).collect();
        principals.sort();
        let sorted = |texts: &[String]| {
            let mut texts = texts.to_vec();
            texts.sort();
            texts
        };
        let scope = serde_json::json!([
            principals,
            sorted(&selection.sessions),
            sorted(&selection.regions),
            sorted(&selection.accounts),
            shard.map(|shard| shard.to_string()),
            // Another version may see more in the same records.
            env!("CARGO_PKG_VERSION"),
        ]);
        // Nothing can be read that has not happened yet.
        let until = selection.until.map_or(at, |until| until.min(at));
        let window = Span { since: selection.since.map_or(i64::MIN, micros), until: micros(until) };
        Self { source: source.to_owned(), scope: scope.to_string(), window, at }
    }

    /// The window as it is for an object that is there when the reading begins: it holds nothing that came later.
    pub(super) fn window_of_objects(&self) -> Span {
        let is_open = self.window.until >= micros(self.at);
        Span { until: if is_open { i64::MAX } else { self.window.until }, ..self.window }
    }
}
