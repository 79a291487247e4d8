//! Folds events into usage.

use std::collections::BTreeMap;

use super::{Selection, Usage};
use crate::catalog::Catalog;
use crate::cloudtrail::{Event, SkipReason};
use crate::iam::PrincipalArn;

/// Collects usage. One per thread; [`Aggregator::merge`] brings them together.
#[derive(Debug)]
pub struct Aggregator<'a> {
    catalog: &'a Catalog,
    selection: &'a Selection,
}

impl<'a> Aggregator<'a> {
    pub fn new(catalog: &'a Catalog, selection: &'a Selection) -> Self {
        Self { catalog, selection }
    }

    /// Counts one event in, or says why it does not count. The caller has told duplicates apart.
    pub fn add(&mut self, _event: &Event<'_>) {
        todo!()
    }

    /// Counts a record that never became an event.
    pub fn skip(&mut self, _reason: SkipReason) {
        todo!()
    }

    /// Notes something that could not be read, for the coverage.
    pub fn gap(&mut self, _text: String) {
        todo!()
    }

    pub fn merge(&mut self, _other: Self) {
        todo!()
    }

    /// One usage for each principal that was found, by ARN.
    pub fn finish(self) -> BTreeMap<PrincipalArn, Usage> {
        todo!()
    }
}
