//! One record's bytes to an [`Event`].
//!
//! 1. the members of the record are walked and kept as text; the last of repeated ones wins;
//! 2. records that are no API call, or lack what makes an event, are skipped for a named reason;
//! 3. the members that an event needs are read, each as leniently as it is written in the wild.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::caller::{account_id, read_caller};
use memchr::memmem::Finder;
use serde::Deserialize;

use super::event::{Event, EventResource, HIDDEN, Json, Payload};
use super::outcome::Failure;
use super::time::read_time;
use super::walk::{elements, lenient_bool, lenient_text, members};
use super::{Caller, Outcome, SkipReason};

/// Parses one record. A record that does not count is skipped for a named reason. What is [`SkipReason::Malformed`] for
/// invalid UTF-8 or half a surrogate pair can be read after [`mend`](super::mend).
pub fn parse_record(record: &[u8]) -> Result<Event<'_>, SkipReason> {
    parse_record_of(record, |_| true)
}

/// Parses a record of a wanted caller. Any other one's is [`SkipReason::OtherPrincipal`], as soon as that is known.
pub fn parse_record_of<'a>(record: &'a [u8], wanted: impl Fn(&Caller<'a>) -> bool) -> Result<Event<'a>, SkipReason> {
    let mut caller = None;
    let fields = Fields::read(record, |identity, rest| {
        caller = read_caller(identity);
        // Of repeated members the last counts.
        caller.as_ref().is_none_or(&wanted) || IDENTITY_FINDER.find(rest).is_some()
    })?;
    fields.check_is_api_call()?;
    let source = fields.text(fields.source).ok_or(SkipReason::Incomplete)?;
    let source = plain_source(source);
    let name = fields.text(fields.name).ok_or(SkipReason::Incomplete)?;
    let time = fields.text(fields.time).and_then(|time| read_time(&time)).ok_or(SkipReason::Incomplete)?;
    let caller = caller.ok_or(SkipReason::NoPrincipal)?;
    if !wanted(&caller) {
        return Err(SkipReason::OtherPrincipal);
    }
    let account = fields.recipient.and_then(account_id).or_else(|| caller.account.clone());
    let (request, request_truncated) = fields.payload(fields.request)?;
    let (response, response_truncated) = fields.payload(fields.response)?;
    let error_code = fields.text(fields.error_code);
    let error_message = fields.text(fields.error_message);
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
        id: fields.text(fields.id),
        time,
        source,
        name,
        api_version: fields.text(fields.api_version),
        region: fields.text(fields.region).unwrap_or_default(),
        account,
        caller,
        outcome,
        error_code,
        error_message,
        request,
        response,
        resources: fields.resources.map(read_resources).unwrap_or_default(),
        source_ip: fields.text(fields.source_ip),
        user_agent: fields.text(fields.user_agent),
        read_only: fields.read_only.and_then(lenient_bool),
        data_event: fields.text(fields.category).is_some_and(|category| category == "Data"),
        vpc_endpoint: fields.text(fields.vpc_endpoint),
        hidden: HIDDEN_FINDER.find(record).is_some(),
        truncated: request_truncated || response_truncated,
        payload_sum: sum(fields.request).wrapping_add(sum(fields.response).rotate_left(32)),
    })
}

/// The members of a record that count, as text.
#[derive(Default)]
struct Fields<'a> {
    id: Option<&'a [u8]>,
    time: Option<&'a [u8]>,
    source: Option<&'a [u8]>,
    name: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
    category: Option<&'a [u8]>,
    api_version: Option<&'a [u8]>,
    region: Option<&'a [u8]>,
    recipient: Option<&'a [u8]>,
    error_code: Option<&'a [u8]>,
    error_message: Option<&'a [u8]>,
    request: Option<&'a [u8]>,
    response: Option<&'a [u8]>,
    resources: Option<&'a [u8]>,
    source_ip: Option<&'a [u8]>,
    user_agent: Option<&'a [u8]>,
    read_only: Option<&'a [u8]>,
    vpc_endpoint: Option<&'a [u8]>,
    omitted: Option<&'a [u8]>,
}

impl<'a> Fields<'a> {
    /// Walks the members. `go_on` sees the identity and what comes behind it, and may end the walk.
    fn read(record: &'a [u8], mut go_on: impl FnMut(&'a [u8], &'a [u8]) -> bool) -> Result<Self, SkipReason> {
        let mut fields = Self::default();
        let mut members = members(record).map_err(|_| SkipReason::Malformed)?;
        while let Some(member) = members.next() {
            let (key, value) = member.map_err(|_| SkipReason::Malformed)?;
            if key.as_ref() == b"userIdentity" {
                if !go_on(value, members.rest()) {
                    return Err(SkipReason::OtherPrincipal);
                }
            } else if let Some(field) = fields.field(&key) {
                *field = Some(value).filter(|value| *value != b"null");
            }
        }
        Ok(fields)
    }

    fn field(&mut self, key: &[u8]) -> Option<&mut Option<&'a [u8]>> {
        Some(match key {
            b"eventID" => &mut self.id,
            b"eventTime" => &mut self.time,
            b"eventSource" => &mut self.source,
            b"eventName" => &mut self.name,
            b"eventType" => &mut self.kind,
            b"eventCategory" => &mut self.category,
            b"apiVersion" => &mut self.api_version,
            b"awsRegion" => &mut self.region,
            b"recipientAccountId" => &mut self.recipient,
            b"errorCode" => &mut self.error_code,
            b"errorMessage" => &mut self.error_message,
            b"requestParameters" => &mut self.request,
            b"responseElements" => &mut self.response,
            b"resources" => &mut self.resources,
            b"sourceIPAddress" => &mut self.source_ip,
            b"userAgent" => &mut self.user_agent,
            b"readOnly" => &mut self.read_only,
            b"vpcEndpointId" => &mut self.vpc_endpoint,
            b"omitted" => &mut self.omitted,
            _ => return None,
        })
    }

    fn check_is_api_call(&self) -> Result<(), SkipReason> {
        if self.source.is_none() && self.name.is_none() && self.time.is_none() {
            return Err(SkipReason::Malformed);
        }
        // Records of 2013 and some exports have no `eventType`.
        let kind = self.text(self.kind);
        if kind.is_some_and(|kind| kind != "AwsApiCall") {
            return Err(SkipReason::NotAnApiCall);
        }
        Ok(())
    }

    fn text(&self, field: Option<&'a [u8]>) -> Option<Cow<'a, str>> {
        lenient_text(field?)
    }

    /// The payload, and whether some of it is missing.
    fn payload(&self, field: Option<&'a [u8]>) -> Result<(Payload<'a>, bool), SkipReason> {
        let Some(raw) = field else {
            let omitted = self.omitted.and_then(lenient_bool) == Some(true);
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
}

static HIDDEN_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(HIDDEN));
static IDENTITY_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"userIdentity\""));
static ESCAPE_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u"));

/// Members that stand in a payload instead of what was left out.
const OMISSION: [&str; 3] = ["omitted", "originalSize", "reason"];

/// In China event sources may carry the partition's suffix.
fn plain_source(source: Cow<'_, str>) -> Cow<'_, str> {
    if source.ends_with(".amazonaws.com.cn") || source.contains(char::is_uppercase) {
        let lower = source.to_ascii_lowercase();
        return Cow::Owned(lower.strip_suffix(".cn").unwrap_or(&lower).to_owned());
    }
    source
}

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

/// Sums up a text in a way that does not depend on white space, the order of members, or escaped slashes. Where letters
/// may be escaped, nothing is summed up: then the event's id alone decides.
fn sum(raw: Option<&[u8]>) -> u64 {
    let raw = raw.unwrap_or_default();
    let (mut sum, mut all) = (0u64, 0u8);
    for byte in raw {
        sum += if *byte > b' ' && *byte != b'\\' { u64::from(*byte) * u64::from(*byte) } else { 0 };
        all |= *byte;
    }
    if all >= 0x80 || ESCAPE_FINDER.find(raw).is_some() { 0 } else { sum }
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
