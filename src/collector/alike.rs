//! Calls that differ in nothing that counts, counted instead of parsed again.
//!
//! A role makes the same calls again and again, and what a call needs does not depend on when it was made. The first of
//! them goes the usual way; of the second, and all that follow, only the members are found ([`RecordHead`]), the payloads
//! are written in brief ([`Operations`]), and the sink is told that the call came again, when, and with which id.
//!
//! Of a call only a hash is kept. Memory is bounded: when there are too many, all are forgotten, and it starts afresh.

use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use super::duplicates::{Folded, Identity};
use super::operations::Operations;
use super::sink::EventSink;
use crate::aggregator::{KnownCall, distill};
use crate::cloudtrail::{Caller, Event, RecordHead, SkipReason, read_caller};
use crate::iam::Arn;

#[expect(clippy::disallowed_types, reason = "asked for single calls only: its order shows nowhere")]
type Table<K, V, S = foldhash::fast::RandomState> = std::collections::HashMap<K, V, S>;

/// The calls that one thread has seen.
#[derive(Debug, Default)]
pub struct Alike {
    callers: Table<Arc<[u8]>, Arc<KnownCaller>>,
    /// The caller of the record at hand, most often that of the one before, too.
    caller: Option<Arc<KnownCaller>>,
    /// Callers without what differs from session to session, each with a number of its own.
    identities: Table<Box<[u8]>, u64>,
    /// How many identities were numbered.
    numbered: u64,
    operations: Operations,
    /// By hash.
    calls: Table<Identity, KnownCall, BuildHasherDefault<Folded>>,
    /// Drawn for this run, so that no file can be made whose calls have one hash.
    hashers: [foldhash::quality::RandomState; 2],
    /// The call at hand in brief, and its hash.
    call: Vec<u8>,
    hash: Option<Identity>,
}

/// What a `userIdentity` says.
#[derive(Debug)]
struct KnownCaller {
    text: Arc<[u8]>,
    is_wanted: bool,
    caller: Option<Caller<'static>>,
    /// None where the caller can't be told, or is not wanted.
    identity: Option<u64>,
}

/// So many calls are remembered, for which the table takes a megabyte and the sink about as much.
const MOST_CALLS: usize = 56 << 10;

/// Identities that are remembered: one a session.
const MOST_CALLERS: usize = 1_000;

impl Alike {
    /// Whether the caller with this `userIdentity` is wanted. It is that of the record at hand from now on.
    pub fn is_wanted<'a>(&mut self, identity: &'a [u8], wanted: impl Fn(&Caller<'a>) -> bool) -> bool {
        if let Some(last) = self.caller.as_ref().filter(|last| *last.text == *identity) {
            return last.is_wanted;
        }
        let known = match self.callers.get(identity) {
            Some(known) => Arc::clone(known),
            None => self.read(identity, wanted),
        };
        let is_wanted = known.is_wanted;
        self.caller = Some(known);
        is_wanted
    }

    fn read<'a>(&mut self, identity: &'a [u8], wanted: impl Fn(&Caller<'a>) -> bool) -> Arc<KnownCaller> {
        let caller = read_caller(identity);
        let is_wanted = caller.as_ref().is_none_or(&wanted);
        let known = Arc::new(KnownCaller {
            text: identity.into(),
            is_wanted,
            identity: caller.as_ref().filter(|_| is_wanted).map(|caller| self.identity(caller)),
            caller: caller.filter(|_| is_wanted).map(Caller::into_owned),
        });
        if self.callers.len() >= MOST_CALLERS {
            self.callers.clear();
        }
        self.callers.insert(Arc::clone(&known.text), Arc::clone(&known));
        known
    }

    fn identity(&mut self, caller: &Caller<'_>) -> u64 {
        let text = distill::identity(caller).to_string().into_bytes();
        if let Some(known) = self.identities.get(text.as_slice()) {
            return *known;
        }
        self.numbered += 1;
        if self.identities.len() >= MOST_CALLERS {
            self.identities.clear();
        }
        self.identities.insert(text.into(), self.numbered);
        self.numbered
    }

    /// A call like this one, if one was taken before.
    pub fn known(&mut self, head: &RecordHead<'_>) -> Option<KnownCall> {
        self.hash = None;
        let known = self.caller.as_ref().filter(|_| head.identity.is_some())?;
        let identity = known.identity?;
        let operation = self.operations.get(&head.source, &head.name)?;
        self.call.clear();
        head.write_call(|side, payload, call| operation.write(side, payload, call), &mut self.call);
        let call = (identity, self.call.as_slice());
        let [one, other] = self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one(call)));
        let hash = Identity::of(one << 64 | other);
        self.hash = Some(hash);
        self.calls.get(&hash).copied()
    }

    /// What tells the record from all others, if anything.
    pub fn identity_of(&self, head: &RecordHead<'_>, id: Option<&str>) -> Option<u128> {
        let caller = self.caller.as_ref().and_then(|known| known.caller.as_ref());
        let principal = caller.and_then(|caller| caller.principal.as_ref());
        head.identity_of(id?, principal.map(Arn::as_str))
    }

    /// Reads the rest of a record. Its caller was read before.
    pub fn parse<'a>(&self, head: RecordHead<'a>) -> Result<Event<'a>, SkipReason> {
        let known = self.caller.as_ref().filter(|_| head.identity.is_some());
        match known.and_then(|known| known.caller.clone()) {
            Some(caller) => head.parse_of(caller),
            None => head.parse(),
        }
    }

    /// Hands on the event that [`Alike::known`] was asked for and did not know.
    pub fn take(&mut self, event: &Event<'_>, sink: &mut impl EventSink) {
        let Some(hash) = self.hash else { return sink.event(event) };
        if self.calls.len() >= MOST_CALLS {
            self.calls.clear();
            sink.forget_calls();
        }
        if let Some(call) = sink.event_to_recall(event) {
            self.calls.insert(hash, call);
        }
    }
}
