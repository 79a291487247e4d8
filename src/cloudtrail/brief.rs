//! A payload in brief: its text with a placeholder for each value that does not count.
//!
//! Two records that differ in nothing else are the same call, and the text tells so without being parsed. What can't be
//! followed, or what a parser might refuse, stays as it is: then the records differ, and each is parsed.

use super::event::HIDDEN;
use super::structure::{end_of_string, end_of_value};

/// What of a payload counts.
pub trait Counting {
    /// Whether something below a member of this name counts: then all of it does.
    fn member(&mut self, name: &[u8]) -> bool;

    /// Whether a text counts, whatever member holds it.
    fn text(&self, text: &str) -> bool;
}

/// Writes a payload in brief.
pub fn write_brief(payload: &[u8], counting: &mut impl Counting, brief: &mut Vec<u8>) {
    let start = brief.len();
    if write(payload, counting, brief).is_none() {
        brief.truncate(start);
        brief.extend_from_slice(payload);
    }
}

/// `None`: it can't be followed.
fn write(payload: &[u8], counting: &mut impl Counting, brief: &mut Vec<u8>) -> Option<()> {
    let mut rest = payload.strip_prefix(b"{")?;
    brief.push(b'{');
    while let Some(first) = rest.first() {
        match first {
            b'"' => {
                let (string, behind) = rest.split_at_checked(end_of_string(rest)?)?;
                let behind = behind.trim_ascii_start();
                rest = match behind.strip_prefix(b":") {
                    Some(value) => write_member(string, value.trim_ascii_start(), counting, brief)?,
                    None => {
                        write_text(string, counting, brief);
                        behind
                    }
                };
            }
            b'-' | b'0'..=b'9' => {
                let (number, behind) = rest.split_at_checked(end_of_value(rest)?)?;
                brief.extend_from_slice(if is_plain(number) { b"0" } else { number });
                rest = behind;
            }
            other => {
                brief.push(*other);
                rest = rest.get(1..)?;
            }
        }
    }
    Some(())
}

/// Writes the name, and the value if it counts; what is left to be looked at.
fn write_member<'t>(
    name: &[u8],
    value: &'t [u8],
    counting: &mut impl Counting,
    brief: &mut Vec<u8>,
) -> Option<&'t [u8]> {
    let inner = name.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if inner.contains(&b'\\') {
        return None;
    }
    brief.extend_from_slice(name);
    brief.push(b':');
    if !counting.member(inner) {
        return Some(value);
    }
    let (whole, behind) = value.split_at_checked(end_of_value(value)?)?;
    brief.extend_from_slice(whole);
    Some(behind)
}

fn write_text(string: &[u8], counting: &impl Counting, brief: &mut Vec<u8>) {
    let inner = string.get(1..string.len() - 1).unwrap_or_default();
    let is_legal = inner.iter().all(|byte| matches!(byte, b' '..=b'~') && *byte != b'\\');
    let text = std::str::from_utf8(inner).ok().filter(|_| is_legal);
    let is_dropped = text.is_some_and(|text| !text.is_empty() && text != HIDDEN && !counting.text(text));
    brief.extend_from_slice(if is_dropped { b"\"-\"" } else { string });
}

/// Whether a number is one without doubt.
fn is_plain(number: &[u8]) -> bool {
    number.iter().all(u8::is_ascii_digit) && (number.len() == 1 || (number.len() < 19 && number.first() != Some(&b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Members named `name`, and texts that start with `arn:`.
    struct Some;

    impl Counting for Some {
        fn member(&mut self, name: &[u8]) -> bool {
            name == b"name"
        }

        fn text(&self, text: &str) -> bool {
            text.starts_with("arn:")
        }
    }

    fn brief(payload: &str) -> String {
        let mut brief = Vec::new();
        write_brief(payload.as_bytes(), &mut Some, &mut brief);
        String::from_utf8(brief).unwrap()
    }

    #[test]
    fn what_does_not_count_is_a_placeholder() {
        let text =
            r#"{"name": {"a":"b","c":[1]}, "d" : ["x", 17, "arn:aws:s3:::b", true, {"e":"y","name":"z"}], "f":null}"#;
        let expected =
            r#"{"name":{"a":"b","c":[1]}, "d":["-", 0, "arn:aws:s3:::b", true, {"e":"-","name":"z"}], "f":null}"#;
        assert_eq!(brief(text), expected);
        assert_eq!(brief(r#"{"a":"","b":"HIDDEN_DUE_TO_SECURITY_REASONS","c":"d"}"#).matches('-').count(), 1);
    }

    #[test]
    fn what_may_be_no_json_stays_as_it_is() {
        let texts = [
            r#"["x"]"#,
            r#"{"a\u0062":"x"}"#,
            r#"{"a":"x"#,
            r#"{"a":"\ud800"}"#,
            r#"{"a":01,"b":-1.5e3,"c":-,"d":1x}"#,
            "{\"a\":\"\u{7}\"}",
            "{\"a\":\"ü\"}",
            r#""text""#,
        ];
        for text in texts {
            assert_eq!(brief(text), text);
        }
    }
}
