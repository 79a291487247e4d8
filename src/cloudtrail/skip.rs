//! Every way a record does not count.

/// Why a record was not used. Shown with its count in every report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkipReason {
    /// Made by somebody else.
    OtherPrincipal,
    /// Outside `--since`/`--until`.
    OutsideWindow,
    /// Another Region or account than asked for.
    OutsideScope,
    /// Another session than asked for.
    OtherSession,
    /// An `eventID` that was read before.
    Duplicate,
    /// `AwsServiceEvent`, `AwsConsoleSignIn`, Insight and the like: no API call.
    NotAnApiCall,
    /// The call needs no permission (`sts:GetCallerIdentity`).
    NeedsNoPermission,
    /// AWS denied the call: reported, not granted.
    Denied,
    /// Throttled, malformed, internal error: authorisation unknown.
    OutcomeUnknown,
    /// The catalogue knows no action for it: reported as unmapped.
    Unmapped,
    /// No `userIdentity` that names a principal.
    NoPrincipal,
    /// `eventSource`, `eventName` or `eventTime` missing or unreadable.
    Incomplete,
    /// Not JSON, or not a CloudTrail record.
    Malformed,
    /// Larger or deeper than CloudTrail ever writes.
    TooLarge,
}
