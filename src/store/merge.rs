//! One store into another: row by row what is not there yet, so that order and repetition never show.

use std::collections::BTreeMap;

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::actors::{self, read_actor};
use super::error::StoreError;
use super::open::Store;
use super::reading::Span;
use super::sink::Brought;
use super::write::{note_gap, note_source};
use crate::aggregator::distill::Actor;
use crate::iam::{PrincipalArn, PrincipalSelector};

impl Store {
    /// Takes over what another store holds of the principals. All of it is one transaction.
    pub fn take_over(&self, other: &Self, principals: &[PrincipalSelector]) -> Result<Brought, StoreError> {
        let from = other.connection();
        let copy = Copy::of(&from, principals).map_err(|source| other.failed(source))?;
        self.with(|to| copy.write(&from, to))
    }
}

/// The rows of a store, but for the events: there may be many.
struct Copy {
    calls: Vec<(i64, PrincipalArn, String)>,
    actors: BTreeMap<i64, Actor>,
    counted: Vec<Counted>,
    coverage: Vec<(String, String, String, i64)>,
    sources: Vec<(String, i64, i64)>,
    gaps: Vec<(String, String, String, i64, i64)>,
    audits: Vec<(String, i64, Option<i64>)>,
}

struct Counted {
    source: String,
    call: i64,
    actor: i64,
    numbers: [i64; 4],
    samples: String,
}

impl Copy {
    fn of(connection: &Connection, principals: &[PrincipalSelector]) -> rusqlite::Result<Self> {
        let mut calls = Vec::new();
        let mut statement = connection.prepare(
            "SELECT c.id, p.arn, c.record FROM calls c JOIN principals p ON p.id = c.principal ORDER BY c.id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let arn: Result<PrincipalArn, _> = row.get::<_, String>(1)?.parse();
            if let Some(arn) = arn.ok().filter(|arn| principals.iter().any(|selector| selector.matches(arn))) {
                calls.push((row.get(0)?, arn, row.get(2)?));
            }
        }
        Ok(Self {
            calls,
            actors: all::<(i64, Actor)>(
                connection,
                "SELECT id, session, access_key_id, source_ip, user_agent, source_identity, vpc_endpoint FROM actors
                 ORDER BY id",
                |row| Ok((row.get(0)?, read_actor(row, 1)?)),
            )?
            .into_iter()
            .collect(),
            counted: all(
                connection,
                "SELECT source, call, actor, day, events, first, last, samples FROM counted",
                |row| {
                    let numbers = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
                    Ok(Counted {
                        source: row.get(0)?,
                        call: row.get(1)?,
                        actor: row.get(2)?,
                        numbers,
                        samples: row.get(7)?,
                    })
                },
            )?,
            coverage: all(connection, "SELECT source, account, region, day FROM coverage", |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })?,
            sources: all(connection, "SELECT source, first_read, last_read FROM sources", |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?,
            gaps: all(connection, "SELECT source, scope, text, since, until FROM gaps", |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })?,
            audits: all(connection, "SELECT principal, at, seen_until FROM audits", |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?,
        })
    }

    fn write(&self, from: &Connection, to: &mut Connection) -> rusqlite::Result<Brought> {
        let transaction = to.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut brought = Brought::default();
        let mut calls = BTreeMap::new();
        for (id, principal, record) in &self.calls {
            let principal = actors::principal(&transaction, principal)?;
            calls.insert(*id, actors::call(&transaction, principal, record)?);
        }
        // Actors of others than the principals stay behind.
        let mut known_actors = BTreeMap::new();
        let mut actor = |id: i64| -> rusqlite::Result<Option<i64>> {
            let (None, Some(actor)) = (known_actors.get(&id), self.actors.get(&id)) else {
                return Ok(known_actors.get(&id).copied());
            };
            let new = actors::actor(&transaction, actor)?;
            known_actors.insert(id, new);
            Ok(Some(new))
        };
        let mut statement = from.prepare("SELECT identity, call, actor, time, id FROM events ORDER BY identity")?;
        let mut events = statement.query([])?;
        while let Some(event) = events.next()? {
            let (identity, time, id) = (event.get_ref(0)?, event.get_ref(3)?, event.get_ref(4)?);
            let Some(call) = calls.get(&event.get(1)?) else { continue };
            let Some(actor) = actor(event.get(2)?)? else { continue };
            let known = transaction
                .prepare_cached("SELECT 1 FROM events WHERE identity = ?1")?
                .query_row([ToSqlOutput::Borrowed(identity)], |_| Ok(()))
                .optional()?;
            if known.is_some() {
                brought.known += 1;
                continue;
            }
            transaction
                .prepare_cached("INSERT INTO events (identity, call, actor, time, id) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute(params![
                    ToSqlOutput::Borrowed(identity),
                    call,
                    actor,
                    ToSqlOutput::Borrowed(time),
                    ToSqlOutput::Borrowed(id)
                ])?;
            brought.new += 1;
        }
        for Counted { source, call, actor: of, numbers: [day, events, first, last], samples } in &self.counted {
            let (Some(call), Some(actor)) = (calls.get(call), actor(*of)?) else { continue };
            transaction
                .prepare_cached(
                    "INSERT INTO counted (source, call, actor, day, events, first, last, samples)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                     ON CONFLICT DO UPDATE SET events = excluded.events, first = excluded.first, last = excluded.last,
                        samples = excluded.samples WHERE excluded.events > events",
                )?
                .execute(params![source, call, actor, day, events, first, last, samples])?;
        }
        for (source, account, region, day) in &self.coverage {
            transaction
                .prepare_cached(
                    "INSERT OR IGNORE INTO coverage (source, account, region, day) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![source, account, region, day])?;
        }
        for (source, first, last) in &self.sources {
            note_source(&transaction, source, (*first, *last))?;
        }
        for (source, scope, text, since, until) in &self.gaps {
            note_gap(&transaction, (source, scope), text, Span { since: *since, until: *until })?;
        }
        for (principal, at, until) in &self.audits {
            transaction.execute(
                "INSERT OR IGNORE INTO audits (principal, at, seen_until) VALUES (?1, ?2, ?3)",
                params![principal, at, until],
            )?;
        }
        transaction.commit()?;
        brought.gaps = self.gaps.len() as u64;
        Ok(brought)
    }
}

fn all<T>(
    connection: &Connection,
    query: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(query)?.query_map([], read)?.collect()
}
