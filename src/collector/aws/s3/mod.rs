//! A trail's objects in S3.
//!
//! 1. [`bucket`] finds the bucket's Region;
//! 2. [`tree`] finds the trail under the prefix and makes a list of the listings that are needed: accounts, Regions and days
//!    that are asked for, and no others;
//! 3. [`listing`] pages through them, several at once, and hands on each object that may hold evidence;
//! 4. [`download`] gets the objects, several at once, as much as fits into a fixed number of bytes, and hands their bytes to
//!    the threads that read.
//!
//! What can't be had is tried again, then told as a gap; the rest goes on.

mod bucket;
mod cache;
mod download;
mod failures;
mod listing;
mod tree;

use std::sync::Arc;

use tokio::sync::mpsc::channel;

use self::bucket::Bucket;
use self::download::Downloads;
use self::failures::Failures;
use self::tree::Wanted;
use super::remote::Reading;
use crate::collector::remote::S3Url;
use crate::collector::remote_error::RemoteErrorKind;

/// Objects that are listed and wait for their download.
const LISTED: usize = 2_000;

/// Reads the source.
pub async fn read(url: &S3Url, reading: &Reading) -> Result<(), RemoteErrorKind> {
    let (bucket, listings) = Bucket::open(url, reading, Wanted::of(reading)).await?;
    let bucket = Arc::new(bucket);
    let failures = Arc::new(Failures::default());
    let (sender, receiver) = channel(LISTED);
    let listed = tokio::spawn(listing::list_all(Arc::clone(&bucket), listings, sender, Arc::clone(&failures)));
    let downloads = Downloads::new(Arc::clone(&bucket), reading, Arc::clone(&failures));
    let objects = downloads.run(receiver).await;
    if listed.await.is_err() {
        return Err(RemoteErrorKind::Other("listing ended by a fault of trailtrim".to_owned()));
    }
    tracing::info!("`{url}`: {objects}");
    failures.report(&reading.outbox, objects.had + objects.known).await
}
