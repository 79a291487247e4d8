//! Which calls led to what, so that the same call again is counted in without being resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::coverage::Marks;
use super::fold::Place;
use super::{DeniedCall, UnmappedEvent};
use crate::cloudtrail::{Event, SkipReason};
use crate::iam::PrincipalArn;

/// A call that was counted in and may come again ([`Aggregator::count_again`](super::Aggregator::count_again)): a number that
/// means something to whoever gave it, until that one forgets its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownCall(u32);

impl KnownCall {
    pub fn new(number: u32) -> Self {
        Self(number)
    }

    pub fn number(self) -> u32 {
        self.0
    }
}

/// The calls that may come again.
#[derive(Debug, Default)]
pub struct Recall {
    kinds: Vec<Arc<Kind>>,
    numbers: BTreeMap<Arc<Kind>, u32>,
    calls: Vec<Call>,
    /// Of all calls, one behind the other.
    places: Vec<Place>,
}

/// What calls have in common whatever they need.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    pub principal: PrincipalArn,
    /// `eks.amazonaws.com`
    pub event_source: String,
    pub marks: Marks,
    pub counted: Counted,
}

/// How a call was counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    Used,
    Denied(DeniedCall),
    Unmapped(UnmappedEvent),
    /// For another reason.
    Skipped(SkipReason),
}

#[derive(Debug)]
struct Call {
    kind: u32,
    /// Where its requests begin; they end where those of the next begin.
    start: u32,
}

impl Recall {
    /// Keeps a call and where its requests are; none, if there are too many to be numbered.
    pub fn keep(&mut self, kind: Kind, places: &[Place]) -> Option<KnownCall> {
        let next = u32::try_from(self.kinds.len()).ok()?;
        let start = u32::try_from(self.places.len()).ok()?;
        let call = u32::try_from(self.calls.len()).ok()?;
        let kind = match self.numbers.get(&kind) {
            Some(known) => *known,
            None => {
                let kind = Arc::new(kind);
                self.kinds.push(Arc::clone(&kind));
                self.numbers.insert(kind, next);
                next
            }
        };
        self.calls.push(Call { kind, start });
        self.places.extend_from_slice(places);
        Some(KnownCall::new(call))
    }

    /// What a call was.
    pub fn get(&self, call: KnownCall) -> Option<(&Kind, &[Place])> {
        let at = call.number() as usize;
        let Call { kind, start } = self.calls.get(at)?;
        let end = self.calls.get(at + 1).map_or(self.places.len(), |next| next.start as usize);
        Some((self.kinds.get(*kind as usize)?, self.places.get(*start as usize..end)?))
    }

    /// Forgets all calls.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

impl Kind {
    /// The kind of an event of the principal.
    pub fn of(principal: PrincipalArn, event: &Event<'_>, counted: Counted) -> Self {
        Self { principal, event_source: event.source.to_string(), marks: Marks::of(event), counted }
    }
}

impl Counted {
    /// Why it did not count; `None` if it did.
    pub fn skipped(&self) -> Option<SkipReason> {
        match self {
            Self::Used => None,
            Self::Denied(_) => Some(SkipReason::Denied),
            Self::Unmapped(_) => Some(SkipReason::Unmapped),
            Self::Skipped(reason) => Some(*reason),
        }
    }
}
