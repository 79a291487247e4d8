//! Calls out of the store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::actors::{self, micros, moment, read_actor, read_id};
use super::error::StoreError;
use super::open::Store;
use crate::aggregator::distill::Actor;
use crate::aggregator::{Day, Evidence, Selection};
use crate::iam::Arn;

/// A call with its evidence by day, all of it inside the window that was asked for, or all outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCall {
    /// The distilled record without time and actor.
    pub call: String,
    /// Nobody where sessions do not matter.
    pub actor: Actor,
    pub days: Vec<Evidence>,
}

/// What is in a store.
#[derive(Debug, Default)]
pub struct Loaded {
    pub calls: Vec<StoredCall>,
    /// Events that another source has brought already.
    pub repeated: u64,
    pub gaps: Vec<String>,
}

/// By call, actor (0: any), side of the window and day.
type Groups = BTreeMap<(i64, i64, Side), BTreeMap<Day, Evidence>>;

/// Where a moment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Before,
    Within,
    Behind,
}

/// How to read.
struct Reading<'r> {
    selection: &'r Selection,
    /// Whether sessions are told apart.
    by_actor: bool,
    is_repeated: &'r dyn Fn(u128) -> bool,
}

impl Store {
    /// The calls of the principals that `wanted` takes. Sessions are told apart if the selection or the caller
    /// (`by_actor`) needs it. `is_repeated` notes the identity of an event and tells whether it was there before.
    pub fn load(
        &self,
        wanted: impl Fn(&Arn) -> bool,
        selection: &Selection,
        by_actor: bool,
        is_repeated: &dyn Fn(u128) -> bool,
    ) -> Result<Loaded, StoreError> {
        let by_actor = by_actor || !selection.sessions.is_empty() || !selection.access_keys.is_empty();
        let reading = Reading { selection, by_actor, is_repeated };
        let read = |connection: &mut Connection| {
            let principals = principals(connection, &wanted)?;
            let mut repeated = 0;
            let mut groups = Groups::new();
            for principal in principals {
                read_events(connection, principal, &reading, &mut groups, &mut repeated)?;
                read_counted(connection, principal, &reading, &mut groups)?;
            }
            Ok(Loaded { calls: with_records(connection, groups)?, repeated, gaps: gaps(connection, selection)? })
        };
        self.with(read)
    }
}

fn principals(connection: &Connection, wanted: &impl Fn(&Arn) -> bool) -> rusqlite::Result<Vec<i64>> {
    let mut statement = connection.prepare("SELECT id, arn FROM principals ORDER BY arn")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    let mut found = Vec::new();
    for row in rows {
        let (id, arn) = row?;
        if arn.parse::<Arn>().is_ok_and(|arn| wanted(&arn)) {
            found.push(id);
        }
    }
    Ok(found)
}

fn read_events(
    connection: &Connection,
    principal: i64,
    reading: &Reading<'_>,
    groups: &mut Groups,
    repeated: &mut u64,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT e.identity, e.call, e.actor, e.time, e.id FROM events e JOIN calls c ON c.id = e.call
         WHERE c.principal = ?1",
    )?;
    let mut rows = statement.query([principal])?;
    while let Some(row) = rows.next()? {
        let identity: [u8; 16] = row.get(0)?;
        if (reading.is_repeated)(u128::from_be_bytes(identity)) {
            *repeated += 1;
            continue;
        }
        let time = moment(row.get(3)?);
        let id = read_id(row.get_ref(4)?);
        reading.add(groups, (row.get(1)?, row.get(2)?), &Evidence::of(time, id.as_deref()));
    }
    Ok(())
}

fn read_counted(
    connection: &Connection,
    principal: i64,
    reading: &Reading<'_>,
    groups: &mut Groups,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(
        "SELECT k.call, k.actor, k.events, k.first, k.last, k.samples FROM counted k JOIN calls c ON c.id = k.call
         WHERE c.principal = ?1",
    )?;
    let mut rows = statement.query([principal])?;
    while let Some(row) = rows.next()? {
        let samples: Vec<(i64, String)> = serde_json::from_str(&row.get::<_, String>(5)?).unwrap_or_default();
        let evidence = Evidence {
            events: row.get::<_, i64>(2)?.unsigned_abs(),
            first_seen: moment(row.get(3)?),
            last_seen: moment(row.get(4)?),
            samples: samples.into_iter().map(|(time, id)| (moment(time), id.into())).collect(),
        };
        reading.add(groups, (row.get(0)?, row.get(1)?), &evidence);
    }
    Ok(())
}

impl Reading<'_> {
    fn add(&self, groups: &mut Groups, (call, actor): (i64, i64), evidence: &Evidence) {
        let actor = if self.by_actor { actor } else { 0 };
        let side = self.side(evidence.first_seen, evidence.last_seen);
        let days = groups.entry((call, actor, side)).or_default();
        let known = days.entry(Day::of(evidence.first_seen));
        known.and_modify(|known| known.merge(evidence)).or_insert_with(|| evidence.clone());
    }

    /// What an engine has counted by day may lie on both sides of an end: then it counts, as nothing must be lost.
    fn side(&self, first: Timestamp, last: Timestamp) -> Side {
        match (self.selection.since, self.selection.until) {
            (Some(since), _) if last < since => Side::Before,
            (_, Some(until)) if first >= until => Side::Behind,
            _ => Side::Within,
        }
    }
}

fn with_records(connection: &Connection, groups: Groups) -> rusqlite::Result<Vec<StoredCall>> {
    let mut call = connection.prepare("SELECT record FROM calls WHERE id = ?1")?;
    let mut actor = connection.prepare(
        "SELECT session, access_key_id, source_ip, user_agent, source_identity, vpc_endpoint FROM actors WHERE id = ?1",
    )?;
    let read = |((call_id, actor_id, _), days): ((i64, i64, Side), BTreeMap<Day, Evidence>)| {
        Ok(StoredCall {
            call: call.query_row([call_id], |row| row.get(0))?,
            actor: match actor_id {
                0 => Actor::default(),
                id => actor.query_row([id], |row| read_actor(row, 0))?,
            },
            days: days.into_values().collect(),
        })
    };
    groups.into_iter().map(read).collect()
}

/// What could not be read of the window that is asked for.
fn gaps(connection: &Connection, selection: &Selection) -> rusqlite::Result<Vec<String>> {
    let window = [selection.since.map_or(i64::MIN, micros), selection.until.map_or(i64::MAX, micros)];
    connection
        .prepare("SELECT DISTINCT text FROM gaps WHERE until >= ?1 AND since <= ?2 ORDER BY text")?
        .query_map(window, |row| row.get(0))?
        .collect()
}

/// The number of an actor is never that of nobody.
const _: () = assert!(actors::FIRST_ROW > 0);
