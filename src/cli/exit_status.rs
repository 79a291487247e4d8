//! How a run ends, as a number: the same for every output format.

use std::process::{ExitCode, Termination};

use crate::audit::Severity;

/// The exit status of a run. Clap's own status for bad arguments is 2 and a panic gives 101, so that findings have
/// numbers of their own (11 to 14) and a scheduler can tell them from trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum ExitStatus {
    /// The job is done and there is nothing to act on.
    Clean = 0,
    /// Something could not be read, written or proved.
    CouldNotFinish = 1,
    /// The command line or the configuration file is wrong.
    BadArguments = 2,
    /// No event of the role was found.
    NoEvents = 3,
    /// `--require-complete` was given and the evidence has gaps.
    EvidenceIncomplete = 4,
    /// The result does not fit into what was asked for: IAM's quotas, or one document on standard output.
    DoesNotFit = 5,
    /// The most severe finding is informational.
    FindingsInformational = 11,
    /// The most severe finding is low.
    FindingsLow = 12,
    /// The most severe finding is medium.
    FindingsMedium = 13,
    /// The most severe finding is high.
    FindingsHigh = 14,
}

impl ExitStatus {
    /// Every status, for the table in the documentation and its test.
    pub const ALL: [Self; 10] = [
        Self::Clean,
        Self::CouldNotFinish,
        Self::BadArguments,
        Self::NoEvents,
        Self::EvidenceIncomplete,
        Self::DoesNotFit,
        Self::FindingsInformational,
        Self::FindingsLow,
        Self::FindingsMedium,
        Self::FindingsHigh,
    ];

    /// The status for findings of which this is the worst severity.
    pub fn of_severity(severity: Severity) -> Self {
        match severity {
            Severity::Informational => Self::FindingsInformational,
            Severity::Low => Self::FindingsLow,
            Severity::Medium => Self::FindingsMedium,
            Severity::High => Self::FindingsHigh,
        }
    }

    /// The number that the shell sees.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means, in a few words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::CouldNotFinish => "could not finish",
            Self::BadArguments => "bad arguments or configuration",
            Self::NoEvents => "no event of the role found",
            Self::EvidenceIncomplete => "evidence incomplete (`--require-complete`)",
            Self::DoesNotFit => "the result does not fit",
            Self::FindingsInformational => "findings, the most severe informational",
            Self::FindingsLow => "findings, the most severe low",
            Self::FindingsMedium => "findings, the most severe medium",
            Self::FindingsHigh => "findings, the most severe high",
        }
    }
}

impl Termination for ExitStatus {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_contract_and_none_is_used_twice() {
        let codes: Vec<u8> = ExitStatus::ALL.iter().map(|status| status.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 11, 12, 13, 14]);
    }
}
