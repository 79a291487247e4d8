//! Whether the call was authorised.

use super::Denial;

/// What a record says about authorisation (DESIGN.md, "Rules of evidence").
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No error, or a dry run that would have succeeded.
    Allowed,
    /// An error that comes after authorisation: not found, already exists, in use, conflict, limit.
    AllowedThenFailed,
    /// AWS refused it for want of permission.
    Denied(Box<Denial>),
    /// Throttled, malformed, internal: authorisation was perhaps never decided.
    Unknown,
}
