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

use jiff::Timestamp;

use super::duplicates::Folded;
use super::operations::Operations;
use super::sink::EventSink;
use crate::aggregator::{Day, Evidence, distill};
use crate::cloudtrail::{Caller, Event, RecordHead, SkipReason, parse_record, read_caller};
use crate::iam::Arn;

#[expect(clippy::disallowed_types, reason = "what is counted adds up to the same in any order")]
type Table<K, V, S = foldhash::fast::RandomState> = std::collections::HashMap<K, V, S>;

/// The calls that one thread has seen.
#[derive(Debug, Default)]
pub struct Alike {
    callers: Table<Box<[u8]>, KnownCaller>,
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
    is_wanted: bool,
    caller: Option<Caller<'static>>,
    /// The identity without what differs from session to session; none where that can't be told apart.
    identity: Option<Vec<u8>>,
}

/// A call, how often and when it was seen again.
#[derive(Debug)]
struct Counted {
    call: Box<[u8]>,
    days: Vec<(Day, Evidence)>,
}

/// So much is kept of calls.
const MOST_KEPT: usize = 3 << 20;

/// Identities that are remembered: one a session.
const MOST_CALLERS: usize = 1_000;

impl Alike {
    /// Whether the caller with this `userIdentity` is wanted.
    pub fn is_wanted<'a>(&mut self, identity: &'a [u8], wanted: impl Fn(&Caller<'a>) -> bool) -> bool {
        if let Some(known) = self.callers.get(identity) {
            return known.is_wanted;
        }
        if self.callers.len() >= MOST_CALLERS {
            self.callers.clear();
        }
        let caller = read_caller(identity);
        let known = KnownCaller {
            is_wanted: caller.as_ref().is_none_or(&wanted),
            identity: caller.as_ref().map(|caller| distill::identity(caller).to_string().into_bytes()),
            caller: caller.map(Caller::into_owned),
        };
        let is_wanted = known.is_wanted;
        self.callers.insert(identity.into(), known);
        is_wanted
    }

    /// Whether a call like this one was taken before; then what tells the record from others, if anything.
    pub fn knows(&mut self, head: &RecordHead<'_>) -> Option<Option<u128>> {
        self.call.clear();
        let caller = self.callers.get(head.identity?)?;
        let operation = self.operations.get(&head.source, &head.name);
        let write = |side, payload: &[u8], call: &mut Vec<u8>| operation.write(side, payload, call);
        head.write_call(caller.identity.as_ref()?, write, &mut self.call);
        let [one, other] = self.hashers.each_ref().map(|hasher| u128::from(hasher.hash_one(self.call.as_slice())));
        self.hash = one << 64 | other;
        let principal = caller.caller.as_ref().and_then(|caller| caller.principal.as_ref());
        self.calls.contains_key(&self.hash).then(|| head.identity_of(principal.map(Arn::as_str)))
    }

    /// Reads the rest of a record. Its caller was read before, most often.
    pub fn parse<'a>(&self, head: RecordHead<'a>) -> Result<Event<'a>, SkipReason> {
        let known = head.identity.and_then(|identity| self.callers.get(identity)?.caller.clone());
        match known {
            Some(caller) => head.parse_of(caller),
            None => head.parse(),
        }
    }

    /// Counts the call that [`Alike::knows`] was asked for.
    pub fn count(&mut self, time: Timestamp, id: Option<Cow<'_, str>>) {
        let Some(known) = self.calls.get_mut(&self.hash) else { return };
        match known {
            Some(counted) => counted.add(time, id.as_deref()),
            None => {
                self.kept += self.call.len() + COUNTED;
                let days = vec![(Day::of(time), Evidence::of(time, id.as_deref()))];
                *known = Some(Box::new(Counted { call: self.call.as_slice().into(), days }));
            }
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
            let Counted { call, days } = *counted;
            let days: Vec<Evidence> = days.into_iter().map(|(_, evidence)| evidence).collect();
            let Some(first) = days.first() else { continue };
            record.clear();
            record.extend_from_slice(format!("{{\"eventTime\":\"{}\",", first.first_seen).as_bytes());
            record.extend_from_slice(&call);
            match parse_record(&record) {
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
