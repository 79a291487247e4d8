//! Which records count.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::Evidence;
use crate::cloudtrail::{DecodedDenial, Denial, Event, SkipReason};
use crate::iam::{PrincipalArn, PrincipalSelector};

/// Whose calls, in which window, Regions, accounts and sessions.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub principals: Vec<PrincipalSelector>,
    pub sessions: Vec<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub regions: Vec<String>,
    pub accounts: Vec<String>,
    /// Only calls signed with these access keys; empty: any. Follows the sessions that a role opened by `AssumeRole`.
    pub access_keys: BTreeSet<String>,
    /// Sessions that a role opened will be followed: a source that leaves things out keeps their access keys.
    pub follows_sessions: bool,
    /// Grant what was denied for want of an identity-based allow.
    pub include_denied: bool,
    /// Encoded denials that were decoded, by the encoded message.
    pub decoded: Arc<BTreeMap<String, DecodedDenial>>,
}

impl Selection {
    /// The denial in AWS's own words, where they were encoded and are known now.
    pub fn told<'d>(&self, denial: &'d Denial) -> Cow<'d, Denial> {
        match denial.encoded_message.as_ref().and_then(|message| self.decoded.get(message)) {
            Some(decoded) => Cow::Owned(decoded.complete(denial)),
            None => Cow::Borrowed(denial),
        }
    }

    /// Whether this principal was asked for.
    pub fn takes_principal(&self, principal: &PrincipalArn) -> bool {
        self.principals.iter().any(|selector| selector.matches(principal))
    }

    /// Whether all sessions of a principal count.
    pub fn takes_all_sessions(&self) -> bool {
        self.sessions.is_empty() && self.access_keys.is_empty()
    }

    /// Whether a moment lies within the window.
    pub fn takes_time(&self, time: Timestamp) -> bool {
        self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time < until)
    }

    /// Why an event of a selected principal does not count; `None` if it does.
    pub fn leaves_out(&self, event: &Event<'_>) -> Option<SkipReason> {
        self.leaves_out_between(event, event.time, event.time)
    }

    /// The same for a call that was seen several times. Where an end of the window lies between its first and its last
    /// time, it counts: what was seen within must not be lost.
    pub fn leaves_out_calls(&self, event: &Event<'_>, evidence: &Evidence) -> Option<SkipReason> {
        self.leaves_out_between(event, evidence.first_seen, evidence.last_seen)
    }

    fn leaves_out_between(&self, event: &Event<'_>, first: Timestamp, last: Timestamp) -> Option<SkipReason> {
        let early = self.since.is_some_and(|since| last < since);
        let late = self.until.is_some_and(|until| first >= until);
        if early || late {
            return Some(SkipReason::OutsideWindow);
        }
        let among = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|one| one == value))
        };
        if !among(&self.regions, Some(&event.region)) || !among(&self.accounts, event.account.as_deref()) {
            return Some(SkipReason::OutsideScope);
        }
        let key = event.caller.access_key_id.as_deref();
        if !self.access_keys.is_empty() && !key.is_some_and(|key| self.access_keys.contains(key)) {
            return Some(SkipReason::OtherSession);
        }
        (!among(&self.sessions, event.caller.session_name.as_deref())).then_some(SkipReason::OtherSession)
    }
}
