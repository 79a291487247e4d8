//! A batch of events into the tables, in one transaction.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::actors::{self, StoredId, micros};
use super::error::StoreError;
use super::open::Store;
use super::reading::{Reading, Span};
use crate::aggregator::distill::Actor;
use crate::aggregator::{Day, Evidence};
use crate::iam::PrincipalArn;

/// An event on its way in.
#[derive(Debug)]
pub struct PendingEvent {
    pub identity: u128,
    pub principal: PrincipalArn,
    pub call: String,
    pub actor: Actor,
    pub time: Timestamp,
    pub id: Option<String>,
    pub place: (String, String),
}

/// A counted call on its way in.
#[derive(Debug)]
pub struct PendingCount {
    pub principal: PrincipalArn,
    pub call: String,
    pub actor: Actor,
    pub evidence: Evidence,
    pub place: (String, String),
}

/// What a batch has changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub new: u64,
    pub known: u64,
}

impl Store {
    /// Writes a batch of one source: all of it or, if that fails, nothing.
    pub(super) fn write(
        &self,
        source: &str,
        events: &[PendingEvent],
        counts: &[PendingCount],
    ) -> Result<Written, StoreError> {
        if events.is_empty() && counts.is_empty() {
            return Ok(Written::default());
        }
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut written = Written::default();
            for event in events {
                let is_new = add_event(&transaction, event)?;
                *(if is_new { &mut written.new } else { &mut written.known }) += 1;
                cover(&transaction, source, &event.place, event.time)?;
            }
            for count in counts {
                add_count(&transaction, source, count)?;
                written.new += count.evidence.events;
                cover(&transaction, source, &count.place, count.evidence.first_seen)?;
            }
            transaction.commit()?;
            Ok(written)
        })
    }

    /// Notes when a source was read and what of it could not be. Where all of it could, gaps of earlier readings close.
    pub(super) fn note_reading(&self, reading: &Reading, gaps: &BTreeSet<String>) -> Result<(), StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let at = micros(reading.at);
            note_source(&transaction, &reading.source, (at, at))?;
            if gaps.is_empty() {
                close_gaps(&transaction, reading)?;
            }
            for gap in gaps {
                note_gap(&transaction, (&reading.source, &reading.scope), gap, reading.window)?;
            }
            transaction.commit()
        })
    }
}

/// Whether the event was not there before.
fn add_event(transaction: &Transaction<'_>, event: &PendingEvent) -> rusqlite::Result<bool> {
    let identity = event.identity.to_be_bytes();
    let known = transaction
        .prepare_cached("SELECT 1 FROM events WHERE identity = ?1")?
        .query_row([&identity[..]], |_| Ok(()))
        .optional()?;
    if known.is_some() {
        return Ok(false);
    }
    let principal = actors::principal(transaction, &event.principal)?;
    let call = actors::call(transaction, principal, &event.call)?;
    let actor = actors::actor(transaction, &event.actor)?;
    let id = event.id.clone().map(StoredId);
    transaction
        .prepare_cached("INSERT INTO events (identity, call, actor, time, id) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![&identity[..], call, actor, micros(event.time), id])?;
    Ok(true)
}

fn add_count(transaction: &Transaction<'_>, source: &str, count: &PendingCount) -> rusqlite::Result<()> {
    let principal = actors::principal(transaction, &count.principal)?;
    let call = actors::call(transaction, principal, &count.call)?;
    let actor = actors::actor(transaction, &count.actor)?;
    let Evidence { events, first_seen, last_seen, samples } = &count.evidence;
    let Day(day) = Day::of(*first_seen);
    let samples: Vec<(i64, &str)> = samples.iter().map(|(time, id)| (micros(*time), &**id)).collect();
    let samples = serde_json::to_string(&samples).unwrap_or_default();
    let events = i64::try_from(*events).unwrap_or(i64::MAX);
    transaction
        .prepare_cached(
            "INSERT INTO counted (source, call, actor, day, events, first, last, samples)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT DO UPDATE SET events = excluded.events, first = excluded.first, last = excluded.last,
                samples = excluded.samples WHERE excluded.events >= events",
        )?
        .execute(params![source, call, actor, day, events, micros(*first_seen), micros(*last_seen), samples])?;
    Ok(())
}

fn cover(
    transaction: &Transaction<'_>,
    source: &str,
    (account, region): &(String, String),
    time: Timestamp,
) -> rusqlite::Result<()> {
    let Day(day) = Day::of(time);
    transaction
        .prepare_cached("INSERT OR IGNORE INTO coverage (source, account, region, day) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![source, account, region, day])?;
    Ok(())
}

/// Notes what could not be read of a source, in which window.
pub fn note_gap(
    transaction: &Transaction<'_>,
    (source, scope): (&str, &str),
    text: &str,
    Span { since, until }: Span,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO gaps (source, scope, text, since, until) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET since = min(since, excluded.since), until = max(until, excluded.until)",
        params![source, scope, text, since, until],
    )?;
    Ok(())
}

/// A reading without gaps: what earlier ones could not read in its window is read now. Of a gap that reaches beyond the
/// window the rest stays.
fn close_gaps(transaction: &Transaction<'_>, reading: &Reading) -> rusqlite::Result<()> {
    let Reading { source, scope, window: Span { since, until }, .. } = reading;
    for close in [
        "DELETE FROM gaps WHERE source = ?1 AND scope = ?2 AND since >= ?3 AND until <= ?4",
        "UPDATE gaps SET until = ?3 WHERE source = ?1 AND scope = ?2 AND since < ?3 AND until > ?3 AND until <= ?4",
        "UPDATE gaps SET since = ?4 WHERE source = ?1 AND scope = ?2 AND since >= ?3 AND since < ?4 AND until > ?4",
    ] {
        transaction.execute(close, params![source, scope, since, until])?;
    }
    Ok(())
}

/// Notes between which moments a source was read.
pub fn note_source(transaction: &Transaction<'_>, source: &str, (first, last): (i64, i64)) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO sources (source, first_read, last_read) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET first_read = min(first_read, excluded.first_read),
            last_read = max(last_read, excluded.last_read)",
        params![source, first, last],
    )?;
    Ok(())
}
