//! What may be wrong with digests and the log files that they list.

use std::fmt;

use jiff::Timestamp;

/// Something that is not proved, or proved to be wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Integrity {
    /// It can't be read as a digest, and why.
    DigestUnreadable(String),
    /// It lies elsewhere than it says.
    DigestMoved { recorded: String },
    /// Neither its signature nor the hash that the next one holds fits.
    DigestChanged,
    /// The signature does not fit, and nothing else tells what should be there.
    SignatureWrong,
    /// The signature beside it does not fit, the one in the next digest does.
    SignatureReplaced,
    /// CloudTrail signed it, but it is not the one that the next digest means.
    DigestReplaced,
    /// It is named by the next digest, and is not there.
    DigestMissing { named_by: String },
    /// Nothing tells its signature.
    SignatureUnknown,
    /// The public key is not at hand.
    KeyUnknown { fingerprint: String },
    /// Validation started anew here; it did not run in the time before.
    NotRunning { from: Timestamp, to: Timestamp },
    /// The first digest begins after the evidence that is asked for.
    BeginsLate { begins: Timestamp },
    /// The last digest ends before the evidence that is asked for.
    EndsEarly { ends: Timestamp },
    /// A log file of an account and Region for which there is no digest.
    NoDigests,
    /// A log file is not what was delivered.
    LogChanged { digest: String },
    /// A log file is listed, and is not in the bucket any more.
    LogDeleted { digest: String },
    /// A log file is listed, and not among what was read.
    LogMissing { digest: String },
    /// A log file could not be read to its end.
    LogUnread,
    /// No digest lists a log file, though digests cover its time.
    LogAdded,
    /// A log file so new that its digest is not written yet.
    LogTooNew,
    /// A log file of a time without a digest that can be trusted.
    LogUncovered,
    /// Not a log file of a trail: no digest can vouch for it.
    NoLogFile,
}

impl fmt::Display for Integrity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DigestUnreadable(cause) => write!(f, "digest can't be read ({cause}); its log files are not proved"),
            Self::DigestMoved { recorded } => write!(f, "digest was moved: it says that it is `{recorded}`"),
            Self::DigestChanged => f.write_str("digest was changed after delivery; its log files are not proved"),
            Self::SignatureWrong => f.write_str("CloudTrail did not sign this digest; its log files are not proved"),
            Self::SignatureReplaced => f.write_str(
                "signature of the digest was changed; the one in the next digest fits, so its log files are proved",
            ),
            Self::DigestReplaced => f.write_str("digest is not the one that the next digest means"),
            Self::DigestMissing { named_by } => {
                write!(f, "digest is missing; `{named_by}` names it; the log files that it lists are not proved")
            }
            Self::SignatureUnknown => f.write_str(
                "signature of the digest is not known, so its log files are not proved: the next digest would hold it; \
                 save the object's metadata `signature` beside it, as a file with `.signature` behind the name",
            ),
            Self::KeyUnknown { fingerprint } => {
                write!(f, "public key `{fingerprint}` is not among the keys, so the digest is not proved")
            }
            Self::NotRunning { from, to } => write!(
                f,
                "validation starts anew with this digest; log files from {from} to {to} are not proved: logging or \
                 validation was off"
            ),
            Self::BeginsLate { begins } => {
                write!(f, "first digest of its trail; log files before {begins} are not proved")
            }
            Self::EndsEarly { ends } => write!(f, "last digest of its trail; log files after {ends} are not proved"),
            Self::NoDigests => f.write_str("no digest for its account and Region, so the log file is not proved"),
            Self::LogChanged { digest } => {
                write!(f, "log file was changed after delivery: `{digest}` holds another hash")
            }
            Self::LogDeleted { digest } => write!(f, "log file was deleted; `{digest}` lists it"),
            Self::LogMissing { digest } => {
                write!(f, "log file is not among what was read (deleted, or not copied); `{digest}` lists it")
            }
            Self::LogUnread => f.write_str("log file could not be read to its end, so it is not proved"),
            Self::LogAdded => {
                f.write_str("log file is in no digest: added later, or of a trail without log file validation")
            }
            Self::LogTooNew => f.write_str("log file is newer than the last digest, so it is not proved yet"),
            Self::LogUncovered => f.write_str("log file of a time without a digest to trust, so it is not proved"),
            Self::NoLogFile => f.write_str("not a log file of a trail by its name, so no digest proves it"),
        }
    }
}
