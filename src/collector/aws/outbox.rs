//! Where a remote source puts what it has found.

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::Sender;

use crate::aggregator::Evidence;
use crate::collector::problem::{FileProblem, ProblemKind};
use crate::collector::remote::{Arrival, Held, S3Object};
use crate::collector::remote_error::RemoteErrorKind;

/// The way from a source to the threads that read. Waits while they are busy, so that memory stays bounded.
#[derive(Clone, Debug)]
pub struct Outbox {
    sender: Sender<Arrival>,
    texts: Arc<AtomicU64>,
}

impl Outbox {
    pub fn new(sender: Sender<Arrival>) -> Self {
        Self { sender, texts: Arc::default() }
    }

    /// Hands on a text as it was delivered: gzip, zstd or plain. The name is for messages.
    pub async fn text(&self, name: String, bytes: Vec<u8>) {
        self.texts.fetch_add(1, Ordering::Relaxed);
        self.send(Arrival::Text { name, bytes, object: None, held: Held::nothing() }).await;
    }

    /// The same for an object, with its place in the memory that is shared.
    pub async fn object(&self, object: S3Object, bytes: Vec<u8>, held: Held) {
        self.texts.fetch_add(1, Ordering::Relaxed);
        self.send(Arrival::Text { name: object.to_string(), bytes, object: Some(object), held }).await;
    }

    /// Hands on a call that was seen several times, as a distilled record with evidence. The name is for messages.
    pub async fn calls(&self, name: String, record: String, evidence: Vec<Evidence>) {
        self.texts.fetch_add(1, Ordering::Relaxed);
        self.send(Arrival::Calls { name, record, evidence }).await;
    }

    /// Hands on a text that is too long for memory.
    pub async fn stream(&self, name: String, reader: Box<dyn Read + Send>) {
        self.texts.fetch_add(1, Ordering::Relaxed);
        self.send(Arrival::Stream { name, reader }).await;
    }

    /// Tells that something could not be had, and goes on. It ends up in the coverage as a gap.
    pub async fn problem(&self, place: String, kind: RemoteErrorKind) {
        self.problems(place, kind, 1).await;
    }

    /// The same of many things, of which the first is named.
    pub async fn problems(&self, place: String, kind: RemoteErrorKind, count: u64) {
        let kind = ProblemKind::Remote(kind);
        self.send(Arrival::Problem(FileProblem { file: place, byte: None, kind, count })).await;
    }

    /// Whether any text was handed on.
    pub fn has_texts(&self) -> bool {
        self.texts.load(Ordering::Relaxed) > 0
    }

    pub async fn send(&self, arrival: Arrival) {
        // Nobody listens any more only when the run has ended.
        let _ = self.sender.send(arrival).await;
    }
}
