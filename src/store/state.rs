//! What a store holds, in numbers, and what happened to it.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::actors::{micros, moment};
use super::error::StoreError;
use super::open::Store;
use crate::iam::PrincipalArn;

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    pub roles: u64,
    pub events: u64,
    /// Distinct calls.
    pub calls: u64,
    pub sessions: u64,
    pub first_event: Option<Timestamp>,
    pub last_event: Option<Timestamp>,
    pub gaps: u64,
    /// Size in bytes.
    pub bytes: u64,
}

impl Store {
    /// What it holds.
    pub fn state(&self) -> Result<State, StoreError> {
        self.with(|connection| {
            let count = |query: &str| connection.query_row(query, [], |row| row.get(0)).map(i64::unsigned_abs);
            let time = |query: &str| connection.query_row(query, [], |row| row.get::<_, Option<i64>>(0));
            let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
            let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
            let first = time(
                "SELECT min(time) FROM (SELECT min(time) AS time FROM events UNION SELECT min(first) FROM counted)",
            )?;
            let last = time(
                "SELECT max(time) FROM (SELECT max(time) AS time FROM events UNION SELECT max(last) FROM counted)",
            )?;
            Ok(State {
                roles: count("SELECT count(*) FROM principals")?,
                events: count("SELECT count(*) FROM events")? + count("SELECT coalesce(sum(events), 0) FROM counted")?,
                calls: count("SELECT count(*) FROM calls")?,
                sessions: count("SELECT count(DISTINCT session) FROM actors")?,
                first_event: first.map(moment),
                last_event: last.map(moment),
                gaps: count("SELECT count(*) FROM gaps")?,
                bytes: (pages * page).unsigned_abs(),
            })
        })
    }

    /// Notes that a role was audited at a moment, on events up to another. The same again changes nothing.
    pub fn record_audit(
        &self,
        principal: &PrincipalArn,
        at: Timestamp,
        seen_until: Timestamp,
    ) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.execute(
                "INSERT OR IGNORE INTO audits (principal, at, seen_until) VALUES (?1, ?2, ?3)",
                params![principal.to_string(), micros(at), micros(seen_until)],
            )?;
            Ok(())
        })
    }

    /// Up to when the last audit of a role before a moment saw its events.
    pub fn last_audit(&self, principal: &PrincipalArn, before: Timestamp) -> Result<Option<Timestamp>, StoreError> {
        self.with(|connection| {
            let last = connection.query_row(
                "SELECT coalesce(seen_until, at) FROM audits WHERE principal = ?1 AND at < ?2 ORDER BY at DESC LIMIT 1",
                params![principal.to_string(), micros(before)],
                |row| row.get(0),
            );
            Ok(last.optional()?.map(moment))
        })
    }
}
