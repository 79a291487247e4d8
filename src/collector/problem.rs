//! What could not be read, where, and why.

use std::fmt;

use super::digests::Integrity;
use super::remote_error::RemoteErrorKind;
use crate::cloudtrail::Breakage;

/// Something in a file that could not be read. The run goes on without it, unless it is strict.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileProblem {
    /// The file's path as it was reached, `standard input`, or what a remote source calls it.
    pub file: String,
    /// Where in the file's text, after decompression; `None` where it concerns all of it.
    pub byte: Option<u64>,
    pub kind: ProblemKind,
    /// How often; `byte` is the first place.
    pub count: u64,
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProblemKind {
    /// The file or directory can't be opened or read, in the system's words.
    Unreadable(String),
    /// The compressed data is damaged or ends early.
    Damaged(String),
    /// The text ends inside a record.
    CutOff,
    /// `Records` is no array.
    RecordsNotAnArray,
    /// Text that is no record, and no known wrapping of one.
    NotARecord,
    /// A record larger or deeper than CloudTrail writes.
    TooLarge,
    /// The file is something else, and what.
    NotCloudTrail(&'static str),
    /// Rows of a CSV file that does not say whose calls they are.
    NamesNobody,
    /// So many places are broken that the rest of the file was left.
    TooBroken,
    /// AWS did not give it.
    Remote(RemoteErrorKind),
    /// It is not proved to be what CloudTrail delivered.
    Integrity(Integrity),
}

impl From<Breakage> for ProblemKind {
    fn from(breakage: Breakage) -> Self {
        match breakage {
            Breakage::CutOff => Self::CutOff,
            Breakage::TooLarge => Self::TooLarge,
            Breakage::RecordsNotAnArray => Self::RecordsNotAnArray,
            Breakage::NotJson => Self::NotARecord,
        }
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.file, self.kind)?;
        match (self.count, self.byte) {
            (0 | 1, None) => Ok(()),
            (0 | 1, Some(byte)) => write!(f, " at byte {byte}"),
            (count, None) => write!(f, ", {count} times"),
            (count, Some(byte)) => write!(f, ", {count} times, first at byte {byte}"),
        }
    }
}

impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(cause) => write!(f, "can't be read: {cause}"),
            Self::Damaged(cause) => {
                write!(f, "compressed data is damaged ({cause}); what came before it counts, the rest is lost")
            }
            Self::CutOff => f.write_str("ends inside a record; get the file again"),
            Self::RecordsNotAnArray => f.write_str("`Records` is no array"),
            Self::NotARecord => f.write_str("text that is no CloudTrail record"),
            Self::TooLarge => f.write_str("a record larger or deeper than CloudTrail writes"),
            Self::NotCloudTrail(what) => write!(f, "not CloudTrail: {what}"),
            Self::NamesNobody => f.write_str(
                "the console's CSV file names neither roles nor resources; download the event history as JSON instead",
            ),
            Self::TooBroken => f.write_str("broken in too many places; the rest was left"),
            Self::Remote(kind) => kind.fmt(f),
            Self::Integrity(integrity) => integrity.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_say_what_and_where() {
        let mut problem =
            FileProblem { file: "a/b.json".to_owned(), byte: Some(7), kind: ProblemKind::RecordsNotAnArray, count: 1 };
        assert_eq!(problem.to_string(), "`a/b.json`: `Records` is no array at byte 7");
        problem = FileProblem { count: 3, kind: ProblemKind::NotARecord, ..problem };
        assert_eq!(problem.to_string(), "`a/b.json`: text that is no CloudTrail record, 3 times, first at byte 7");
    }
}
