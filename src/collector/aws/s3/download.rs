//! Gets objects, several at once, with bounded memory.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_s3::types::RequestPayer;
use tokio::sync::mpsc::Receiver;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::super::outbox::Outbox;
use super::super::remote::Reading;
use super::bucket::Bucket;
use super::cache;
use super::failures::Failures;
use super::listing::Listed;
use crate::collector::digests::Book;
use crate::collector::remote::{Held, ObjectLedger};
use crate::collector::remote_error::RemoteErrorKind;

/// An object's bytes, as they lie there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    pub bytes: Vec<u8>,
    /// What CloudTrail keeps in the metadata of a digest.
    pub signature: Option<String>,
}

/// How many objects there were.
#[derive(Debug, Default)]
pub struct Objects {
    /// Handed on.
    pub had: u64,
    /// Left out, because they were read before.
    pub known: u64,
}

impl fmt::Display for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} objects read", self.had)?;
        if self.known > 0 { write!(f, ", {} read before", self.known) } else { Ok(()) }
    }
}

/// The downloads of one source.
#[derive(Clone)]
pub struct Downloads {
    bucket: Arc<Bucket>,
    outbox: Outbox,
    failures: Arc<Failures>,
    book: Option<Arc<Book>>,
    ledger: Option<Arc<dyn ObjectLedger>>,
    had: Arc<AtomicU64>,
    bar: indicatif::ProgressBar,
}

/// Downloads under way at once.
const AT_ONCE: usize = 32;

/// Bytes of objects in memory, from the start of the download until they are read, in units of a kibibyte.
const HELD: u32 = 64 << 10;

/// A body that breaks off is asked for again so many times; the client itself repeats only what fails before the body.
const TRIES: u32 = 5;

impl Downloads {
    pub fn new(bucket: Arc<Bucket>, reading: &Reading, failures: Arc<Failures>) -> Self {
        Self {
            bucket,
            outbox: reading.outbox.clone(),
            failures,
            book: reading.book.clone(),
            ledger: reading.ledger.clone(),
            had: Arc::default(),
            bar: reading.bar.clone(),
        }
    }

    /// Gets all objects that are listed.
    pub async fn run(self, mut listed: Receiver<Listed>) -> Objects {
        let memory = Arc::new(Semaphore::new(HELD as usize));
        let mut tasks = JoinSet::new();
        let mut known = 0;
        while let Some(next) = listed.recv().await {
            if self.had.load(Ordering::Relaxed) == 0 && self.failures.are_enough() {
                break;
            }
            if self.ledger.as_ref().is_some_and(|ledger| ledger.has(&next.object)) {
                known += 1;
                continue;
            }
            while tasks.len() >= AT_ONCE {
                tasks.join_next().await;
            }
            let units = u32::try_from(next.bytes.div_ceil(1 << 10)).unwrap_or(HELD).clamp(1, HELD);
            let Ok(held) = Arc::clone(&memory).acquire_many_owned(units).await else { break };
            tasks.spawn(self.clone().one(next, held));
        }
        while tasks.join_next().await.is_some() {}
        Objects { had: self.had.load(Ordering::Relaxed), known }
    }

    async fn one(self, listed: Listed, held: OwnedSemaphorePermit) {
        let place = listed.object.to_string();
        match self.body(&listed).await {
            Ok(body) => {
                if let (Some(book), Some(signature)) = (&self.book, &body.signature) {
                    book.signature(&place, signature);
                }
                let had = self.had.fetch_add(1, Ordering::Relaxed) + 1;
                self.bar.set_message(format!("{had} objects from s3://{}", self.bucket.name));
                self.outbox.object(listed.object, body.bytes, Held::new(held)).await;
            }
            Err(kind) => self.failures.note(place, kind),
        }
    }

    async fn body(&self, listed: &Listed) -> Result<Body, RemoteErrorKind> {
        let Some(folder) = &self.bucket.options.cache else { return self.download(listed).await };
        if let Some(body) = cache::get(folder, &listed.object, listed.bytes) {
            return Ok(body);
        }
        let body = self.download(listed).await?;
        if let Err(error) = cache::put(folder, &listed.object, &body) {
            tracing::warn!("can't keep `{}` in `{}`: {error}", listed.object, folder.display());
        }
        Ok(body)
    }

    async fn download(&self, listed: &Listed) -> Result<Body, RemoteErrorKind> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(listed).await {
                Ok(body) => return Ok(body),
                Err(Attempt::Final(kind)) => return Err(kind),
                Err(Attempt::Cut(cause)) if tries < TRIES => {
                    tracing::debug!("`{}` broke off ({cause}), asking again", listed.object);
                    tokio::time::sleep(Duration::from_millis(100 << tries)).await;
                }
                Err(Attempt::Cut(cause)) => {
                    return Err(RemoteErrorKind::Other(format!("broke off {TRIES} times ({cause})")));
                }
            }
        }
    }

    async fn attempt(&self, listed: &Listed) -> Result<Body, Attempt> {
        let payer = self.bucket.options.request_payer.then_some(RequestPayer::Requester);
        let get = self.bucket.client.get_object().bucket(&self.bucket.name).key(&listed.object.key);
        let sent = get.set_request_payer(payer).send().await;
        let answer = sent.map_err(|error| Attempt::Final(self.bucket.explain_get(&error)))?;
        let signature = answer.metadata().and_then(|metadata| metadata.get("signature")).cloned();
        let expected = answer.content_length().and_then(|length| usize::try_from(length).ok());
        let bytes = answer.body.collect().await.map_err(|error| Attempt::Cut(cause_of(&error)))?.to_vec();
        if expected.is_some_and(|expected| expected != bytes.len()) {
            return Err(Attempt::Cut(format!("{} bytes came", bytes.len())));
        }
        Ok(Body { bytes, signature })
    }
}

/// The innermost cause, which says most.
fn cause_of(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Why there is no body.
enum Attempt {
    /// The answer, after the client's own repetitions.
    Final(RemoteErrorKind),
    /// The body ended before its end.
    Cut(String),
}
