//! Points in time as people type them after `--since` and `--until`.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// A point in time as typed: an instant, a day, or an age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// RFC 3339: `2026-11-02T08:00:00Z`.
    Instant(Timestamp),
    /// `2026-11-02`, in UTC.
    Day(Date),
    /// So many seconds ago: `90d`, `36h`, `2w`.
    Ago(i64),
}

/// Why a text is no point in time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write a time as `2026-11-02T08:00:00Z`, a day as `2026-11-02`, an age as `90d`, `36h` or `2w`")]
pub struct ParseMomentError;

impl Moment {
    /// Whether the clock is needed to make an instant of it.
    pub fn is_relative(self) -> bool {
        matches!(self, Self::Ago(_))
    }

    /// The instant from which on something counts; a day counts from its midnight in UTC.
    pub fn start(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Instant(instant) => Some(instant),
            Self::Day(day) => midnight(day),
            Self::Ago(seconds) => now.checked_sub(seconds.seconds()).ok(),
        }
    }

    /// The instant up to which something counts; a day counts to its end, so that `--until 2026-11-02` holds that day.
    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Day(day) => midnight(day.tomorrow().ok()?)?.checked_sub(1.nanosecond()).ok(),
            other => other.start(now),
        }
    }
}

/// A span of time as typed: `90d`, `36h`, `2w`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age(pub SignedDuration);

/// Why a text is no span of time.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write a span of time as `90d`, `36h` or `2w`")]
pub struct ParseAgeError;

impl FromStr for Age {
    type Err = ParseAgeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse_age(text).map(|seconds| Self(SignedDuration::from_secs(seconds))).ok_or(ParseAgeError)
    }
}

fn midnight(day: Date) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok()
}

impl FromStr for Moment {
    type Err = ParseMomentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(seconds) = parse_age(text) {
            return Ok(Self::Ago(seconds));
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Self::Instant(instant));
        }
        // A civil date parser also takes a time without an offset and drops it; that would be a silent guess.
        let looks_like_a_day = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        match text.parse::<Date>() {
            Ok(day) if looks_like_a_day => Ok(Self::Day(day)),
            _ => Err(ParseMomentError),
        }
    }
}

fn parse_age(text: &str) -> Option<i64> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let number: u32 = text.get(..text.len() - 1)?.parse().ok()?;
    Some(i64::from(number) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_day_lasts_until_its_end() {
        let day: Moment = "2026-11-02".parse().unwrap();
        assert_eq!(day.start(now()).unwrap().to_string(), "2026-11-02T00:00:00Z");
        assert_eq!(day.end(now()).unwrap().to_string(), "2026-11-02T23:59:59.999999999Z");
    }

    #[test]
    fn ages_count_back_from_now() {
        let age: Moment = "2d".parse().unwrap();
        assert_eq!(age.start(now()).unwrap().to_string(), "2026-11-18T12:00:00Z");
        assert!(age.is_relative());
    }

    #[test]
    fn what_is_not_plainly_a_time_is_refused() {
        for text in ["", "yesterday", "90", "-3d", "2026-13-01", "2026-11-02T08:00:00", "9999999999d", "é"] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
