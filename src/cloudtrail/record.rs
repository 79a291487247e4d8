//! One record's bytes to an [`Event`].
//!
//! 1. the members of the record are walked and kept as text ([`RecordHead`]); the last of repeated ones wins;
//! 2. records that are no API call, or lack what makes an event, are skipped for a named reason;
//! 3. the members that an event needs are read, each as leniently as it is written in the wild.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;

use super::caller::{account_id, read_caller};
use super::event::{Event, EventResource, HIDDEN, Json, Payload};
use super::head::{Fields, Member, RecordHead};
use super::outcome::Failure;
use super::walk::{elements, lenient_bool, lenient_text, members};
use super::{Caller, Outcome, SkipReason};

/// Parses one record. A record that does not count is skipped for a named reason. What is [`SkipReason::Malformed`] for
/// invalid UTF-8 or half a surrogate pair can be read after [`mend`](super::mend).
pub fn parse_record(record: &[u8]) -> Result<Event<'_>, SkipReason> {
    parse_record_of(record, |_| true)
}

/// Parses a record of a wanted caller. Any other one's is [`SkipReason::OtherPrincipal`], as soon as that is known.
pub fn parse_record_of<'a>(record: &'a [u8], wanted: impl Fn(&Caller<'a>) -> bool) -> Result<Event<'a>, SkipReason> {
    let head = RecordHead::read(record, |identity| read_caller(identity).is_none_or(|caller| wanted(&caller)))?;
    head.parse()
}

impl<'a> RecordHead<'a> {
    /// Reads the rest of the record.
    pub fn parse(self) -> Result<Event<'a>, SkipReason> {
        let caller = self.identity.and_then(read_caller).ok_or(SkipReason::NoPrincipal)?;
        self.parse_of(caller)
    }

    /// The same where the caller was read before, from the same identity.
    pub fn parse_of(self, caller: Caller<'a>) -> Result<Event<'a>, SkipReason> {
        let payload_sum = self.payload_sum();
        let hidden = self.is_hidden();
        let Self { fields, time, source, name, .. } = self;
        let account = fields.get(Member::RecipientAccountId).and_then(account_id).or_else(|| caller.account.clone());
        let (request, request_truncated) = read_payload(&fields, Member::Request)?;
        let (response, response_truncated) = read_payload(&fields, Member::Response)?;
        let error_code = fields.text(Member::ErrorCode);
        let error_message = fields.text(Member::ErrorMessage);
        let response_message = || response.json().and_then(message_in_response);
        let message_in_response = error_message.is_none();
        let error_message = error_message.or_else(response_message);
        let outcome = Outcome::of(
            &Failure {
                source: &source,
                code: error_code.as_deref(),
                message: error_message.as_deref(),
                message_in_response,
                account: account.as_deref(),
            },
            &caller,
        );
        Ok(Event {
            id: fields.text(Member::EventId),
            time,
            source,
            name,
            api_version: fields.text(Member::ApiVersion),
            region: fields.text(Member::AwsRegion).unwrap_or_default(),
            account,
            caller,
            outcome,
            error_code,
            error_message,
            request,
            response,
            resources: fields.get(Member::Resources).map(read_resources).unwrap_or_default(),
            source_ip: fields.text(Member::SourceIp),
            user_agent: fields.text(Member::UserAgent),
            read_only: fields.get(Member::ReadOnly).and_then(lenient_bool),
            data_event: fields.text(Member::EventCategory).is_some_and(|category| category == "Data"),
            vpc_endpoint: fields.text(Member::VpcEndpointId),
            hidden,
            truncated: request_truncated || response_truncated,
            payload_sum,
        })
    }
}

/// The payload, and whether some of it is missing.
fn read_payload<'a>(fields: &Fields<'a>, payload: Member) -> Result<(Payload<'a>, bool), SkipReason> {
    let Some(raw) = fields.get(payload) else {
        let omitted = fields.get(Member::Omitted).and_then(lenient_bool) == Some(true);
        return Ok((if omitted { Payload::Omitted } else { Payload::Absent }, omitted));
    };
    let json = read_json(raw)?;
    let (nothing_left, truncated) = match &json {
        Json::Str(text) => (text == HIDDEN, text == HIDDEN),
        Json::Object(object) => {
            let truncated = object.get("omitted").is_some_and(|omitted| *omitted == Json::Bool(true));
            (truncated && object.keys().all(|key| OMISSION.contains(&key)), truncated)
        }
        _ => (false, false),
    };
    Ok((if nothing_left { Payload::Omitted } else { Payload::Json(json) }, truncated))
}

/// Members that stand in a payload instead of what was left out.
const OMISSION: [&str; 3] = ["omitted", "originalSize", "reason"];

/// Reads a payload. JSON inside a string, as some exports write it, is unpacked; of repeated keys the last wins.
fn read_json(raw: &[u8]) -> Result<Json<'_>, SkipReason> {
    let json: Json<'_> = serde_json::from_slice(raw).map_err(too_deep_or_malformed)?;
    let owned: Option<serde_json::Value> = match &json {
        Json::Str(text) if text.starts_with(['{', '[']) => serde_json::from_str(text).ok(),
        json if has_repeated_keys(json) => serde_json::from_slice(raw).ok(),
        _ => None,
    };
    match owned {
        Some(value) => Json::deserialize(value).map_err(too_deep_or_malformed),
        None => Ok(json),
    }
}

/// serde_json ends at a depth of 128; CloudTrail never comes near.
fn too_deep_or_malformed(error: serde_json::Error) -> SkipReason {
    if error.to_string().starts_with("recursion limit") { SkipReason::TooLarge } else { SkipReason::Malformed }
}

/// Whether a key stands twice in one object.
fn has_repeated_keys(json: &Json<'_>) -> bool {
    match json {
        Json::Array(elements) => elements.iter().any(has_repeated_keys),
        Json::Object(object) => {
            let keys = || object.iter().map(|(key, _)| key);
            let repeated = if object.len() <= 16 {
                keys().enumerate().any(|(index, key)| keys().take(index).any(|other| other == key))
            } else {
                let mut seen = BTreeSet::new();
                keys().any(|key| !seen.insert(key))
            };
            repeated || object.iter().any(|(_, value)| has_repeated_keys(value))
        }
        _ => false,
    }
}

/// Some services, EKS among them, tell of a failure here instead of in `errorMessage`.
fn message_in_response<'a>(response: &Json<'a>) -> Option<Cow<'a, str>> {
    let Json::Object(object) = response else { return None };
    ["message", "Message", "errorMessage"].iter().find_map(|key| match object.get(key) {
        Some(Json::Str(text)) => Some(text.clone()),
        _ => None,
    })
}

fn read_resources(raw: &[u8]) -> Vec<EventResource<'_>> {
    elements(raw).filter_map(read_resource).collect()
}

fn read_resource(raw: &[u8]) -> Option<EventResource<'_>> {
    let (mut arn, mut kind) = (None, None);
    for (key, value) in members(raw).ok()?.map_while(Result::ok) {
        match key.as_ref() {
            b"ARN" | b"arn" => arn = lenient_text(value),
            b"type" => kind = lenient_text(value),
            _ => {}
        }
    }
    Some(EventResource { arn: arn?, kind })
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
