//! What an item of a trail file holds: a record as it is, or a record in another service's wrapping.
//!
//! | wrapping | written by |
//! |---|---|
//! | `{"CloudTrailEvent": "…"}` | LookupEvents, the AWS CLI |
//! | `{"detail": {…}}` | EventBridge |
//! | `{"message": "…"}` | CloudWatch Logs |
//! | `{"eventJson": "…"}` | CloudTrail Lake |
//! | `"…"` | `--query 'Events[].CloudTrailEvent'` |
//! | an envelope again | several files put into one list |

use super::splitter::{Splitter, Step, starts_like_a_record};
use super::walk::{members, string};

/// What was found in an item.
#[derive(Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// The text of a record, to be parsed.
    Record(&'a [u8]),
    /// A digest of log files, which CloudTrail keeps beside them.
    Digest,
    /// Neither a record nor anything that wraps one.
    Other,
}

/// Calls `visit` for each thing found in an item.
pub fn visit_records(item: &[u8], visit: &mut dyn FnMut(Found<'_>)) {
    visit_item(item, DEEPEST, visit);
}

/// Whether the item holds an event that CloudTrail Insights made of many records.
pub fn is_insight(item: &[u8]) -> bool {
    memchr::memmem::find(item, b"\"AwsCloudTrailInsight\"").is_some()
}

/// Wrappings inside wrappings that are taken off: more than anybody nests.
const DEEPEST: u8 = 4;

/// What CloudWatch Logs writes of itself, to test the way to a subscriber.
const CONTROL_MESSAGE: &str = "CWL CONTROL MESSAGE";

fn visit_item(item: &[u8], depth: u8, visit: &mut dyn FnMut(Found<'_>)) {
    if starts_like_a_record(item) {
        return visit(Found::Record(item));
    }
    match item.first() {
        Some(_) if depth == 0 => visit(Found::Other),
        Some(b'{') => match Content::of(item) {
            Content::Record => visit(Found::Record(item)),
            Content::Digest => visit(Found::Digest),
            Content::Wrapped(inner) => visit_item(inner, depth - 1, visit),
            Content::Envelope => visit_envelope(item, depth - 1, visit),
            Content::Other => visit(Found::Other),
        },
        Some(b'[') if !is_empty_array(item) => visit_envelope(item, depth - 1, visit),
        Some(b'"') => match string(item) {
            Some(text) if is_json(&text) => visit_item(text.trim().as_bytes(), depth - 1, visit),
            Some(text) if text.starts_with(CONTROL_MESSAGE) => {}
            _ => visit(Found::Other),
        },
        _ => visit(Found::Other),
    }
}

fn visit_envelope(item: &[u8], depth: u8, visit: &mut dyn FnMut(Found<'_>)) {
    let mut splitter = Splitter::default();
    let mut rest = item;
    loop {
        match splitter.next(&mut rest, true) {
            Step::Item { text: inner, .. } => visit_item(inner, depth, visit),
            Step::Broken { .. } => visit(Found::Other),
            Step::More | Step::End => return,
        }
    }
}

/// What an object is, by its members.
enum Content<'a> {
    Record,
    Digest,
    Wrapped(&'a [u8]),
    Envelope,
    Other,
}

impl<'a> Content<'a> {
    fn of(object: &'a [u8]) -> Self {
        let mut content = Self::Other;
        for (key, value) in members(object).into_iter().flatten().map_while(Result::ok) {
            match (key.as_ref(), value.first()) {
                (b"eventName" | b"eventSource" | b"eventTime" | b"userIdentity", _) => return Self::Record,
                (b"digestStartTime" | b"digestS3Object", _) => return Self::Digest,
                (b"CloudTrailEvent" | b"message" | b"detail" | b"eventJson", Some(b'"' | b'{')) => {
                    content = Self::Wrapped(value);
                }
                (b"Records" | b"Events" | b"events" | b"logEvents", Some(b'[')) => content = Self::Envelope,
                _ => {}
            }
        }
        content
    }
}

fn is_empty_array(item: &[u8]) -> bool {
    item.get(1..).is_some_and(|inside| inside.trim_ascii_start().starts_with(b"]"))
}

fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(item: &str) -> Vec<String> {
        let mut all = Vec::new();
        visit_records(item.as_bytes(), &mut |found| {
            all.push(match found {
                Found::Record(record) => String::from_utf8(record.to_vec()).unwrap(),
                other => format!("{other:?}"),
            });
        });
        all
    }

    #[test]
    fn wrappings_are_taken_off() {
        let record = r#"{"awsRegion":"x","eventName":"é\"A"}"#;
        let quoted = serde_json::to_string(record).unwrap();
        for item in [
            record.to_owned(),
            quoted.clone(),
            format!(r#"{{"EventId":"1","Resources":[],"CloudTrailEvent":{quoted}}}"#),
            format!(r#"{{"version":"0","detail-type":"AWS API Call via CloudTrail","detail":{record}}}"#),
            format!(r#"{{"id":"1","timestamp":1,"message":{quoted}}}"#),
            format!(r#"{{"Records":[{record}]}}"#),
            format!("[[{record}]]"),
        ] {
            assert_eq!(found(&item), [record], "{item}");
        }
    }

    #[test]
    fn envelopes_in_items_are_opened() {
        let item = r#"{"logEvents":[{"message":"{\"eventName\":1}"},{"message":"START RequestId"},{"eventTime":2}]}"#;
        assert_eq!(found(item), [r#"{"eventName":1}"#, "Other", r#"{"eventTime":2}"#]);
    }

    #[test]
    fn what_is_no_record_is_told_apart() {
        assert_eq!(found(r#"{"awsAccountId":"1","digestStartTime":"x","logFiles":[]}"#), ["Digest"]);
        for item in ["1", "null", "{}", "[ ]", r#""text""#, r#"{"name":"x"}"#, r#"{"a""#] {
            assert_eq!(found(item), ["Other"], "{item}");
        }
    }

    #[test]
    fn control_messages_are_nothing() {
        assert_eq!(found(r#"{"id":"","message":"CWL CONTROL MESSAGE: Checking health"}"#), [""; 0]);
    }

    #[test]
    fn wrappings_without_end_are_left() {
        let deep = format!("{}1{}", r#"{"detail":"#.repeat(100_000), "}".repeat(100_000));
        assert_eq!(found(&deep), ["Other"]);
    }
}
