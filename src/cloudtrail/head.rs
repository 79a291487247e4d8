//! The members of a record, found but not read: all that it takes to tell records apart.
//!
//! Walking a record costs a tenth of parsing it, and many records of a role are the same call again: a [`RecordHead`] says
//! so ([`RecordHead::write_call`]) before anything is parsed.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::Timestamp;
use memchr::memmem::Finder;

use super::SkipReason;
use super::event::{HIDDEN, identity_of};
use super::time::read_time;
use super::walk::{lenient_text, members};

/// A record of an API call: what it is and when it was is known, the rest is text.
#[derive(Debug)]
pub struct RecordHead<'a> {
    pub(super) record: &'a [u8],
    pub(super) fields: Fields<'a>,
    /// `userIdentity`, as text.
    pub identity: Option<&'a [u8]>,
    /// `eventTime`, when the request completed.
    pub time: Timestamp,
    /// `eventSource`, lower case.
    pub source: Cow<'a, str>,
    /// `eventName`
    pub name: Cow<'a, str>,
}

impl<'a> RecordHead<'a> {
    /// Walks a record. `wanted` sees each `userIdentity`: a record is [`SkipReason::OtherPrincipal`] as soon as the last is
    /// not wanted.
    pub fn read(record: &'a [u8], mut wanted: impl FnMut(&'a [u8]) -> bool) -> Result<Self, SkipReason> {
        let (mut last, mut is_wanted) = (None, true);
        let fields = Fields::read(record, |identity, rest| {
            last = Some(identity);
            is_wanted = wanted(identity);
            // Of repeated members the last counts.
            is_wanted || IDENTITY_FINDER.find(rest).is_some()
        })?;
        fields.check_is_api_call()?;
        let source = fields.text(Member::EventSource).map(plain_source).ok_or(SkipReason::Incomplete)?;
        let name = fields.text(Member::EventName).ok_or(SkipReason::Incomplete)?;
        let time = fields.text(Member::EventTime).and_then(|time| read_time(&time)).ok_or(SkipReason::Incomplete)?;
        match is_wanted {
            true => Ok(Self { record, fields, identity: last, time, source, name }),
            false => Err(SkipReason::OtherPrincipal),
        }
    }

    /// `eventID`
    pub fn id(&self) -> Option<Cow<'a, str>> {
        self.fields.text(Member::EventId)
    }

    /// What [`Event::identity`](super::Event::identity) will be, given its id and the caller's principal.
    pub fn identity_of(&self, id: &str, principal: Option<&str>) -> Option<u128> {
        let region = self.fields.text(Member::AwsRegion).unwrap_or_default();
        let error_code = self.fields.text(Member::ErrorCode);
        let says = (self.time, &*self.source, &*self.name, &*region);
        identity_of(id, says, (error_code.as_deref(), principal, self.payload_sum()))
    }

    /// Sums up the payloads' text, to tell records apart that claim one id.
    pub(super) fn payload_sum(&self) -> u64 {
        sum(self.fields.get(Member::Request)).wrapping_add(sum(self.fields.get(Member::Response)).rotate_left(32))
    }

    /// Whether something in the record, be it a tag's key, reads [`HIDDEN`].
    pub(super) fn is_hidden(&self) -> bool {
        HIDDEN_FINDER.find(self.record).is_some()
    }

    /// Writes the record without id, time and caller, and with its payloads, first that of the request, as
    /// `write_payload` writes them: records of one caller with the same call differ in nothing that counts. It lacks the
    /// brace that starts it.
    pub fn write_call(&self, mut write_payload: impl FnMut(Side, &[u8], &mut Vec<u8>), call: &mut Vec<u8>) {
        let start = |member: Member, call: &mut Vec<u8>| {
            call.push(b'"');
            call.extend_from_slice(NAMES.get(member as usize).copied().unwrap_or_default().as_bytes());
            call.extend_from_slice(b"\":");
        };
        for member in COUNTING {
            if let Some(value) = self.fields.get(member) {
                start(member, call);
                call.extend_from_slice(value);
                call.push(b',');
            }
        }
        if self.is_hidden() {
            start(Member::AdditionalEventData, call);
            call.extend_from_slice(HIDDEN_TEXT);
            call.push(b',');
        }
        for (member, side) in [(Member::Request, Side::Request), (Member::Response, Side::Response)] {
            if let Some(payload) = self.fields.get(member) {
                start(member, call);
                write_payload(side, payload, call);
                call.push(b',');
            }
        }
        if call.last() == Some(&b',') {
            call.pop();
        }
        call.push(b'}');
    }
}

/// One of a record's payloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
}

/// Writes a payload, with a placeholder for each text at its top that is a token.
pub fn write_without_tokens(payload: &[u8], is_token: &impl Fn(&str) -> bool, call: &mut Vec<u8>) {
    let start = call.len();
    let Ok(members) = members(payload) else { return call.extend_from_slice(payload) };
    call.push(b'{');
    for member in members {
        // What can't be walked is compared as it stands.
        let Ok((name, value)) = member else {
            call.truncate(start);
            return call.extend_from_slice(payload);
        };
        let Some(name) = std::str::from_utf8(&name).ok().filter(|name| !name.contains(['"', '\\'])) else {
            call.truncate(start);
            return call.extend_from_slice(payload);
        };
        call.push(b'"');
        call.extend_from_slice(name.as_bytes());
        call.extend_from_slice(b"\":");
        call.extend_from_slice(if value.starts_with(b"\"") && is_token(name) { b"\"-\"" } else { value });
        call.push(b',');
    }
    if call.last() == Some(&b',') {
        call.pop();
    }
    call.push(b'}');
}

/// The members of a record, in the order in which CloudTrail writes them, so that the next one is found where it is looked
/// for first (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-examples.html>).
#[derive(Debug, Clone, Copy)]
#[expect(dead_code, reason = "members that nobody asks for keep the order whole")]
pub(super) enum Member {
    EventVersion,
    UserIdentity,
    EventTime,
    EventSource,
    EventName,
    AwsRegion,
    SourceIp,
    UserAgent,
    ErrorCode,
    ErrorMessage,
    Request,
    Response,
    AdditionalEventData,
    RequestId,
    EventId,
    ReadOnly,
    Resources,
    EventType,
    ApiVersion,
    ManagementEvent,
    RecipientAccountId,
    SharedEventId,
    VpcEndpointId,
    VpcEndpointAccountId,
    EventCategory,
    TlsDetails,
    SessionCredentialFromConsole,
    Omitted,
}

/// Those that tell calls apart, beside the payloads.
const COUNTING: [Member; 12] = [
    Member::EventSource,
    Member::EventName,
    Member::AwsRegion,
    Member::EventType,
    Member::EventCategory,
    Member::ApiVersion,
    Member::RecipientAccountId,
    Member::ErrorCode,
    Member::ErrorMessage,
    Member::Resources,
    Member::ReadOnly,
    Member::Omitted,
];

/// The names of all members.
const NAMES: [&str; COUNT] = [
    "eventVersion",
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestParameters",
    "responseElements",
    "additionalEventData",
    "requestID",
    "eventID",
    "readOnly",
    "resources",
    "eventType",
    "apiVersion",
    "managementEvent",
    "recipientAccountId",
    "sharedEventID",
    "vpcEndpointId",
    "vpcEndpointAccountId",
    "eventCategory",
    "tlsDetails",
    "sessionCredentialFromConsole",
    "omitted",
];

const COUNT: usize = 28;

/// So many members may be left out between two that a record has, without the next having to be looked up.
const AHEAD: usize = 5;

/// The members of a record, as text; null counts as absent.
#[derive(Debug)]
pub(super) struct Fields<'a>([Option<&'a [u8]>; COUNT]);

impl<'a> Fields<'a> {
    /// Walks the members. `go_on` sees the identity and what comes behind it, and may end the walk.
    fn read(record: &'a [u8], mut go_on: impl FnMut(&'a [u8], &'a [u8]) -> bool) -> Result<Self, SkipReason> {
        let mut fields = Self([None; COUNT]);
        let mut members = members(record).map_err(|_| SkipReason::Malformed)?;
        let mut next = 0;
        loop {
            let expected = NAMES.get(next..COUNT.min(next + AHEAD)).unwrap_or_default();
            let (place, value) = match members.next_of(expected) {
                Some((place, value)) => (next + place, value),
                None => {
                    let Some(member) = members.next() else { return Ok(fields) };
                    let (name, value) = member.map_err(|_| SkipReason::Malformed)?;
                    let Some(place) = NAMES.iter().position(|one| one.as_bytes() == name.as_ref()) else { continue };
                    (place, value)
                }
            };
            next = place + 1;
            if place == Member::UserIdentity as usize {
                if !go_on(value, members.rest()) {
                    return Err(SkipReason::OtherPrincipal);
                }
            } else if let Some(field) = fields.0.get_mut(place) {
                // Of repeated members the last counts.
                *field = Some(value).filter(|value| *value != b"null");
            }
        }
    }

    pub(super) fn get(&self, member: Member) -> Option<&'a [u8]> {
        self.0.get(member as usize).copied().flatten()
    }

    /// What a member says, in whatever way it is written.
    pub(super) fn text(&self, member: Member) -> Option<Cow<'a, str>> {
        lenient_text(self.get(member)?)
    }

    fn check_is_api_call(&self) -> Result<(), SkipReason> {
        if [Member::EventSource, Member::EventName, Member::EventTime].iter().all(|member| self.get(*member).is_none())
        {
            return Err(SkipReason::Malformed);
        }
        // Records of 2013 and some exports have no `eventType`.
        let kind = self.text(Member::EventType);
        if kind.is_some_and(|kind| kind != "AwsApiCall") {
            return Err(SkipReason::NotAnApiCall);
        }
        Ok(())
    }
}

static HIDDEN_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(HIDDEN));
static IDENTITY_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"userIdentity\""));
static ESCAPE_FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\\u"));

const HIDDEN_TEXT: &[u8] = b"\"HIDDEN_DUE_TO_SECURITY_REASONS\"";

/// In China event sources may carry the partition's suffix.
fn plain_source(source: Cow<'_, str>) -> Cow<'_, str> {
    if source.ends_with(".amazonaws.com.cn") || source.contains(char::is_uppercase) {
        let lower = source.to_ascii_lowercase();
        return Cow::Owned(lower.strip_suffix(".cn").unwrap_or(&lower).to_owned());
    }
    source
}

/// Sums up a text in a way that does not depend on white space, the order of members, or escaped slashes. Where letters
/// may be escaped, nothing is summed up: then the event's id alone decides.
fn sum(raw: Option<&[u8]>) -> u64 {
    let raw = raw.unwrap_or_default();
    let (mut sum, mut all) = (0u64, 0u8);
    // In pieces whose sum fits a smaller number, of which a processor adds several at once.
    for piece in raw.chunks(4096) {
        let mut of_piece = 0u32;
        for byte in piece {
            let counted = u32::from(if *byte > b' ' && *byte != b'\\' { *byte } else { 0 });
            of_piece += counted * counted;
            all |= *byte;
        }
        sum += u64::from(of_piece);
    }
    if all >= 0x80 || ESCAPE_FINDER.find(raw).is_some() { 0 } else { sum }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each member says its own name.
    fn record(names: &[&str]) -> String {
        let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":\"{name}\"")).collect();
        format!("{{{}}}", members.join(","))
    }

    #[test]
    fn members_are_found_in_any_order() {
        let mut reversed = NAMES;
        reversed.reverse();
        let every_other: Vec<&str> = NAMES.iter().step_by(2).copied().collect();
        for names in [&NAMES[..], &reversed, &every_other, &["unknown", "eventID", "eventTime"], &["eventID"; 3]] {
            let text = record(names);
            let fields = Fields::read(text.as_bytes(), |_, _| true).unwrap();
            for (found, name) in fields.0.iter().zip(NAMES) {
                let expected = (names.contains(&name) && name != "userIdentity").then(|| format!("\"{name}\""));
                assert_eq!(*found, expected.as_deref().map(str::as_bytes), "{text}");
            }
        }
        let text = record(&NAMES);
        let fields = Fields::read(text.as_bytes(), |_, _| true).unwrap();
        assert_eq!(fields.text(Member::EventId).unwrap(), "eventID");
        assert_eq!(fields.text(Member::Omitted).unwrap(), "omitted");
    }

    #[test]
    fn of_repeated_members_the_last_counts() {
        let text = br#"{"eventID":"a","eventName":"x","eventID":"b","eventName":null}"#;
        let fields = Fields::read(text, |_, _| true).unwrap();
        assert_eq!(fields.text(Member::EventId).unwrap(), "b");
        assert_eq!(fields.get(Member::EventName), None);
    }
}
