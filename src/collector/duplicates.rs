//! Tells events apart that were delivered more than once.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, PoisonError};

use crate::cloudtrail::Event;

#[expect(clippy::disallowed_types, reason = "asked for membership only: its order shows nowhere")]
type Identities = std::collections::HashSet<u128, BuildHasherDefault<Folded>>;

/// The identities of all events seen, in 16 bytes each, shared between threads.
#[derive(Debug)]
pub struct Seen {
    shards: Vec<Mutex<Identities>>,
    /// Events are told apart as a store tells them.
    as_stored: bool,
}

/// Enough that threads seldom wait for each other.
const SHARDS: u8 = 64;

impl Seen {
    pub fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), as_stored: false }
    }

    /// Tells events apart as a store does, so that those of stores and of other sources are told apart alike.
    pub fn as_stored() -> Self {
        Self { as_stored: true, ..Self::new() }
    }

    /// Whether events are told apart as a store does.
    pub fn is_as_stored(&self) -> bool {
        self.as_stored
    }

    /// Notes the event; whether it was there before. Events without an id never were.
    pub fn is_repeated(&self, event: &Event<'_>) -> bool {
        let identity = if self.as_stored { Some(event.fingerprint()) } else { event.identity() };
        identity.is_some_and(|identity| self.is_known(identity))
    }

    /// Notes an identity; whether it was there before.
    pub fn is_known(&self, identity: u128) -> bool {
        let shard = identity as u64 % u64::from(SHARDS);
        let Some(shard) = self.shards.get(shard as usize) else { return false };
        // A thread that panicked inside `insert` has left a set all the same.
        !shard.lock().unwrap_or_else(PoisonError::into_inner).insert(identity)
    }
}

/// Identities are hashes already: their halves are put together.
#[derive(Debug, Default)]
pub struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, identity: u128) {
        self.0 = (identity >> 64) as u64 ^ identity as u64;
    }
}
