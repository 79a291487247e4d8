//! Forgetting what is old.

use jiff::Timestamp;
use rusqlite::{TransactionBehavior, params};

use super::actors::micros;
use super::error::StoreError;
use super::open::Store;
use crate::aggregator::Day;

impl Store {
    /// Forgets what was seen before a moment; how many events went. Room is given back to the disk.
    pub fn retain_since(&self, since: Timestamp) -> Result<u64, StoreError> {
        self.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let gone = transaction.execute("DELETE FROM events WHERE time < ?1", [micros(since)])?;
            transaction.execute("DELETE FROM counted WHERE last < ?1", [micros(since)])?;
            // A row of `objects` says that all events of its window are here, which holds for the later ones still.
            transaction.execute("UPDATE objects SET since = ?1 WHERE since < ?1", [micros(since)])?;
            transaction.execute("DELETE FROM objects WHERE until <= since OR delivered < ?1", [micros(since)])?;
            transaction.execute("DELETE FROM gaps WHERE until < ?1", [micros(since)])?;
            let Day(day) = Day::of(since);
            transaction.execute("DELETE FROM coverage WHERE day < ?1", params![day])?;
            for (table, column) in [("calls", "call"), ("actors", "actor")] {
                transaction.execute_batch(&format!(
                    "DELETE FROM {table} WHERE id NOT IN (SELECT {column} FROM events UNION SELECT {column} FROM counted)"
                ))?;
            }
            transaction.commit()?;
            connection.execute_batch("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);")?;
            Ok(gone as u64)
        })
    }
}
