//! Dates in conditions: the W3C forms of ISO 8601 (<https://www.w3.org/TR/NOTE-datetime>) and seconds since 1970.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The instant that a text names; the start of it for a year, month or day. Four digits are a year.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if text.len() != 4 && (digits(text) || text.strip_prefix('-').is_some_and(digits)) {
        return Timestamp::from_second(text.parse().ok()?).ok();
    }
    if text.contains(['T', 't', ' ']) { text.parse().ok() } else { start_of_day(text) }
}

fn start_of_day(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |month| number(month, 2))?;
    let day = parts.next().map_or(Some(1), |day| number(day, 2))?;
    let date = Date::new(year, month.try_into().ok()?, day.try_into().ok()?).ok()?;
    if parts.next().is_some() {
        return None;
    }
    TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()
}

fn number(text: &str, digits: usize) -> Option<i16> {
    if text.len() == digits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_w3c_form_and_epoch_seconds_are_read() {
        let second = |text| instant(text).map(Timestamp::as_second);
        let new_year_2020 = 1_577_836_800;
        for text in ["2020", "2020-01", "2020-01-01", "2020-01-01T00:00Z", "2020-01-01T01:00:00+01:00", "1577836800"] {
            assert_eq!(second(text), Some(new_year_2020), "{text}");
        }
        assert!(instant("2020-01-01T00:00:00.5Z") > instant("2020-01-01T00:00:00Z"));
    }

    #[test]
    fn other_texts_are_no_date() {
        for text in ["", "today", "2020-13", "2020-01-01-01", "2020-1-1", "20x0", "99999999999999999999"] {
            assert_eq!(instant(text), None, "{text}");
        }
    }
}
