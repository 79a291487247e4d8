//! From what was read to what is proved: fetches what is still missing, then verifies.

use std::path::Path;

use super::{Book, Scope, Verify, verify};
use crate::collector::aws::public_keys;
use crate::collector::files::{CollectOptions, Input};
use crate::collector::problem::FileProblem;
use crate::collector::trail_names::DigestName;

/// Holds everything that was read against its digests. What is not proved comes back.
pub fn prove(book: &Book, with: &Verify, inputs: &[Input], options: &CollectOptions) -> Vec<FileProblem> {
    let mut keys = with.keys.clone();
    let mut problems = Vec::new();
    if keys.is_empty() {
        (keys, problems) = public_keys(&options.aws, &book.regions(), options.now);
    }
    // What lies in a bucket should reach up to now; a copy on disk may be of any age.
    let is_alive = inputs.iter().any(|input| matches!(input, Input::S3(_)));
    let wanted = &options.wanted;
    let scope = Scope {
        since: wanted.since,
        until: wanted.until.or(options.now.filter(|_| is_alive)),
        regions: wanted.regions.clone(),
        accounts: wanted.accounts.clone(),
    };
    let verified = verify(book, &keys, &scope);
    let (digests, logs, wrong) = (verified.digests, verified.logs, verified.problems.len());
    tracing::info!("{digests} digests and {logs} log files are as CloudTrail delivered them, {wrong} problems");
    problems.extend(verified.problems);
    problems
}

/// Takes a note of a signature that was saved beside a digest. Whether the file is one.
///
/// It holds the hexadecimal digits, or the object's whole metadata as JSON.
pub fn read_signature(path: &Path, book: Option<&Book>) -> bool {
    if path.extension().is_none_or(|end| end != "signature") {
        return false;
    }
    let place = path.with_extension("");
    if DigestName::of(&place.to_string_lossy()).is_none() {
        return false;
    }
    if let Some(book) = book
        && let Ok(text) = std::fs::read_to_string(path)
    {
        let metadata: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let named = metadata.as_ref().and_then(|metadata| metadata.get("signature")).and_then(|it| it.as_str());
        book.signature(&place.display().to_string(), named.unwrap_or(&text));
    }
    true
}
