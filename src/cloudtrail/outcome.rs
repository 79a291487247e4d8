//! Whether the call was authorised.

use super::error_codes::{Verdict, denial_wording, verdict};
use super::{Caller, Denial, denial};

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

/// What a record holds on its failure.
pub(super) struct Failure<'a> {
    pub source: &'a str,
    pub code: Option<&'a str>,
    /// `errorMessage`, else what the service put into `responseElements`.
    pub message: Option<&'a str>,
    /// The message comes from `responseElements`, where successful calls may have one too.
    pub message_in_response: bool,
    pub account: Option<&'a str>,
}

impl Outcome {
    /// Decides by the error code, and by the text where that tells more.
    pub(super) fn of(failure: &Failure<'_>, caller: &Caller<'_>) -> Self {
        let text = failure.message.unwrap_or_default();
        let wording = denial_wording(text);
        let verdict = match failure.code {
            Some(code) => verdict(failure.source, code, text),
            None if failure.message.is_none() || failure.message_in_response => Verdict::Allowed,
            None => Verdict::Unknown,
        };
        match verdict {
            Verdict::Denied => Self::denied(failure, caller, text),
            _ if wording.is_some() => Self::denied(failure, caller, text),
            Verdict::Allowed => Self::Allowed,
            Verdict::AllowedThenFailed => Self::AllowedThenFailed,
            Verdict::Unknown => Self::Unknown,
        }
    }

    /// A denial, unless the text speaks of somebody else: a service that acts under its own role reports what that role
    /// lacks, and says nothing about the caller.
    fn denied(failure: &Failure<'_>, caller: &Caller<'_>, text: &str) -> Self {
        if denial::speaks_of_another(text, caller) {
            return Self::Unknown;
        }
        let place = denial::Place::of(failure.account, caller);
        let mut denial = denial::read(text, &place);
        if denial.action.is_none() {
            denial.action = denial_wording(text).and_then(|wording| wording.action.clone());
        }
        Self::Denied(Box::new(denial))
    }
}
