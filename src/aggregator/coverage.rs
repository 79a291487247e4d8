//! What the logs could not show.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Evidence;
use crate::cloudtrail::{Denial, SkipReason};

/// Records read, used and skipped: read = used + skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordCounts {
    pub read: u64,
    pub used: u64,
    pub skipped: BTreeMap<SkipReason, u64>,
}

/// What the records of one principal could not show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Calls that the catalogue has no action for.
    pub unmapped: BTreeMap<UnmappedEvent, Evidence>,
    /// Calls that AWS denied.
    pub denied: BTreeMap<DeniedCall, Evidence>,
    /// Calls whose authorisation is not known (throttled, malformed, internal error).
    pub unknown_outcome: u64,
    /// Records with a field that CloudTrail left out for its size.
    pub truncated: u64,
    /// Records with a field hidden for security reasons.
    pub hidden: u64,
    /// Data events seen at all: without them S3 objects, DynamoDB items and the like cannot show.
    pub data_events: u64,
    pub first_event: Option<Timestamp>,
    pub last_event: Option<Timestamp>,
    pub regions: BTreeSet<String>,
    pub accounts: BTreeSet<String>,
    /// Notes for people on what is missing, such as unreadable files: `file: reason`.
    pub gaps: BTreeSet<String>,
}

/// A call that no action is known for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnmappedEvent {
    pub event_source: String,
    pub event_name: String,
}

/// A denied call and what AWS said of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeniedCall {
    pub event_source: String,
    pub event_name: String,
    pub denial: Denial,
}
