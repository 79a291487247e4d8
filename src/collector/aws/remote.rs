//! Runs the remote sources and hands what they find to the threads that read.

use std::sync::{Arc, Mutex, PoisonError};

use aws_config::SdkConfig;
use indicatif::ProgressBar;
use jiff::Timestamp;
use tokio::sync::mpsc::{Receiver, channel};

use super::outbox::Outbox;
use super::session::Session;
use super::{athena, lake, lookup_events, s3};
use crate::aggregator::Selection;
use crate::collector::digests::Book;
use crate::collector::files::{CollectOptions, Input};
use crate::collector::progress;
use crate::collector::remote::{Arrival, AwsOptions, ObjectLedger};
use crate::collector::remote_error::{RemoteError, RemoteErrorKind};
use crate::collector::shard::Shard;

/// The remote sources of a run. Dropping it ends them.
pub struct Remote {
    arrivals: Mutex<Receiver<Arrival>>,
    // Behind the receiver: tasks that wait for a free place give up before their threads go.
    session: Session,
}

/// What a source is given to work with.
#[derive(Clone, Debug)]
pub struct Reading {
    pub config: SdkConfig,
    pub aws: AwsOptions,
    /// What will count of the records; a source may leave out all that does not.
    pub wanted: Selection,
    /// The moment at which the run began.
    pub now: Timestamp,
    pub outbox: Outbox,
    /// Only this part of the objects.
    pub shard: Option<Shard>,
    /// Objects that need not be read again.
    pub ledger: Option<Arc<dyn ObjectLedger>>,
    /// Takes notes for the proof of what was delivered.
    pub book: Option<Arc<Book>>,
    /// A line on the terminal; hidden where there is none.
    pub bar: ProgressBar,
}

/// Texts that wait to be read, besides those that the sources hold themselves.
const WAITING: usize = 16;

impl Remote {
    /// Starts all remote sources among the inputs.
    pub fn start(inputs: &[Input], options: &CollectOptions, book: Option<&Arc<Book>>) -> Result<Self, RemoteError> {
        let remote: Vec<&Input> = inputs.iter().filter(|input| input.is_remote()).collect();
        let place = remote.first().map(ToString::to_string).unwrap_or_default();
        let session = Session::new(&options.aws).map_err(|kind| RemoteError { place, kind })?;
        let (sender, receiver) = channel(WAITING);
        for input in remote {
            let reading = Reading {
                config: session.config.clone(),
                aws: options.aws.clone(),
                wanted: options.wanted.clone(),
                now: options.now.unwrap_or_default(),
                outbox: Outbox::new(sender.clone()),
                shard: options.shard,
                ledger: options.ledger.clone().filter(|_| book.is_none()),
                book: book.cloned(),
                bar: progress::spinner(options.progress),
            };
            session.runtime.spawn(run(input.clone(), reading));
        }
        Ok(Self { arrivals: Mutex::new(receiver), session })
    }

    /// The next text or problem; `None` when all sources are done. Waits for it.
    pub fn next(&self) -> Option<Arrival> {
        // A receiver is whole whatever its last user did.
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv()
    }
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remote").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Reads one source to its end, whatever end that is.
async fn run(input: Input, reading: Reading) {
    let (outbox, bar, place) = (reading.outbox.clone(), reading.bar.clone(), input.to_string());
    let read = tokio::spawn(async move {
        match &input {
            Input::LookupEvents => lookup_events::read(&reading).await,
            Input::S3(url) => s3::read(url, &reading).await,
            Input::Lake(store) => lake::read(store, &reading).await,
            Input::Athena(table) => athena::read(table, &reading).await,
            Input::Path(_) | Input::StandardInput | Input::Store(_) => Ok(()),
        }
    });
    let ended = match read.await {
        Ok(ended) => ended,
        Err(panic) => Err(RemoteErrorKind::Other(format!("reading ended by a fault of trailtrim ({panic})"))),
    };
    bar.finish_and_clear();
    match ended {
        Ok(()) => {}
        Err(kind) if outbox.has_texts() => outbox.problem(place, kind).await,
        Err(kind) => outbox.send(Arrival::Failed(RemoteError { place, kind })).await,
    }
}
