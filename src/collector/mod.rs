//! Brings records in. All file reading is here and all network.
//!
//! In: files, directories, standard input, and what AWS keeps. Out: events, handed to an [`EventSink`] a thread, and what
//! could not be read.
//! How often a record is found, in which order and by how many threads never shows.
//!
//! A file's way: [`listing`] finds it, [`unpack`] takes off the compression, [`intake`] splits the text into records, searches
//! them for the principals' names and parses those that have one, [`duplicates`] lets each event pass once, and [`alike`] counts
//! calls that were seen before instead of parsing them again, told apart by what [`operations`] says counts in them.

mod alike;
#[cfg(feature = "aws")]
pub mod aws;
#[cfg(not(feature = "aws"))]
#[path = "no_aws.rs"]
mod aws;

pub mod digests;
mod duplicates;
mod files;
mod fingerprint;
mod form;
mod intake;
mod listing;
mod operations;
mod problem;
mod progress;
mod remote;
mod remote_error;
mod role;
mod rows;
mod shard;
mod sink;
pub mod sql;
mod stores;
mod trail_names;
mod unpack;

pub use aws::{decode_denials, read_policy, read_role};
pub use files::{CollectError, CollectOptions, Collected, FileCounts, Input, collect};
pub use fingerprint::{Fingerprint, fingerprint};
pub use problem::{FileProblem, ProblemKind};
pub use remote::{AthenaTable, AwsOptions, LakeStore, ObjectLedger, ParseRemoteError, S3Object, S3Url};
pub use remote_error::{RemoteError, RemoteErrorKind};
pub use role::{PolicyInIam, RoleInIam};
pub use shard::{ParseShardError, Shard};
pub use sink::EventSink;
pub(crate) use trail_names::delivered;

#[cfg(test)]
mod tests;
