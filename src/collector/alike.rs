//! Calls that differ in id and time only, counted instead of parsed again.
//!
//! A role makes the same calls again and again, and what a call needs does not depend on when it was made. The first of
//! them goes the usual way; of the second, and all that follow, only the members are found
//! ([`RecordHead`]), and id and time are kept as evidence. In the end each such call is handed on once, with its evidence.
//!
//! Memory is bounded: when too much is kept, all of it is handed on, and counting starts afresh.

use std::borrow::Cow;

use jiff::Timestamp;

use super::sink::EventSink;
use crate::aggregator::{Day, Evidence, distill};
use crate::catalog::rules::Rules;
use crate::cloudtrail::{Caller, RecordHead, parse_record, read_caller};

#[expect(clippy::disallowed_types, reason = "what is counted adds up to the same in any order")]
type Table<V> = std::collections::HashMap<Box<[u8]>, V, foldhash::fast::RandomState>;

/// The calls that one thread has seen.
#[derive(Debug, Default)]
pub struct Alike {
    callers: Table<KnownCaller>,
    /// `None`: seen once, and handed on.
    calls: Table<Option<Counted>>,
    /// Bytes kept in `calls`.
    kept: usize,
    /// The call at hand.
    call: Vec<u8>,
}

/// What a `userIdentity` says.
#[derive(Debug)]
struct KnownCaller {
    is_wanted: bool,
    principal: Option<String>,
    /// The identity without what differs from session to session; none where that can't be told apart.
    identity: Option<Vec<u8>>,
}

/// How often and when a call was seen again.
#[derive(Debug)]
struct Counted(Vec<(Day, Evidence)>);

/// So much text of calls is kept.
const MOST_KEPT: usize = 2 << 20;

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
            principal: caller.as_ref().and_then(|caller| Some(caller.principal.as_ref()?.to_string())),
            identity: caller.map(|caller| distill::identity(&caller).to_string().into_bytes()),
        };
        let is_wanted = known.is_wanted;
        self.callers.insert(identity.into(), known);
        is_wanted
    }

    /// Whether a call like this one was taken before; then what tells the record from others, if anything.
    pub fn knows(&mut self, head: &RecordHead<'_>) -> Option<Option<u128>> {
        self.call.clear();
        let caller = self.callers.get(head.identity?)?;
        head.write_call(caller.identity.as_ref()?, |member| is_token(&head.source, member), &mut self.call);
        self.calls.contains_key(self.call.as_slice()).then(|| head.identity_of(caller.principal.as_deref()))
    }

    /// Counts the call that [`Alike::knows`] was asked for.
    pub fn count(&mut self, time: Timestamp, id: Option<Cow<'_, str>>) {
        match self.calls.get_mut(self.call.as_slice()) {
            Some(Some(counted)) => counted.add(time, id.as_deref()),
            Some(again @ None) => *again = Some(Counted::of(time, id.as_deref())),
            None => {}
        }
    }

    /// Remembers the call that [`Alike::knows`] was asked for and did not know.
    pub fn remember(&mut self, sink: &mut impl EventSink) {
        if self.call.is_empty() {
            return;
        }
        self.kept += self.call.len() + ENTRY;
        if self.kept > MOST_KEPT {
            self.hand_on(sink);
        }
        self.calls.insert(self.call.as_slice().into(), None);
    }

    /// Hands on all that was counted.
    pub fn hand_on(&mut self, sink: &mut impl EventSink) {
        let mut record = Vec::new();
        for (call, counted) in self.calls.drain() {
            let Some(Counted(days)) = counted else { continue };
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

/// Whether a member of a payload tells one call from the next and nothing else.
fn is_token(source: &str, member: &str) -> bool {
    let rules = Rules::embedded();
    rules.common().tokens.iter().any(|token| token.eq_ignore_ascii_case(member))
        && !rules.mention(rules.prefix_of(source), member)
}

impl Counted {
    fn of(time: Timestamp, id: Option<&str>) -> Self {
        Self(vec![(Day::of(time), Evidence::of(time, id))])
    }

    fn add(&mut self, time: Timestamp, id: Option<&str>) {
        let today = Day::of(time);
        match self.0.iter_mut().find(|(day, _)| *day == today) {
            Some((_, evidence)) => evidence.add(time, id),
            None => self.0.push((today, Evidence::of(time, id))),
        }
    }
}

/// About what an entry takes beside its text.
const ENTRY: usize = 64;
