//! Pages through keys.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::Sender;
use tokio::task::JoinSet;

use super::bucket::Bucket;
use super::failures::Failures;
use super::tree::Listing;
use crate::collector::remote::S3Object;

/// An object to read.
#[derive(Debug)]
pub struct Listed {
    pub object: S3Object,
    pub bytes: u64,
}

/// Listings under way at once: each waits for its next page most of the time.
const AT_ONCE: usize = 8;

/// Lists everything. A listing that fails in the middle leaves what it found, and is told.
pub async fn list_all(bucket: Arc<Bucket>, listings: Vec<Listing>, sender: Sender<Listed>, failures: Arc<Failures>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut tasks = JoinSet::new();
    for listing in listings {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (bucket, sender, failures) = (Arc::clone(&bucket), sender.clone(), Arc::clone(&failures));
        tasks.spawn(async move {
            list(&bucket, &listing, &sender, &failures).await;
            drop(place);
        });
    }
    while tasks.join_next().await.is_some() {}
}

async fn list(bucket: &Bucket, listing: &Listing, sender: &Sender<Listed>, failures: &Failures) {
    let mut token = None;
    loop {
        let page = bucket.page(&listing.prefix, token).set_start_after(listing.start_after.clone());
        let page = match page.send().await {
            Ok(page) => page,
            Err(error) => {
                let place = format!("s3://{}/{}", bucket.name, listing.prefix);
                return failures.note(place, bucket.explain(&error));
            }
        };
        for object in page.contents.unwrap_or_default() {
            let Some(key) = object.key else { continue };
            if listing.end_before.as_ref().is_some_and(|end| key >= *end) {
                return;
            }
            let bytes = object.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
            if bytes == 0 || !bucket.takes(&key) {
                continue;
            }
            let etag = object.e_tag.unwrap_or_default();
            let object = S3Object { bucket: bucket.name.clone(), key, etag };
            if sender.send(Listed { object, bytes }).await.is_err() {
                return;
            }
        }
        match page.next_continuation_token {
            Some(next) => token = Some(next),
            None => return,
        }
    }
}
