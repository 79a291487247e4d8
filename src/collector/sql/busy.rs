//! Operations that fill a trail, from `busy.toml`, with what the resolver reads of them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::aggregator::{Members, Reads};
use crate::catalog::Catalog;
use crate::data_file;

/// Operations of one service whose payloads are cut down to what is read.
#[derive(Debug, Clone)]
pub struct Busy {
    pub event_source: String,
    pub events: Vec<String>,
    /// The member of the request that grows without end, and the one that names the place beside it.
    pub grows: Option<(String, String)>,
    pub reads: Reads,
}

/// The rows of `busy.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[cfg_attr(not(test), expect(dead_code, reason = "for people, and checked by the tests"))]
    cite: BTreeMap<String, String>,
    busy: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    event_source: String,
    events: Vec<String>,
    grows: Option<String>,
    beside: Option<String>,
    /// What is read of the answer tells sessions apart.
    #[serde(default)]
    opens_sessions: bool,
    #[cfg_attr(not(test), expect(dead_code, reason = "for people, and checked by the tests"))]
    source: String,
}

impl Busy {
    /// All rows. Access keys of sessions are read only where those are followed. A file that does not parse is a bug that the tests catch; then everything is kept whole.
    pub fn all(catalog: &Catalog, follows_sessions: bool) -> Vec<Self> {
        let rows = file().map(|file| file.busy).unwrap_or_default();
        rows.into_iter().map(|row| Self::of(row, catalog, follows_sessions)).collect()
    }

    fn of(row: Row, catalog: &Catalog, follows_sessions: bool) -> Self {
        let mut reads = Reads::default();
        for event in &row.events {
            reads.merge(Reads::of(catalog, &row.event_source, event));
        }
        if row.opens_sessions && !follows_sessions {
            reads.response = Members::default();
        }
        Self { event_source: row.event_source, events: row.events, grows: row.grows.zip(row.beside), reads }
    }
}

fn file() -> Result<File, toml::de::Error> {
    data_file::read(include_str!("busy.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregator::Below;
    use crate::catalog::rules::{Rules, squeeze};

    #[test]
    fn every_row_cites_what_the_file_explains_and_names_each_operation_once() {
        let file = file().unwrap();
        let mut seen = std::collections::BTreeSet::new();
        for row in &file.busy {
            assert!(row.source.split(", ").all(|short| file.cite.contains_key(short)), "{}", row.source);
            for event in &row.events {
                assert!(seen.insert((&row.event_source, event)), "{event} stands twice");
            }
        }
    }

    #[test]
    fn the_member_that_grows_is_one_that_the_rules_read_whole_and_nothing_reads_elsewhere() {
        for busy in Busy::all(Catalog::embedded(), true) {
            let Some((grows, beside)) = &busy.grows else { continue };
            for member in [grows, beside] {
                assert_eq!(busy.reads.request.top.get(&squeeze(member)), Some(&Below::All), "{member}");
                assert!(!busy.reads.request.anywhere.contains(&squeeze(member)), "{member}");
            }
        }
    }

    #[test]
    fn services_whose_ids_tell_types_are_kept_whole() {
        for busy in Busy::all(Catalog::embedded(), true) {
            let rules = Rules::embedded().service(Rules::embedded().prefix_of(&busy.event_source));
            assert!(rules.settings.id_prefixes.is_empty(), "{}", busy.event_source);
        }
    }
}
