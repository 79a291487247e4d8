//! One record, parsed.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::sync::LazyLock;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Caller, Outcome};
use crate::iam::Arn;

/// A JSON value that borrows its strings from the record's bytes.
pub type Json<'a> = serde_json_borrow::Value<'a>;

/// One CloudTrail record of an API call, parsed. Borrows from the record's bytes.
#[derive(Debug)]
pub struct Event<'a> {
    /// `eventID`; absent in some exports.
    pub id: Option<Cow<'a, str>>,
    /// `eventTime`, when the request completed.
    pub time: Timestamp,
    /// `eventSource`, lower case: `eks.amazonaws.com`.
    pub source: Cow<'a, str>,
    /// `eventName`: `CreateCluster`.
    pub name: Cow<'a, str>,
    /// `apiVersion`, often absent: tells ELB v1 from v2.
    pub api_version: Option<Cow<'a, str>>,
    /// `awsRegion`.
    pub region: Cow<'a, str>,
    /// `recipientAccountId`, else the account of the caller.
    pub account: Option<Cow<'a, str>>,
    pub caller: Caller<'a>,
    pub outcome: Outcome,
    /// `errorCode`, if any.
    pub error_code: Option<Cow<'a, str>>,
    /// `errorMessage`, or the message that a service put into `responseElements`.
    pub error_message: Option<Cow<'a, str>>,
    /// `requestParameters`
    pub request: Payload<'a>,
    /// `responseElements`; absent for read-only calls.
    pub response: Payload<'a>,
    /// `resources[]`; absent from every EC2 and IAM event.
    pub resources: Vec<EventResource<'a>>,
    /// `sourceIPAddress`
    pub source_ip: Option<Cow<'a, str>>,
    /// `userAgent`
    pub user_agent: Option<Cow<'a, str>>,
    /// `readOnly`, also when written as a string.
    pub read_only: Option<bool>,
    /// `eventCategory` is `Data`.
    pub data_event: bool,
    /// `vpcEndpointId`
    pub vpc_endpoint: Option<Cow<'a, str>>,
    /// Something in the record, be it a tag's key, reads [`HIDDEN`].
    pub hidden: bool,
    /// CloudTrail left a payload out, or a part of it, for its size or for security.
    pub truncated: bool,
    /// Sums up the payloads' text, to tell records apart that claim one id.
    pub(super) payload_sum: u64,
}

/// What CloudTrail writes in place of a value that it must not show. Never a name, an id or an ARN.
pub const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

impl Event<'_> {
    /// The same as [`Event::identity`], but the same in every version of this program, for what is kept between runs.
    /// Without an id the event is told by everything that it says of itself: then two alike count as one.
    pub fn fingerprint(&self) -> u128 {
        let mut hash = Sha256::new();
        let mut part = |bytes: &[u8]| {
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        };
        part(self.id.as_deref().unwrap_or_default().as_bytes());
        part(&self.time.as_nanosecond().to_le_bytes());
        part(self.source.as_bytes());
        part(self.name.as_bytes());
        part(self.region.as_bytes());
        part(self.error_code.as_deref().unwrap_or_default().as_bytes());
        part(self.caller.principal.as_ref().map_or("", Arn::as_str).as_bytes());
        part(&self.payload_sum.to_le_bytes());
        if self.id.is_none() {
            part(self.caller.access_key_id.as_deref().unwrap_or_default().as_bytes());
            part(self.source_ip.as_deref().unwrap_or_default().as_bytes());
        }
        first_half(&hash.finalize())
    }

    /// What tells this event from all others: its id, and what it says, because hand-made records and samples share ids.
    /// The layout of the JSON does not count. `None` without an id: then nothing shows that two records are one event.
    pub fn identity(&self) -> Option<u128> {
        let says = (self.time, &*self.source, &*self.name, &*self.region);
        let principal = self.caller.principal.as_ref().map(Arn::as_str);
        identity_of(self.id.as_deref()?, says, (self.error_code.as_deref(), principal, self.payload_sum))
    }
}

/// Drawn for this run, so that no record can be made that hides another.
static HASHERS: LazyLock<[foldhash::quality::RandomState; 2]> = LazyLock::new(Default::default);

/// Sums up an event's id, and what it says.
pub(super) fn identity_of(
    id: &str,
    says: (Timestamp, &str, &str, &str),
    more: (Option<&str>, Option<&str>, u64),
) -> Option<u128> {
    let [of_id, of_content] = &*HASHERS;
    Some(u128::from(of_id.hash_one(id)) << 64 | u128::from(of_content.hash_one((says, more))))
}

/// The first 128 bits of a digest.
fn first_half(digest: &[u8]) -> u128 {
    digest.iter().take(16).fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

/// `requestParameters` or `responseElements`.
#[derive(Debug, Default)]
pub enum Payload<'a> {
    /// Absent or null.
    #[default]
    Absent,
    Json(Json<'a>),
    /// Left out by CloudTrail because it was too large, or hidden for security reasons: the content is unknown.
    Omitted,
}

impl<'a> Payload<'a> {
    /// The content, where there is any.
    pub fn json(&self) -> Option<&Json<'a>> {
        match self {
            Self::Json(json) => Some(json),
            Self::Absent | Self::Omitted => None,
        }
    }
}

/// One entry of `resources[]`.
#[derive(Debug)]
pub struct EventResource<'a> {
    pub arn: Cow<'a, str>,
    /// `AWS::KMS::Key`
    pub kind: Option<Cow<'a, str>>,
}
