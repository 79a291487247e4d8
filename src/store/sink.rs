//! Takes what the collector finds into a store.

use std::collections::{BTreeMap, BTreeSet};

use super::error::StoreError;
use super::open::Store;
use super::reading::Reading;
use super::write::{PendingCount, PendingEvent, Written};
use crate::aggregator::distill::Distiller;
use crate::aggregator::{Evidence, Selection};
use crate::catalog::Catalog;
use crate::cloudtrail::{Event, SkipReason};
use crate::collector::EventSink;
use crate::iam::PrincipalArn;

/// Takes the events of some principals into a store, batch by batch. There is one for each thread.
#[derive(Debug)]
pub struct StoreSink<'s> {
    store: &'s Store,
    distiller: Distiller<'s>,
    selection: &'s Selection,
    /// As the store shall call it.
    source: &'s str,
    events: Vec<PendingEvent>,
    counts: Vec<PendingCount>,
    gaps: BTreeSet<String>,
    brought: Brought,
    failed: Option<StoreError>,
}

/// What a source brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brought {
    /// Events that were not in the store.
    pub new: u64,
    /// Events that were.
    pub known: u64,
    /// Records that did not count, by reason.
    pub skipped: BTreeMap<SkipReason, u64>,
    pub gaps: u64,
    /// Objects that were read before and left out.
    pub left_out: u64,
}

impl Brought {
    /// Adds what another source brought.
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.known += other.known;
        self.gaps += other.gaps;
        self.left_out += other.left_out;
        for (reason, records) in other.skipped {
            *self.skipped.entry(reason).or_default() += records;
        }
    }
}

/// Events in one transaction: enough that its cost does not show, few enough that memory and other writers don't feel it.
const BATCH: usize = 1_000;

impl<'s> StoreSink<'s> {
    pub fn new(store: &'s Store, catalog: &'s Catalog, selection: &'s Selection, source: &'s str) -> Self {
        Self {
            store,
            distiller: Distiller::new(catalog),
            selection,
            source,
            events: Vec::new(),
            counts: Vec::new(),
            gaps: BTreeSet::new(),
            brought: Brought::default(),
            failed: None,
        }
    }

    /// Writes what is left. The reading is noted when all is in: a run that was cut off has not read its source.
    pub fn finish(mut self, reading: &Reading) -> Result<Brought, StoreError> {
        self.flush();
        match self.failed {
            Some(error) => Err(error),
            None => {
                self.brought.gaps = self.gaps.len() as u64;
                self.store.note_reading(reading, &self.gaps)?;
                Ok(self.brought)
            }
        }
    }

    fn flush(&mut self) {
        let (events, counts) = (std::mem::take(&mut self.events), std::mem::take(&mut self.counts));
        if self.failed.is_some() {
            return;
        }
        match self.store.write(self.source, &events, &counts) {
            Ok(Written { new, known }) => {
                self.brought.new += new;
                self.brought.known += known;
            }
            Err(error) => self.failed = Some(error),
        }
    }

    fn wanted(&mut self, event: &Event<'_>, evidence: &Evidence) -> Option<PrincipalArn> {
        let principal = event.caller.principal.clone().and_then(|arn| PrincipalArn::try_from(arn).ok());
        let reason = match principal {
            Some(principal) if self.selection.takes_principal(&principal) => {
                match self.selection.leaves_out_calls(event, evidence) {
                    None => return Some(principal),
                    Some(reason) => reason,
                }
            }
            Some(_) => SkipReason::OtherPrincipal,
            None => SkipReason::NoPrincipal,
        };
        self.skipped(reason, evidence.events);
        None
    }
}

fn place(event: &Event<'_>) -> (String, String) {
    (event.account.as_deref().unwrap_or_default().to_owned(), event.region.to_string())
}

impl EventSink for StoreSink<'_> {
    fn event(&mut self, event: &Event<'_>) {
        let Some(principal) = self.wanted(event, &Evidence::of(event.time, None)) else { return };
        let distilled = self.distiller.distill(event);
        self.events.push(PendingEvent {
            identity: event.fingerprint(),
            principal,
            call: distilled.call,
            actor: distilled.actor,
            time: event.time,
            id: event.id.as_deref().map(str::to_owned),
            place: place(event),
        });
        if self.events.len() >= BATCH {
            self.flush();
        }
    }

    fn calls(&mut self, event: &Event<'_>, evidence: &Evidence) {
        let Some(principal) = self.wanted(event, evidence) else { return };
        let distilled = self.distiller.distill(event);
        self.counts.push(PendingCount {
            principal,
            call: distilled.call,
            actor: distilled.actor,
            evidence: evidence.clone(),
            place: place(event),
        });
        if self.counts.len() >= BATCH {
            self.flush();
        }
    }

    fn skipped(&mut self, reason: SkipReason, records: u64) {
        if records > 0 {
            *self.brought.skipped.entry(reason).or_default() += records;
        }
    }

    fn gap(&mut self, text: String) {
        self.gaps.insert(text);
    }

    fn merge(&mut self, mut other: Self) {
        other.flush();
        self.failed = self.failed.take().or(other.failed);
        self.gaps.extend(other.gaps);
        self.brought.add(other.brought);
    }
}
