//! `eventTime` in all the ways it is written.

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Reads a time: RFC 3339, with a space for the `T`, with a fraction, without a zone or with `UTC` behind it (then it is
/// UTC, as Athena and CloudTrail Lake print it), or seconds or milliseconds since 1970.
pub fn read_time(text: &str) -> Option<Timestamp> {
    if let Some(time) = read_plain(text.as_bytes()) {
        return Some(time);
    }
    let text = text.trim();
    let text = text.strip_suffix("UTC").map_or(text, str::trim_end);
    text.parse::<Timestamp>().ok().or_else(|| read_without_zone(text)).or_else(|| read_seconds(text))
}

/// Reads `2026-03-13T08:33:30Z`, which is how nearly all are written.
fn read_plain(text: &[u8]) -> Option<Timestamp> {
    let text: &[u8; 20] = text.try_into().ok()?;
    let [_, _, _, _, b'-', _, _, b'-', _, _, b'T', _, _, b':', _, _, b':', _, _, b'Z'] = text else { return None };
    let number = |from: usize, to: usize| {
        text.get(from..to)?
            .iter()
            .try_fold(0i16, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i16::from(byte - b'0')))
    };
    let small = |from| i8::try_from(number(from, from + 2)?).ok();
    let (hour, minute, second) = (small(11)?, small(14)?, small(17)?);
    // A leap second is left to the parser.
    let time = DateTime::new(number(0, 4)?, small(5)?, small(8)?, hour, minute, second, 0).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(time).ok()
}

fn read_without_zone(text: &str) -> Option<Timestamp> {
    let time: DateTime = text.parse().ok()?;
    jiff::tz::Offset::UTC.to_timestamp(time).ok()
}

fn read_seconds(text: &str) -> Option<Timestamp> {
    const A_LONG_TIME: i64 = 100_000_000_000;
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    let number: i64 = whole.parse().ok()?;
    if number < A_LONG_TIME { Timestamp::from_second(number) } else { Timestamp::from_millisecond(number) }.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_of_writing_a_time_are_read() {
        let expected: Timestamp = "2026-03-13T08:33:30Z".parse().unwrap();
        for text in [
            "2026-03-13T08:33:30Z",
            " 2026-03-13T08:33:30Z",
            "2026-03-13 08:33:30Z",
            "2026-03-13T08:33:30.000Z",
            "2026-03-13 08:33:30.000",
            "2026-03-13 08:33:30.000 UTC",
            "2026-03-13T09:33:30+01:00",
            "2026-03-13T08:33:30",
            "1773390810",
            "1773390810.0",
            "1773390810000",
        ] {
            assert_eq!(read_time(text), Some(expected), "{text}");
        }
        for text in ["2026-02-29T08:33:30Z", "2026-03-13T24:00:00Z", "2026-03-13T08:33:+0Z", "2026-03-13T08:60:30Z"] {
            assert_eq!(read_time(text), None, "{text}");
        }
        assert_eq!(read_time("yesterday"), None);
        assert_eq!(read_time(""), None);
    }
}
