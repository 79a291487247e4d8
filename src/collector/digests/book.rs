//! What was found while files were read: hashes of log files, and digests.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::document::{Digest, Hash};
use crate::collector::trail_names::{DigestName, LogName, stem};

/// Takes notes from all threads.
#[derive(Debug, Default)]
pub struct Book(Mutex<Found>);

/// All notes.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// By what a digest knows of them: bucket and key, or the bare name in a copy on disk.
    pub logs: BTreeMap<String, Vec<SeenLog>>,
    /// By where they are.
    pub digests: BTreeMap<String, SeenDigest>,
    /// Signatures that were kept beside digests, by where the digest is.
    pub signatures: BTreeMap<String, String>,
    /// Buckets that were read.
    pub buckets: BTreeSet<String>,
    /// What is neither log file nor digest: how many, and the first.
    pub others: Option<(u64, String)>,
}

#[derive(Debug)]
pub(super) struct SeenLog {
    pub place: String,
    /// `None`: not read to its end.
    pub hash: Option<Hash>,
}

#[derive(Debug)]
pub(super) struct SeenDigest {
    pub name: DigestName,
    /// With the hash of its text; or why it can't be read.
    pub document: Result<(Digest, Hash), String>,
}

/// How places on S3 begin.
const S3: &str = "s3://";

impl Book {
    /// A log file, with the hash of its text if all of it was read.
    pub fn log(&self, place: &str, hash: Option<Hash>) {
        let mut found = self.found();
        found.note_bucket(place);
        let seen = SeenLog { place: place.to_owned(), hash };
        found.logs.entry(identity(place).to_owned()).or_default().push(seen);
    }

    /// A digest.
    pub(super) fn digest(&self, place: &str, name: DigestName, document: Result<(Digest, Hash), String>) {
        let mut found = self.found();
        found.note_bucket(place);
        found.digests.insert(place.to_owned(), SeenDigest { name, document });
    }

    /// The signature that is kept beside a digest, in hexadecimal digits.
    pub fn signature(&self, place: &str, signature: &str) {
        self.found().signatures.insert(place.to_owned(), signature.trim().to_owned());
    }

    /// A file that could not be opened.
    pub(in crate::collector) fn unreadable(&self, place: &str, cause: &str) {
        match DigestName::of(place) {
            Some(name) => self.digest(place, name, Err(cause.to_owned())),
            None if LogName::of(place).is_some() => self.log(place, None),
            None => self.other(place),
        }
    }

    /// Something that no digest can vouch for.
    pub fn other(&self, place: &str) {
        let mut found = self.found();
        match &mut found.others {
            Some((count, first)) => {
                *count += 1;
                if place < first.as_str() {
                    place.clone_into(first);
                }
            }
            none => *none = Some((1, place.to_owned())),
        }
    }

    /// The accounts' Regions that digests are of, for which keys are needed, with the time of the first and last.
    pub fn regions(&self) -> BTreeMap<String, (jiff::Timestamp, jiff::Timestamp)> {
        let mut regions = BTreeMap::new();
        for digest in self.found().digests.values() {
            let (region, end) = (&digest.name.chain.region, digest.name.end);
            let span = regions.entry(region.clone()).or_insert((end, end));
            *span = (span.0.min(end), span.1.max(end));
        }
        regions
    }

    pub(super) fn found(&self) -> MutexGuard<'_, Found> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Found {
    fn note_bucket(&mut self, place: &str) {
        if let Some((bucket, _)) = on_s3(place)
            && !self.buckets.contains(bucket)
        {
            self.buckets.insert(bucket.to_owned());
        }
    }

    /// The log file that a digest lists, wherever it was found.
    pub fn listed<'f>(&'f self, bucket: &str, object: &str) -> impl Iterator<Item = &'f SeenLog> {
        let on_s3 = self.logs.get(&format!("{bucket}/{object}"));
        let on_disk = self.logs.get(stem(object));
        on_s3.into_iter().chain(on_disk).flatten()
    }
}

/// What a digest knows the file at this place by.
pub(super) fn identity(place: &str) -> &str {
    place.strip_prefix(S3).unwrap_or_else(|| stem(place))
}

/// Bucket and key of a place on S3.
pub(super) fn on_s3(place: &str) -> Option<(&str, &str)> {
    place.strip_prefix(S3)?.split_once('/')
}
