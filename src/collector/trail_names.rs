//! Names of the files that a trail delivers: what account, Region and time they stand for.
//!
//! | file | name |
//! |---|---|
//! | log file | `ACCOUNT_CloudTrail_REGION_YYYYMMDDTHHmmZ_RANDOM.json.gz` |
//! | digest | `ACCOUNT_CloudTrail-Digest_REGION_TRAIL_HOMEREGION_YYYYMMDDTHHmmssZ.json.gz` |
//! | late digest | the same with `_backfill` before `.json.gz` |
//!
//! Source: AWS CloudTrail user guide, "Finding your CloudTrail log files" and "CloudTrail digest file structure".

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// What the name of a log file tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogName {
    pub account: String,
    pub region: String,
    /// To the minute, about when it was delivered.
    pub delivered: Timestamp,
}

/// Digests of one trail for one account and Region: each names the one before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainName {
    pub account: String,
    pub region: String,
    pub trail: String,
    /// Where the trail was created.
    pub home_region: String,
    /// Late digests, for log files that missed theirs, are a chain of their own.
    pub backfill: bool,
}

/// What the name of a digest tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DigestName {
    pub chain: ChainName,
    /// Up to when it covers what was delivered.
    pub end: Timestamp,
}

/// About when an object of a trail was delivered, if its name tells.
pub fn delivered(key: &str) -> Option<Timestamp> {
    LogName::of(key).map(|name| name.delivered)
}

impl LogName {
    /// Reads the last part of a path or key; `None` if it is no log file's.
    pub fn of(path: &str) -> Option<Self> {
        let (account, rest) = stem(path).split_once("_CloudTrail_")?;
        let (rest, _random) = rest.rsplit_once('_')?;
        let (region, time) = rest.rsplit_once('_')?;
        let delivered = timestamp("%Y%m%dT%H%MZ", time)?;
        Some(Self { account: account.to_owned(), region: region.to_owned(), delivered })
    }
}

impl DigestName {
    /// Reads the last part of a path or key; `None` if it is no digest's.
    pub fn of(path: &str) -> Option<Self> {
        let (account, rest) = stem(path).split_once("_CloudTrail-Digest_")?;
        let (rest, backfill) = rest.strip_suffix("_backfill").map_or((rest, false), |rest| (rest, true));
        let (rest, time) = rest.rsplit_once('_')?;
        // A trail's name may hold underscores, a Region's does not.
        let (rest, home_region) = rest.rsplit_once('_')?;
        let (region, trail) = rest.split_once('_')?;
        let [account, region, trail, home_region] = [account, region, trail, home_region].map(str::to_owned);
        let end = timestamp("%Y%m%dT%H%M%SZ", time)?;
        Some(Self { chain: ChainName { account, region, trail, home_region, backfill }, end })
    }
}

/// The last part of a path without the ends that compression and format give it, so that an unpacked copy is known again.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let name = name.strip_suffix(".gz").unwrap_or(name);
    name.strip_suffix(".json").unwrap_or(name)
}

fn timestamp(format: &str, text: &str) -> Option<Timestamp> {
    let time = DateTime::strptime(format, text).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_files_tell_account_region_and_time() {
        let key = "p/AWSLogs/o-abc/111122223333/CloudTrail/us-gov-west-1/2026/01/02/\
                   111122223333_CloudTrail_us-gov-west-1_20260102T1405Z_9nYN7gp2eWAJHIfT.json.gz";
        let name = LogName::of(key).unwrap();
        assert_eq!((name.account.as_str(), name.region.as_str()), ("111122223333", "us-gov-west-1"));
        assert_eq!(name.delivered.to_string(), "2026-01-02T14:05:00Z");
        assert_eq!(LogName::of(key.strip_suffix(".gz").unwrap()), Some(name));
        assert_eq!(LogName::of("events.json"), None);
    }

    #[test]
    fn digests_tell_their_trail_too() {
        let name = DigestName::of(
            "x/111122223333_CloudTrail-Digest_us-east-2_my_trail.1_eu-west-1_20150817T150131Z_backfill.json.gz",
        )
        .unwrap();
        assert_eq!((name.chain.trail.as_str(), name.chain.home_region.as_str()), ("my_trail.1", "eu-west-1"));
        assert!(name.chain.backfill);
        assert_eq!(name.end.to_string(), "2015-08-17T15:01:31Z");
        assert_eq!(DigestName::of("111122223333_CloudTrail_us-east-2_20260102T1405Z_9nYN7gp2eWAJHIfT.json.gz"), None);
        assert_eq!(LogName::of("111_CloudTrail-Digest_us-east-2_t_us-east-2_20150817T150131Z.json.gz"), None);
    }
}
