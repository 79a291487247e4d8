//! Which objects in S3 a store has the events of, so that the next reading leaves them out.
//!
//! What was read is written down when its events are in the store, never before: a run that is killed in between reads
//! again, and an event counts once.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rusqlite::{OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::actors::micros;
use super::error::StoreError;
use super::open::Store;
use super::reading::{Reading, Span};
use crate::collector::{ObjectLedger, S3Object, delivered};

/// The objects of one reading.
#[derive(Debug)]
pub struct Ledger {
    /// A connection of its own: downloads ask while events are written.
    store: Store,
    reading: Reading,
    read: Mutex<BTreeMap<Identity, Option<i64>>>,
    left_out: AtomicU64,
}

/// Tells an object with this content, read for this scope, from all others.
type Identity = [u8; 16];

impl Ledger {
    /// For a reading into this store.
    pub fn open(store: &Store, reading: Reading) -> Result<Self, StoreError> {
        let store = Store::open(store.path())?;
        Ok(Self { store, reading, read: Mutex::default(), left_out: AtomicU64::default() })
    }

    /// Writes down what was read, once all its events are in the store. How many objects were left out.
    pub fn write(&self) -> Result<u64, StoreError> {
        let read = std::mem::take(&mut *self.read.lock().unwrap_or_else(PoisonError::into_inner));
        let Span { since, until } = self.reading.window_of_objects();
        self.store.with(|connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (identity, delivered) in &read {
                transaction
                    .prepare_cached(
                        "INSERT INTO objects (identity, since, until, delivered) VALUES (?1, ?2, ?3, ?4)
                         ON CONFLICT DO UPDATE SET since = excluded.since, until = excluded.until",
                    )?
                    .execute(params![&identity[..], since, until, delivered])?;
            }
            transaction.commit()
        })?;
        Ok(self.left_out.load(Ordering::Relaxed))
    }

    fn identity(&self, object: &S3Object) -> Identity {
        let mut hasher = Sha256::new();
        for part in [&self.reading.scope, &object.bucket, &object.key, &object.etag] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let mut identity = Identity::default();
        identity.iter_mut().zip(hasher.finalize()).for_each(|(to, from)| *to = from);
        identity
    }
}

impl ObjectLedger for Ledger {
    fn has(&self, object: &S3Object) -> bool {
        let identity = self.identity(object);
        let Span { since, until } = self.reading.window_of_objects();
        let known = self.store.with(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM objects WHERE identity = ?1 AND since <= ?2 AND until >= ?3")?
                .query_row(params![&identity[..], since, until], |_| Ok(()))
                .optional()
        });
        // What can't be looked up is read again, which is never wrong.
        let has = matches!(known, Ok(Some(())));
        self.left_out.fetch_add(u64::from(has), Ordering::Relaxed);
        has
    }

    fn was_read(&self, object: S3Object) {
        let identity = self.identity(&object);
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.insert(identity, delivered(&object.key).map(micros));
    }
}
