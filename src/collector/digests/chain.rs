//! The chains of digests: is each signed by CloudTrail, and is none missing?
//!
//! A chain is walked from its newest digest to its oldest, because each digest holds the hash and the signature of the one
//! before. A digest is proved if CloudTrail signed it: the signature beside it, or else the one in the next digest, fits.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::book::{Found, SeenDigest, identity, on_s3};
use super::document::{Digest, Hash, Previous};
use super::integrity::Integrity;
use super::keys::PublicKeys;
use super::reports::Reports;
use super::signature::{fits, signed_text};
use super::{LATEST_DIGEST, Scope, later};
use crate::collector::trail_names::{ChainName, DigestName, stem};

/// A chain, oldest digest first, and what it tells of times.
pub struct Chain<'f> {
    pub name: &'f ChainName,
    pub links: Vec<Link<'f>>,
    /// Times for which a digest is missing or not to be trusted.
    pub blind: Vec<(Timestamp, Timestamp)>,
}

/// A digest of a chain.
pub struct Link<'f> {
    pub place: &'f str,
    name: &'f DigestName,
    pub document: Option<&'f Digest>,
    hash: Option<&'f Hash>,
    /// Why it can't be read.
    cause: &'f str,
    pub proved: bool,
}

/// Judges all chains that are in scope.
pub fn judge_all<'f>(found: &'f Found, keys: &PublicKeys, scope: &Scope, reports: &mut Reports) -> Vec<Chain<'f>> {
    let mut chains: BTreeMap<(&ChainName, Option<&str>), Vec<Link<'f>>> = BTreeMap::new();
    for (place, seen) in &found.digests {
        let name = &seen.name.chain;
        if scope.takes(&name.account, &name.region) {
            let bucket = on_s3(place).map(|(bucket, _)| bucket);
            chains.entry((name, bucket)).or_default().push(Link::of(place, seen));
        }
    }
    let judged = chains.into_iter().map(|((name, _), mut links)| {
        links.sort_by_key(|link| (link.name.end, link.place));
        judge(name, links, found, keys, scope, reports)
    });
    judged.collect()
}

fn judge<'f>(
    name: &'f ChainName,
    mut links: Vec<Link<'f>>,
    found: &Found,
    keys: &PublicKeys,
    scope: &Scope,
    reports: &mut Reports,
) -> Chain<'f> {
    let mut successors: BTreeMap<&str, Successor<'f>> = BTreeMap::new();
    for link in links.iter_mut().rev() {
        let signature = found.signatures.get(link.place).map(String::as_str);
        let verdict = link.judge(signature, successors.get(stem(link.place)), keys);
        link.proved = matches!(verdict, None | Some(Integrity::SignatureReplaced));
        if let Some(problem) = verdict
            && scope.meets(link.start(), link.name.end)
        {
            reports.tell(link.place, problem);
        }
        if let Some(previous) = link.previous() {
            successors.insert(stem(&previous.object), Successor { previous, proved: link.proved });
        }
    }
    let blind = links.iter().filter(|link| !link.proved).map(|link| (link.start(), link.name.end)).collect();
    let mut chain = Chain { name, links, blind };
    chain.find_breaks(scope, reports);
    chain.check_ends(scope, reports);
    chain
}

/// What the next digest says of a digest.
struct Successor<'f> {
    previous: &'f Previous,
    proved: bool,
}

impl<'f> Link<'f> {
    fn of(place: &'f str, seen: &'f SeenDigest) -> Self {
        let document = seen.document.as_ref().ok();
        Self {
            place,
            name: &seen.name,
            document: document.map(|(document, _)| document),
            hash: document.map(|(_, hash)| hash),
            cause: seen.document.as_ref().err().map(String::as_str).unwrap_or_default(),
            proved: false,
        }
    }

    fn previous(&self) -> Option<&'f Previous> {
        self.document.and_then(|document| document.previous.as_ref())
    }

    /// From when on it covers deliveries; a digest that can't be read covered an hour.
    fn start(&self) -> Timestamp {
        self.document.map_or_else(|| later(self.name.end, -60), |document| document.start)
    }

    fn judge(&self, signature: Option<&str>, next: Option<&Successor<'_>>, keys: &PublicKeys) -> Option<Integrity> {
        let (Some(document), Some(hash)) = (self.document, self.hash) else {
            return Some(Integrity::DigestUnreadable(self.cause.to_owned()));
        };
        let recorded = format!("{}/{}", document.bucket, document.object);
        let is_in_place = if on_s3(self.place).is_some() {
            identity(self.place) == recorded
        } else {
            stem(self.place) == stem(&document.object)
        };
        if !is_in_place {
            return Some(Integrity::DigestMoved { recorded: format!("s3://{recorded}") });
        }
        let text = signed_text(document, hash);
        let of_next = next.map(|next| next.previous.signature.as_str());
        let Some(key) = keys.get(&document.fingerprint) else {
            return Some(Integrity::KeyUnknown { fingerprint: document.fingerprint.clone() });
        };
        let is_expected = next.filter(|next| next.proved).and_then(|next| next.previous.hash).map(|it| it == *hash);
        match (signature.map(|it| fits(key, &text, it)), of_next.map(|it| fits(key, &text, it))) {
            (None, None) => Some(Integrity::SignatureUnknown),
            (Some(true), _) | (None, Some(true)) if is_expected == Some(false) => Some(Integrity::DigestReplaced),
            (Some(true), _) | (None, Some(true)) => None,
            (Some(false), Some(true)) => Some(Integrity::SignatureReplaced),
            _ if is_expected == Some(false) => Some(Integrity::DigestChanged),
            _ => Some(Integrity::SignatureWrong),
        }
    }
}

impl Chain<'_> {
    /// From when to when the chain covers deliveries.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((self.links.first()?.start(), self.links.last()?.name.end))
    }

    /// Digests that are named and not there, and times when validation did not run.
    fn find_breaks(&mut self, scope: &Scope, reports: &mut Reports) {
        let mut before: Option<&Link<'_>> = None;
        for link in &self.links {
            let from = before.map(|before| before.name.end);
            match link.previous() {
                Some(previous) if self.links.iter().all(|other| stem(other.place) != stem(&previous.object)) => {
                    let from = from.or_else(|| DigestName::of(&previous.object).map(|name| later(name.end, -60)));
                    // Before the oldest digest, only what is asked for is missed: a copy begins somewhere.
                    let is_asked_for = before.is_some() || scope.since.is_some_and(|since| since < link.start());
                    if let Some(from) = from.filter(|from| is_asked_for && scope.meets(*from, link.start())) {
                        let named_by = link.place.to_owned();
                        let place = format!("s3://{}/{}", previous.bucket, previous.object);
                        reports.tell(&place, Integrity::DigestMissing { named_by });
                        self.blind.push((from, link.start()));
                    }
                }
                None if link.document.is_some() => {
                    if let Some(from) = from.filter(|from| scope.meets(*from, link.start())) {
                        reports.tell(link.place, Integrity::NotRunning { from, to: link.start() });
                        self.blind.push((from, link.start()));
                    }
                }
                _ => {}
            }
            before = Some(link);
        }
    }

    /// Evidence that is asked for before the first digest or after the last. Late digests come when they come.
    fn check_ends(&self, scope: &Scope, reports: &mut Reports) {
        let (Some(first), Some(last)) = (self.links.first(), self.links.last()) else { return };
        if self.name.backfill {
            return;
        }
        let begins = first.start();
        if first.document.is_some() && first.previous().is_none() && scope.since.is_some_and(|since| since < begins) {
            reports.tell(first.place, Integrity::BeginsLate { begins });
        }
        let ends = last.name.end;
        if scope.until.is_some_and(|until| later(ends, LATEST_DIGEST) < until) {
            reports.tell(last.place, Integrity::EndsEarly { ends });
        }
    }
}
