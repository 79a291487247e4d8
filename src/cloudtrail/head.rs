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
        let source = fields.text(fields.source).map(plain_source).ok_or(SkipReason::Incomplete)?;
        let name = fields.text(fields.name).ok_or(SkipReason::Incomplete)?;
        let time = fields.text(fields.time).and_then(|time| read_time(&time)).ok_or(SkipReason::Incomplete)?;
        match is_wanted {
            true => Ok(Self { record, fields, identity: last, time, source, name }),
            false => Err(SkipReason::OtherPrincipal),
        }
    }

    /// `eventID`
    pub fn id(&self) -> Option<Cow<'a, str>> {
        self.fields.text(self.fields.id)
    }

    /// What [`Event::identity`](super::Event::identity) will be, given the caller's principal.
    pub fn identity_of(&self, principal: Option<&str>) -> Option<u128> {
        let region = self.fields.text(self.fields.region).unwrap_or_default();
        let error_code = self.fields.text(self.fields.error_code);
        let says = (self.time, &*self.source, &*self.name, &*region);
        identity_of(&self.id()?, says, (error_code.as_deref(), principal, self.payload_sum()))
    }

    /// Sums up the payloads' text, to tell records apart that claim one id.
    pub(super) fn payload_sum(&self) -> u64 {
        sum(self.fields.request).wrapping_add(sum(self.fields.response).rotate_left(32))
    }

    /// Whether something in the record, be it a tag's key, reads [`HIDDEN`].
    pub(super) fn is_hidden(&self) -> bool {
        HIDDEN_FINDER.find(self.record).is_some()
    }

    /// Writes the record without id, time and caller, and with its payloads, first that of the request, as
    /// `write_payload` writes them: records of one caller with the same call differ in nothing that counts. It lacks the
    /// brace that starts it.
    pub fn write_call(&self, mut write_payload: impl FnMut(Side, &[u8], &mut Vec<u8>), call: &mut Vec<u8>) {
        let fields = &self.fields;
        let mut member = |name: &str, value: Option<&[u8]>| {
            if let Some(value) = value {
                call.extend_from_slice(name.as_bytes());
                call.extend_from_slice(value);
                call.push(b',');
            }
        };
        member("\"eventSource\":", fields.source);
        member("\"eventName\":", fields.name);
        member("\"awsRegion\":", fields.region);
        member("\"eventType\":", fields.kind);
        member("\"eventCategory\":", fields.category);
        member("\"apiVersion\":", fields.api_version);
        member("\"recipientAccountId\":", fields.recipient);
        member("\"errorCode\":", fields.error_code);
        member("\"errorMessage\":", fields.error_message);
        member("\"resources\":", fields.resources);
        member("\"readOnly\":", fields.read_only);
        member("\"omitted\":", fields.omitted);
        member("\"additionalEventData\":", self.is_hidden().then_some(HIDDEN_TEXT));
        for (name, side, payload) in [
            ("\"requestParameters\":", Side::Request, fields.request),
            ("\"responseElements\":", Side::Response, fields.response),
        ] {
            if let Some(payload) = payload {
                call.extend_from_slice(name.as_bytes());
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

/// The members of a record that count, as text.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) id: Option<&'a [u8]>,
    pub(super) time: Option<&'a [u8]>,
    pub(super) source: Option<&'a [u8]>,
    pub(super) name: Option<&'a [u8]>,
    pub(super) kind: Option<&'a [u8]>,
    pub(super) category: Option<&'a [u8]>,
    pub(super) api_version: Option<&'a [u8]>,
    pub(super) region: Option<&'a [u8]>,
    pub(super) recipient: Option<&'a [u8]>,
    pub(super) error_code: Option<&'a [u8]>,
    pub(super) error_message: Option<&'a [u8]>,
    pub(super) request: Option<&'a [u8]>,
    pub(super) response: Option<&'a [u8]>,
    pub(super) resources: Option<&'a [u8]>,
    pub(super) source_ip: Option<&'a [u8]>,
    pub(super) user_agent: Option<&'a [u8]>,
    pub(super) read_only: Option<&'a [u8]>,
    pub(super) vpc_endpoint: Option<&'a [u8]>,
    pub(super) omitted: Option<&'a [u8]>,
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

    pub(super) fn text(&self, field: Option<&'a [u8]>) -> Option<Cow<'a, str>> {
        lenient_text(field?)
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
