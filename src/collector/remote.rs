//! Sources that are not on this machine, as values, and what they hand to the threads that read.
//!
//! This is all that builds without the feature `aws` know of them. What reads them is in `aws/`.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::str::FromStr;

use super::problem::FileProblem;
use super::remote_error::RemoteError;
use crate::aggregator::Evidence;
use crate::iam::{Arn, PrincipalArn};

/// How to reach AWS; what is not given is found as the AWS command line finds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsOptions {
    /// A profile of the shared configuration files.
    pub profile: Option<String>,
    /// Asked instead of each service's own endpoint.
    pub endpoint_url: Option<String>,
    /// A role to act as.
    pub assume_role: Option<PrincipalArn>,
    /// Keeps what was read, so that a cut run goes on there and the next one asks only for what is new.
    pub cache: Option<PathBuf>,
    /// The caller pays for requests to S3, as the owner of the bucket demands.
    pub request_payer: bool,
}

/// Objects of a trail in S3: `s3://BUCKET/PREFIX`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3Url {
    pub bucket: String,
    /// Without a slash in front; may be empty.
    pub prefix: String,
}

/// A table over a trail: `athena://WORKGROUP/DATABASE/TABLE`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AthenaTable {
    pub workgroup: String,
    pub database: String,
    pub table: String,
}

/// An event data store of CloudTrail Lake: `lake://ID` or `lake://ARN`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LakeStore {
    /// The part of its ARN that statements take as the table.
    pub id: String,
    /// Where it is, if an ARN told.
    pub region: Option<String>,
}

/// Why a text is no address of a remote source.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("`{text}` is no {what}: write `{form}`")]
pub struct ParseRemoteError {
    text: String,
    what: &'static str,
    form: &'static str,
}

/// An object in S3 as it is now: another content has another ETag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3Object {
    pub bucket: String,
    pub key: String,
    pub etag: String,
}

/// Remembers which objects were read, so that the next run leaves them out.
pub trait ObjectLedger: fmt::Debug + Send + Sync {
    /// Whether the object was read before, whole.
    fn has(&self, object: &S3Object) -> bool;

    /// The object was read, whole and without a problem. Comes from several threads, in any order; the events came before.
    fn was_read(&self, object: S3Object);
}

/// Keeps a place in the memory that sources may fill, until it is dropped.
pub struct Held(#[expect(dead_code, reason = "its drop is what counts")] Option<Box<dyn Send>>);

#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only sources of AWS fill memory"))]
impl Held {
    /// Keeps this.
    pub fn new(place: impl Send + 'static) -> Self {
        Self(Some(Box::new(place)))
    }

    /// Keeps nothing.
    pub fn nothing() -> Self {
        Self(None)
    }
}

impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Held")
    }
}

/// Something that a remote source hands to the threads that read.
#[cfg_attr(feature = "aws", expect(missing_debug_implementations, reason = "a reader has nothing to show"))]
#[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only sources of AWS send something"))]
pub enum Arrival {
    /// A text as it was delivered, perhaps compressed, with a name for messages.
    Text { name: String, bytes: Vec<u8>, object: Option<S3Object>, held: Held },
    /// A call that was seen several times: a distilled record, and what is known of its events in parts that add up.
    Calls { name: String, record: String, evidence: Vec<Evidence> },
    /// A text that is too long for memory.
    Stream { name: String, reader: Box<dyn Read + Send> },
    /// Something that could not be had; the rest goes on.
    Problem(FileProblem),
    /// A source gave nothing at all: the run can't go on.
    Failed(RemoteError),
}

const S3: &str = "s3://";
const ATHENA: &str = "athena://";
const LAKE: &str = "lake://";

impl FromStr for S3Url {
    type Err = ParseRemoteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || wrong(text, "place in S3", "s3://BUCKET/PREFIX");
        let rest = text.strip_prefix(S3).ok_or_else(error)?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(is_name) {
            return Err(error());
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.trim_start_matches('/').to_owned() })
    }
}

impl FromStr for AthenaTable {
    type Err = ParseRemoteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || wrong(text, "table in Athena", "athena://WORKGROUP/DATABASE/TABLE");
        let parts: Vec<&str> = text.strip_prefix(ATHENA).ok_or_else(error)?.split('/').collect();
        match parts.as_slice() {
            [workgroup, database, table] if parts.iter().all(|part| !part.is_empty()) => Ok(Self {
                workgroup: (*workgroup).to_owned(),
                database: (*database).to_owned(),
                table: (*table).to_owned(),
            }),
            _ => Err(error()),
        }
    }
}

impl FromStr for LakeStore {
    type Err = ParseRemoteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || wrong(text, "event data store", "lake://EVENT_DATA_STORE_ID_OR_ARN");
        let rest = text.strip_prefix(LAKE).ok_or_else(error)?;
        let (id, region) = match rest.parse::<Arn>() {
            Ok(arn) => {
                let id = arn.resource().strip_prefix("eventdatastore/").ok_or_else(error)?;
                (id.to_owned(), Some(arn.region().to_owned()).filter(|region| !region.is_empty()))
            }
            Err(_) => (rest.to_owned(), None),
        };
        // It goes into a statement, so it is held to what AWS hands out.
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_id { Ok(Self { id, region }) } else { Err(error()) }
    }
}

fn wrong(text: &str, what: &'static str, form: &'static str) -> ParseRemoteError {
    ParseRemoteError { text: text.to_owned(), what, form }
}

impl fmt::Display for S3Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{S3}{}/{}", self.bucket, self.prefix)
    }
}

impl fmt::Display for S3Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{S3}{}/{}", self.bucket, self.key)
    }
}

impl fmt::Display for AthenaTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{ATHENA}{}/{}/{}", self.workgroup, self.database, self.table)
    }
}

impl fmt::Display for LakeStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{LAKE}{}", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_written() {
        let url: S3Url = "s3://logs/org/AWSLogs/".parse().unwrap();
        assert_eq!((url.bucket.as_str(), url.prefix.as_str()), ("logs", "org/AWSLogs/"));
        assert_eq!("s3://logs".parse::<S3Url>().unwrap().prefix, "");
        for text in ["athena://primary/default/trail", "lake://11111111-2222-3333-4444-555555555555"] {
            let shown = match text.parse::<AthenaTable>() {
                Ok(table) => table.to_string(),
                Err(_) => text.parse::<LakeStore>().unwrap().to_string(),
            };
            assert_eq!(shown, text);
        }
        let arn = "lake://arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/1111-2222";
        let store: LakeStore = arn.parse().unwrap();
        assert_eq!((store.id.as_str(), store.region.as_deref()), ("1111-2222", Some("eu-west-1")));
    }

    #[test]
    fn what_is_none_says_how_to_write_it() {
        for text in ["s3://", "s3:///a", "s3://b b/"] {
            assert!(text.parse::<S3Url>().unwrap_err().to_string().contains("s3://BUCKET/PREFIX"), "{text}");
        }
        assert!("athena://a/b".parse::<AthenaTable>().is_err());
        assert!("lake://a'; drop".parse::<LakeStore>().is_err());
        assert!("lake://arn:aws:cloudtrail:eu-west-1:111122223333:trail/x".parse::<LakeStore>().is_err());
    }
}
