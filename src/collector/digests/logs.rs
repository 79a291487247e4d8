//! Log files held against the digests that are proved.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::book::{Found, SeenLog, identity};
use super::chain::{Chain, Link};
use super::document::{Digest, ListedLog};
use super::integrity::Integrity;
use super::reports::Reports;
use super::{LATEST_DELIVERY, Scope, later};
use crate::collector::trail_names::{LogName, stem};

/// How many log files are proved; all others are reported.
pub fn check(found: &Found, chains: &[Chain<'_>], scope: &Scope, reports: &mut Reports) -> u64 {
    let mut proved = 0;
    let mut known = BTreeSet::new();
    for link in chains.iter().flat_map(|chain| &chain.links) {
        for listed in link.document.iter().flat_map(|document| &document.logs) {
            known.insert(format!("{}/{}", listed.bucket, listed.object));
            known.insert(stem(&listed.object).to_owned());
        }
        proved += check_listed(link, found, scope, reports);
    }
    for (identity, seen) in &found.logs {
        if !known.contains(identity) {
            seen.iter().for_each(|seen| check_unlisted(seen, chains, scope, reports));
        }
    }
    if let Some((count, first)) = &found.others {
        reports.count("", first, Integrity::NoLogFile, *count);
    }
    proved
}

/// The log files that one digest lists. One that is not proved proves nothing, which is told once.
fn check_listed(link: &Link<'_>, found: &Found, scope: &Scope, reports: &mut Reports) -> u64 {
    let Some(document) = link.document.filter(|_| link.proved) else { return 0 };
    let digest = || link.place.to_owned();
    let mut proved = 0;
    for listed in document.logs.iter().filter(|listed| is_in_scope(listed, document, scope)) {
        let seen: Vec<&SeenLog> = found.listed(&listed.bucket, &listed.object).collect();
        if seen.is_empty() {
            let place = format!("s3://{}/{}", listed.bucket, listed.object);
            let was_read = found.buckets.contains(&*listed.bucket);
            let problem = if was_read {
                Integrity::LogDeleted { digest: digest() }
            } else {
                Integrity::LogMissing { digest: digest() }
            };
            reports.tell(&place, problem);
        }
        for seen in seen {
            match seen.hash {
                Some(hash) if hash == listed.hash => proved += 1,
                Some(_) => reports.tell(&seen.place, Integrity::LogChanged { digest: digest() }),
                None => reports.tell(&seen.place, Integrity::LogUnread),
            }
        }
    }
    proved
}

/// Only what was delivered in time for the window is read, so only that is missed.
fn is_in_scope(listed: &ListedLog, document: &Digest, scope: &Scope) -> bool {
    match LogName::of(&listed.object) {
        Some(name) => scope.meets(name.delivered, name.delivered),
        None => scope.meets(document.start, document.end),
    }
}

/// A log file that no digest lists.
fn check_unlisted(seen: &SeenLog, chains: &[Chain<'_>], scope: &Scope, reports: &mut Reports) {
    let Some(name) = LogName::of(identity(&seen.place)) else { return };
    if !scope.takes(&name.account, &name.region) || !scope.meets(name.delivered, name.delivered) {
        return;
    }
    let group = format!("{} {}", name.account, name.region);
    let own = |chain: &&Chain<'_>| {
        chain.name.account == name.account && chain.name.region == name.region && !chain.name.backfill
    };
    let sights: Vec<Sight> = chains.iter().filter(own).map(|chain| Sight::of(chain, name.delivered)).collect();
    match sights.iter().max() {
        None => reports.count(&group, &seen.place, Integrity::NoDigests, 1),
        Some(Sight::Blind) => reports.count(&group, &seen.place, Integrity::LogUncovered, 1),
        Some(Sight::NotYet) => reports.count(&group, &seen.place, Integrity::LogTooNew, 1),
        Some(Sight::Clear) => reports.tell(&seen.place, Integrity::LogAdded),
    }
}

/// What a chain can tell of a log file of some time that it does not list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sight {
    /// Nothing: no digest to trust covers the time.
    Blind,
    /// Nothing yet.
    NotYet,
    /// That it was not delivered.
    Clear,
}

impl Sight {
    fn of(chain: &Chain<'_>, delivered: Timestamp) -> Self {
        let Some((start, end)) = chain.span() else { return Self::Blind };
        let latest = later(delivered, LATEST_DELIVERY);
        let is_blind = |(from, to): &(Timestamp, Timestamp)| *from <= latest && delivered <= *to;
        if delivered < start || chain.blind.iter().any(is_blind) {
            Self::Blind
        } else if latest > end {
            Self::NotYet
        } else {
            Self::Clear
        }
    }
}
