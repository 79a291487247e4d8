//! A batch of events into the tables, in one transaction.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Transaction, TransactionBehavior, params};

use super::actors::{self, StoredId, micros};
use super::error::StoreError;
use super::open::Store;
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

    /// Notes when a source was read and what of it could not be.
    pub fn note_reading(
        &self,
        source: &str,
        at: Timestamp,
        gaps: impl IntoIterator<Item = String>,
    ) -> Result<(), StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            note_source(&transaction, source, (micros(at), micros(at)))?;
            for gap in gaps {
                transaction.execute("INSERT OR IGNORE INTO gaps (text) VALUES (?1)", [gap])?;
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
    let samples: Vec<(i64, &str)> = samples.iter().map(|(time, id)| (micros(*time), id.as_str())).collect();
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
