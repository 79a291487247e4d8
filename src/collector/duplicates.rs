//! Tells events apart that were delivered more than once.

use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use crate::cloudtrail::Event;

#[expect(clippy::disallowed_types, reason = "asked for membership only: its order shows nowhere")]
type Identities = std::collections::HashSet<Identity, BuildHasherDefault<Folded>>;

/// What tells an event, or a call, from all others, in 12 bytes: a large trail of one role has very many. That two events of a billion
/// share one is as likely as one to a hundred billion, and where they have the same id or say the same, 64 bits differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity([u32; 3]);

impl Identity {
    /// The upper half sums up the id, the lower what the event says.
    pub fn of(sums: u128) -> Self {
        let (id, says) = ((sums >> 64) as u64, sums as u64);
        let both = id ^ says;
        Self([both as u32, (both >> 32) as u32, says as u32])
    }

    /// By bits that a shard's own table does not use.
    fn shard(self) -> usize {
        let [_, high, _] = self.0;
        (high % u32::from(SHARDS)) as usize
    }
}

impl Hash for Identity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let [low, high, _] = self.0;
        state.write_u64(u64::from(high) << 32 | u64::from(low));
    }
}

/// The identities of all events seen, shared between threads.
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
        let identity = Identity::of(identity);
        let Some(shard) = self.shards.get(identity.shard()) else { return false };
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

    fn write_u64(&mut self, sum: u64) {
        self.0 = sum;
    }

    fn write_u128(&mut self, identity: u128) {
        self.0 = (identity >> 64) as u64 ^ identity as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_told_by_its_id_and_by_what_it_says() {
        let seen = Seen::new();
        let same_content = (0..10_000u128).map(|id| (id << 64) | 7);
        let same_id = (8..10_000u128).map(|says| (u128::from(u64::MAX) << 64) | says);
        let sums: Vec<u128> = same_content.chain(same_id).collect();
        assert!(sums.iter().all(|sum| !seen.is_known(*sum)));
        assert!(sums.iter().all(|sum| seen.is_known(*sum)));
    }
}
