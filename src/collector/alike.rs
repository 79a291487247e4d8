//! Calls that differ in nothing that counts, counted instead of parsed again.
//!
//! A role makes the same calls again and again, and what a call needs does not depend on when it was made. The first of
//! them goes the usual way; of the second, and all that follow, only the members are found ([`RecordHead`]), the payloads
//! are written in brief ([`Operations`]), and id and time are kept as evidence. In the end each such call is handed on
//! once, with its evidence.
//!
//! Of a call that came once only a hash is kept, most calls being of that kind. Memory is bounded: when too much is kept,
//! all of it is handed on, and counting starts afresh.

use std::borrow::Cow;
use std::hash::{BuildHasher, BuildHasherDefault};
use std::sync::Arc;

use jiff::Timestamp;

use super::duplicates::Folded;
use super::operations::Operations;
use super::sink::EventSink;
use crate::aggregator::{Day, Evidence, distill};
use crate::cloudtrail::{Caller, Event, RecordHead, SkipReason, read_caller};
use crate::iam::Arn;

#[expect(clippy::disallowed_types, reason = "what is counted adds up to the same in any order")]
type Table<K, V, S = foldhash::fast::RandomState> = std::collections::HashMap<K, V, S>;

/// The calls that one thread has seen.
#[derive(Debug, Default)]
pub struct Alike {
    callers: Table<Arc<[u8]>, Arc<KnownCaller>>,
    /// The caller of the record at hand, most often that of the one before, too.
    caller: Option<Arc<KnownCaller>>,
    identities: Table<Box<[u8]>, Arc<Identity>>,
    /// How many identities were numbered.
    numbered: u64,
    operations: Operations,
    /// By hash. `None`: seen once, and handed on.
    calls: Table<u128, Option<Box<Counted>>, BuildHasherDefault<Folded>>,
    /// Drawn for this run, so that no file can be made whose calls have one hash.
    hashers: [foldhash::quality::RandomState; 2],
    /// About how many bytes are kept in `calls`.
    kept: usize,
    /// The call at hand, and its hash.
    call: Vec<u8>,
    hash: u128,
}

/// What a `userIdentity` says.
#[derive(Debug)]
struct KnownCaller {
    text: Arc<[u8]>,
    is_wanted: bool,
    caller: Option<Caller<'static>>,
    /// None where the caller can't be told, or is not wanted.
    identity: Option<Arc<Identity>>,
}

/// A caller without what differs from session to session.
#[derive(Debug)]
struct Identity {
    /// Of its own.
    number: u64,
    caller: Option<Caller<'static>>,
}

/// A call, how often and when it was seen again.
#[derive(Debug)]
struct Counted {
    identity: Arc<Identity>,
    call: Box<[u8]>,
    days: Vec<(Day, Evidence)>,
}

/// So much is kept of calls.
const MOST_KEPT: usize = 3 << 20;

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

    fn identity(&mut self, caller: &Caller<'_>) -> Arc<Identity> {
        let text = distill::identity(caller).to_string().into_bytes();
        if let Some(known) = self.identities.get(text.as_slice()) {
            return Arc::clone(known);
        }
        self.numbered += 1;
        let caller = read_caller(&text).map(Caller::into_owned);
        let identity = Arc::new(Identity { number: self.numbered, caller });
        if self.identities.len() >= MOST_CALLERS {
            self.identities.clear();
        }
        self.identities.insert(text.into(), Arc::clone(&identity));
        identity
    }

    /// Whether a call like this one was taken before; then what tells the record from others, if anything.
    pub fn knows(&mut self, head: &RecordHead<'_>) -> Option<Option<u128>> {
        self.call.clear();
        let known = self.caller.as_ref().filter(|_| head.identity.is_some())?;
        let identity = known.identity.as_ref()?;
        let operation = self.operations.get(&head.source, &head.name)?;
        head.write_call(|side, payload, call| operation.write(side, payload, call), &mut self.call);
        let call = (identity.number, self.call.as_slice());
        let [one, other] = self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one(call)));
        self.hash = one << 64 | other;
        let principal = known.caller.as_ref().and_then(|caller| caller.principal.as_ref());
        self.calls.contains_key(&self.hash).then(|| head.identity_of(principal.map(Arn::as_str)))
    }

    /// Reads the rest of a record. Its caller was read before.
    pub fn parse<'a>(&self, head: RecordHead<'a>) -> Result<Event<'a>, SkipReason> {
        let known = self.caller.as_ref().filter(|_| head.identity.is_some());
        match known.and_then(|known| known.caller.clone()) {
            Some(caller) => head.parse_of(caller),
            None => head.parse(),
        }
    }

    /// Counts the call that [`Alike::knows`] was asked for.
    pub fn count(&mut self, time: Timestamp, id: Option<Cow<'_, str>>) {
        let Some(known) = self.calls.get_mut(&self.hash) else { return };
        let identity = self.caller.as_ref().and_then(|caller| caller.identity.as_ref());
        match (known, identity) {
            (Some(counted), _) => counted.add(time, id.as_deref()),
            (known, Some(identity)) => {
                self.kept += self.call.len() + COUNTED;
                let days = vec![(Day::of(time), Evidence::of(time, id.as_deref()))];
                let (identity, call) = (Arc::clone(identity), self.call.as_slice().into());
                *known = Some(Box::new(Counted { identity, call, days }));
            }
            (None, None) => {}
        }
    }

    /// Remembers the call that [`Alike::knows`] was asked for and did not know.
    pub fn remember(&mut self, sink: &mut impl EventSink) {
        if self.call.is_empty() {
            return;
        }
        self.kept += ENTRY;
        if self.kept > MOST_KEPT {
            self.hand_on(sink);
        }
        self.calls.insert(self.hash, None);
    }

    /// Hands on all that was counted.
    pub fn hand_on(&mut self, sink: &mut impl EventSink) {
        let mut record = Vec::new();
        for (_, counted) in self.calls.drain() {
            let Some(counted) = counted else { continue };
            let Counted { identity, call, days } = *counted;
            let days: Vec<Evidence> = days.into_iter().map(|(_, evidence)| evidence).collect();
            let Some(first) = days.first() else { continue };
            record.clear();
            record.extend_from_slice(format!("{{\"eventTime\":\"{}\",", first.first_seen).as_bytes());
            record.extend_from_slice(&call);
            let caller = identity.caller.clone().ok_or(SkipReason::NoPrincipal);
            let head = RecordHead::read(&record, |_| true);
            match head.and_then(|head| head.parse_of(caller?)) {
                Ok(event) => sink.calls_by_day(&event, &days),
                // Its like was parsed before.
                Err(reason) => sink.skipped(reason, days.iter().map(|day| day.events).sum()),
            }
        }
        self.kept = 0;
    }
}

impl Counted {
    fn add(&mut self, time: Timestamp, id: Option<&str>) {
        let today = Day::of(time);
        match self.days.iter_mut().find(|(day, _)| *day == today) {
            Some((_, evidence)) => evidence.add(time, id),
            None => self.days.push((today, Evidence::of(time, id))),
        }
    }
}

/// About what a call takes that was seen once.
const ENTRY: usize = 48;

/// And what one takes beside its text that was seen again.
const COUNTED: usize = 256;
