//! Where a trail's files lie, and which of them are asked for.
//!
//! CloudTrail writes to `[prefix/]AWSLogs/[o-ID/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/`, and digests to `CloudTrail-Digest`
//! in the place of `CloudTrail`. Under a Region the keys are in the order of days, so one listing that begins at the first
//! day and ends behind the last names exactly what is needed. Pure: keys in, listings out.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::super::remote::Reading;
use crate::collector::digests::{LATEST_DELIVERY, LATEST_DIGEST, later};
use crate::iam::global_region;

/// Which part of a trail is asked for.
#[derive(Debug, Clone)]
pub struct Wanted {
    accounts: Vec<String>,
    regions: Vec<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Digests too.
    pub digests: bool,
}

/// Keys to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub prefix: String,
    /// Only keys behind this one.
    pub start_after: Option<String>,
    /// Only keys before this one.
    pub end_before: Option<String>,
}

/// How far into the tree a prefix leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// `AWSLogs/`, or below it an organisation: accounts or organisations are next.
    Accounts,
    /// Below it are services, of which CloudTrail is one.
    Account,
    /// `CloudTrail/`: Regions are next.
    Regions,
    /// A Region: days are next.
    Region,
    /// Within a Region.
    Day,
    /// Something that is no trail: AWS Config and others write there too.
    Elsewhere,
}

/// Where the tree begins.
pub const ROOT: &str = "AWSLogs/";
const LOGS: &str = "CloudTrail/";
const DIGESTS: &str = "CloudTrail-Digest/";

impl Level {
    /// The level of a prefix that ends with a slash; `None` if it does not lead into a tree.
    pub fn of(prefix: &str) -> Option<Self> {
        let inside = match prefix.rfind("/AWSLogs/") {
            Some(at) => prefix.get(at + 1 + ROOT.len()..)?,
            None => prefix.strip_prefix(ROOT)?,
        };
        let parts: Vec<&str> = inside.split_terminator('/').collect();
        let below = match parts.as_slice() {
            [first, rest @ ..] if first.starts_with("o-") => rest,
            all => all,
        };
        Some(match below {
            [] => Self::Accounts,
            [account, ..] if !is_account(account) => Self::Elsewhere,
            [_] => Self::Account,
            [_, "CloudTrail" | "CloudTrail-Digest"] => Self::Regions,
            [_, "CloudTrail" | "CloudTrail-Digest", _] => Self::Region,
            [_, "CloudTrail" | "CloudTrail-Digest", ..] => Self::Day,
            _ => Self::Elsewhere,
        })
    }
}

impl Wanted {
    /// What counts of the records, as far as keys tell it.
    pub fn of(reading: &Reading) -> Self {
        let selection = &reading.wanted;
        let mut regions = selection.regions.clone();
        regions.extend(selection.regions.first().map(|region| global_region(region).to_owned()));
        Self {
            accounts: selection.accounts.clone(),
            regions,
            since: selection.since,
            until: selection.until,
            digests: reading.book.is_some(),
        }
    }

    /// Whether to go down from a prefix to one of the next level.
    pub fn takes(&self, level: Level, child: &str) -> bool {
        match level {
            Level::Accounts => child.starts_with("o-") || is_account(child) && is_in(&self.accounts, child),
            Level::Regions => is_in(&self.regions, child),
            _ => true,
        }
    }

    /// The next prefixes below an account.
    pub fn services(&self, account: &str) -> Vec<String> {
        let services = if self.digests { &[LOGS, DIGESTS][..] } else { &[LOGS][..] };
        services.iter().map(|service| format!("{account}{service}")).collect()
    }

    /// The keys of a Region's log files or digests.
    pub fn region(&self, prefix: String) -> Listing {
        let until = self.until.map(|until| {
            let delay = if prefix.contains(DIGESTS) { LATEST_DIGEST } else { LATEST_DELIVERY };
            later(until, delay)
        });
        // Names are rounded down to five minutes; what is logged at midnight may lie in the day before.
        let first = self.since.map(|since| format!("{prefix}{}", day(later(since, -LATEST_DELIVERY))));
        // `0` is the character behind the slash: everything of the last day comes before it.
        let end = until.map(|until| format!("{prefix}{}0", day(until)));
        Listing { start_after: first, end_before: end, prefix }
    }

    /// The same for a prefix within a Region, which is listed as it is; and the digests beside it.
    pub fn within(&self, prefix: &str) -> Vec<Listing> {
        let mut listings = vec![Listing { prefix: prefix.to_owned(), start_after: None, end_before: None }];
        if self.digests && prefix.contains("/CloudTrail/") {
            let prefix = prefix.replacen("/CloudTrail/", "/CloudTrail-Digest/", 1);
            listings.push(Listing { prefix, start_after: None, end_before: None });
        }
        listings
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_in(chosen: &[String], value: &str) -> bool {
    chosen.is_empty() || chosen.iter().any(|one| one == value)
}

/// The day as keys have it.
fn day(time: Timestamp) -> String {
    TimeZone::UTC.to_datetime(time).strftime("%Y/%m/%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(since: &str, until: &str) -> Wanted {
        let time = |text: &str| text.parse().ok();
        Wanted {
            accounts: vec!["111122223333".to_owned()],
            regions: ["eu-west-1", "us-east-1"].map(str::to_owned).to_vec(),
            since: time(since),
            until: time(until),
            digests: false,
        }
    }

    #[test]
    fn prefixes_are_placed_in_the_tree() {
        for (prefix, level) in [
            ("", None),
            ("logs/", None),
            ("AWSLogs/", Some(Level::Accounts)),
            ("p/q/AWSLogs/", Some(Level::Accounts)),
            ("AWSLogs/o-abc123/", Some(Level::Accounts)),
            ("AWSLogs/o-abc123/111122223333/", Some(Level::Account)),
            ("AWSLogs/111122223333/", Some(Level::Account)),
            ("AWSLogs/111122223333/Config/", Some(Level::Elsewhere)),
            ("AWSLogs/111122223333/CloudTrail/", Some(Level::Regions)),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/", Some(Level::Region)),
            ("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/", Some(Level::Day)),
        ] {
            assert_eq!(Level::of(prefix), level, "{prefix}");
        }
    }

    #[test]
    fn only_the_days_of_the_window_and_the_delay_are_listed() {
        let listing = wanted("2026-11-02T00:05:00Z", "2026-11-03T23:50:00Z").region("r/".to_owned());
        assert_eq!(listing.start_after.as_deref(), Some("r/2026/11/01"));
        assert_eq!(listing.end_before.as_deref(), Some("r/2026/11/040"));
        for (key, is_listed) in [
            ("r/2026/10/31/z.json.gz", false),
            ("r/2026/11/01/a.json.gz", true),
            ("r/2026/11/04/z.json.gz", true),
            ("r/2026/11/05/a.json.gz", false),
        ] {
            let is_between =
                key > listing.start_after.as_deref().unwrap() && key < listing.end_before.as_deref().unwrap();
            assert_eq!(is_between, is_listed, "{key}");
        }
        assert_eq!(wanted("", "").region("r/".to_owned()).start_after, None);
    }

    #[test]
    fn other_accounts_and_regions_are_left_out() {
        let wanted = wanted("", "");
        assert!(wanted.takes(Level::Regions, "us-east-1") && wanted.takes(Level::Regions, "eu-west-1"));
        assert!(!wanted.takes(Level::Regions, "eu-west-2"));
        assert!(wanted.takes(Level::Accounts, "o-abc") && !wanted.takes(Level::Accounts, "999922223333"));
    }

    #[test]
    fn digests_lie_beside_the_log_files() {
        let wanted = Wanted { digests: true, ..wanted("", "") };
        assert_eq!(wanted.services("AWSLogs/1/"), ["AWSLogs/1/CloudTrail/", "AWSLogs/1/CloudTrail-Digest/"]);
        assert_eq!(wanted.within("AWSLogs/1/CloudTrail/x/2026/")[1].prefix, "AWSLogs/1/CloudTrail-Digest/x/2026/");
    }
}
