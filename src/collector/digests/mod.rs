//! Whether the log files of a trail are those that CloudTrail delivered: the chain of digests.
//!
//! CloudTrail writes a digest about every hour, also when nothing happened: the hash of each log file that it delivered, the
//! hash and signature of the digest before, and, beside the object, its own signature. [`verify`] holds all of it together:
//!
//! 1. while files are read, [`Book`] keeps the hash of each log file, and each digest (`watch`);
//! 2. each digest's signature is checked with the Region's public key (`chain`, `signature`), and that the chain is whole;
//! 3. each log file is held against the digests that are proved (`logs`).
//!
//! What does not hold is an [`Integrity`] problem, and each is a gap in the evidence. Nothing is read or asked here: what was
//! found comes in, problems go out.

mod book;
mod chain;
mod document;
mod integrity;
mod keys;
mod logs;
mod proof;
mod reports;
mod signature;
mod watch;

pub use book::Book;
pub use integrity::Integrity;
pub use keys::{ParseKeysError, PublicKeys};
pub(super) use proof::{prove, read_signature};
pub(super) use watch::watch;

use jiff::Timestamp;

use super::problem::FileProblem;

/// How to prove it.
#[derive(Debug, Clone, Default)]
pub struct Verify {
    /// The keys that were saved; if there are none, AWS is asked for them.
    pub keys: PublicKeys,
}

/// What is to be proved.
#[derive(Debug, Clone, Default)]
pub struct Scope {
    /// Evidence from here on counts.
    pub since: Option<Timestamp>,
    /// Evidence up to here counts; digests that should be there by now are missed.
    pub until: Option<Timestamp>,
    /// Only these Regions, unless empty.
    pub regions: Vec<String>,
    /// Only these accounts, unless empty.
    pub accounts: Vec<String>,
}

/// What was proved, and what was not.
#[derive(Debug, Default)]
pub struct Verified {
    pub digests: u64,
    pub logs: u64,
    pub problems: Vec<FileProblem>,
}

/// Holds everything that was read against the digests.
pub fn verify(book: &Book, keys: &PublicKeys, scope: &Scope) -> Verified {
    let found = book.found();
    let mut reports = reports::Reports::default();
    let chains = chain::judge_all(&found, keys, scope, &mut reports);
    let logs = logs::check(&found, &chains, scope, &mut reports);
    let digests = chains.iter().flat_map(|chain| &chain.links).filter(|link| link.proved).count() as u64;
    Verified { digests, logs, problems: reports.into_problems() }
}

impl Scope {
    /// Whether the evidence that is asked for may be in what was delivered in this time.
    fn meets(&self, from: Timestamp, to: Timestamp) -> bool {
        let late = self.until.map(|until| later(until, LATEST_DELIVERY));
        self.since.is_none_or(|since| since <= to) && late.is_none_or(|late| from <= late)
    }

    fn takes(&self, account: &str, region: &str) -> bool {
        let any = |chosen: &[String], value: &str| chosen.is_empty() || chosen.iter().any(|one| one == value);
        any(&self.accounts, account) && any(&self.regions, region)
    }
}

/// Minutes from a call to its log file: about 5, 15 at most as a rule (AWS CloudTrail user guide, "How CloudTrail works").
pub(in crate::collector) const LATEST_DELIVERY: i64 = 15;

/// Minutes after which the digest of an hour is there.
pub(in crate::collector) const LATEST_DIGEST: i64 = 120;

/// The time so many minutes later.
pub(in crate::collector) fn later(time: Timestamp, minutes: i64) -> Timestamp {
    time.checked_add(jiff::SignedDuration::from_mins(minutes)).unwrap_or(time)
}
