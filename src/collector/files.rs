//! Reads all inputs: local files, directories and standard input here, remote sources with the same threads.

use std::fmt;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use indicatif::ProgressBar;
use jiff::Timestamp;

use super::aws::Remote;
use super::digests::{Book, Verify, prove, read_signature, watch};
use super::duplicates::Seen;
use super::intake::Intake;
use super::listing::{FoundFile, list, unreadable};
use super::problem::{FileProblem, ProblemKind};
use super::progress;
use super::remote::{Arrival, AthenaTable, AwsOptions, LakeStore, ObjectLedger, S3Url};
use super::remote_error::RemoteError;
use super::shard::Shard;
use super::sink::EventSink;
use super::stores;
use super::unpack::{Text, Unpacker, unpack_stream};
use crate::aggregator::{Evidence, Selection};
use crate::cloudtrail::{Needles, SkipReason, parse_record};
use crate::store::{StoreError, StoredCall};

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or a directory that is read recursively.
    Path(PathBuf),
    /// `-`
    StandardInput,
    /// A store of evidence.
    Store(PathBuf),
    /// The event history of the last 90 days, through CloudTrail's `LookupEvents`.
    LookupEvents,
    /// A trail's objects in S3.
    S3(S3Url),
    /// An event data store of CloudTrail Lake.
    Lake(LakeStore),
    /// A table over a trail in Amazon Athena.
    Athena(AthenaTable),
}

impl Input {
    /// Whether AWS is asked for it.
    pub fn is_remote(&self) -> bool {
        match self {
            Self::Path(_) | Self::StandardInput | Self::Store(_) => false,
            Self::LookupEvents | Self::S3(_) | Self::Lake(_) | Self::Athena(_) => true,
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::StandardInput => f.write_str("-"),
            Self::Store(path) => write!(f, "store:{}", path.display()),
            Self::LookupEvents => f.write_str("lookup-events"),
            Self::S3(url) => url.fmt(f),
            Self::Lake(store) => store.fmt(f),
            Self::Athena(table) => table.fmt(f),
        }
    }
}

/// How to collect.
#[derive(Debug, Clone, Default)]
pub struct CollectOptions {
    /// Threads; `None`: as many as there are cores.
    pub threads: Option<usize>,
    /// A bad record or file ends the run.
    pub strict: bool,
    /// Show a progress bar on standard error if it is a terminal.
    pub progress: bool,
    /// What will count of the records: remote sources leave out what they can of the rest.
    pub wanted: Selection,
    /// The moment at which the run began; remote sources need it.
    pub now: Option<Timestamp>,
    /// How to reach AWS.
    pub aws: AwsOptions,
    /// Only this part of the files.
    pub shard: Option<Shard>,
    /// Calls out of a store come session by session, also where the selection does not need it.
    pub by_session: bool,
    /// Objects in S3 that need not be read again. With `verify` all are read: what is not read is not proved.
    pub ledger: Option<Arc<dyn ObjectLedger>>,
    /// Hold log files against the digests that CloudTrail keeps of them.
    pub verify: Option<Verify>,
}

/// What was collected.
#[derive(Debug)]
pub struct Collected<S> {
    /// What the events were handed to.
    pub sink: S,
    pub files: FileCounts,
    /// What could not be read, by file and place. The sink has them as gaps.
    pub problems: Vec<FileProblem>,
}

/// Files by what they turned out to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// With records, or something that should be records.
    pub read: u64,
    /// Without content.
    pub empty: u64,
    /// Digests of log files, which CloudTrail keeps beside them.
    pub digests: u64,
    /// What CloudTrail Insights made of the records.
    pub insights: u64,
}

/// Why nothing could be collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("can't read `{path}`: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },

    #[error("`{path}` holds no files")]
    Nothing { path: PathBuf },

    #[error("{}", first_problems(.0))]
    Strict(Vec<FileProblem>),

    #[error(transparent)]
    Remote(#[from] RemoteError),

    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Reads all inputs. Records without a needle are counted as somebody else's, unparsed. Each thread has a sink of its own;
/// they come back merged.
pub fn collect<S: EventSink>(
    inputs: &[Input],
    options: &CollectOptions,
    needles: &Needles,
    new: impl Fn() -> S + Sync,
) -> Result<Collected<S>, CollectError> {
    let mut problems = Vec::new();
    let book = options.verify.is_some().then(Arc::<Book>::default);
    let mut sources = find(inputs, options, book.as_deref(), &mut problems)?;
    let has_stores = inputs.iter().any(|input| matches!(input, Input::Store(_)));
    let seen = if has_stores { Seen::as_stored() } else { Seen::new() };
    let stored = stores::load(inputs, options, needles, &seen)?;
    sources.extend(stored.chunks.into_iter().map(Source::Calls));
    let is_remote = inputs.iter().any(Input::is_remote);
    let remote = is_remote.then(|| Remote::start(inputs, options, book.as_ref())).transpose()?;
    let bar = progress::bar(options.progress && !sources.is_empty(), sources.iter().map(Source::bytes).sum());
    let (ledger, failed) = (options.ledger.clone(), Mutex::default());
    let queue = Queue { sources: Mutex::new(sources.into_iter()), remote, bar, failed, ledger, book };
    let mut collected = read_all(&queue, options.threads, needles, &seen, &new);
    queue.bar.finish_and_clear();
    if let (Some(book), Some(with)) = (&queue.book, &options.verify) {
        problems.extend(prove(book, with, inputs, options));
    }
    if let Some(error) = queue.failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(error.into());
    }
    collected.sink.skipped(SkipReason::Duplicate, stored.repeated);
    stored.gaps.into_iter().for_each(|gap| collected.sink.gap(gap));
    for problem in problems {
        collected.sink.gap(problem.to_string());
        collected.problems.push(problem);
    }
    collected.problems.sort();
    if options.strict && !collected.problems.is_empty() {
        return Err(CollectError::Strict(collected.problems));
    }
    Ok(collected)
}

/// One file or stream.
enum Source {
    File(FoundFile),
    StandardInput,
    /// Calls out of a store.
    Calls(Vec<StoredCall>),
}

impl Source {
    fn bytes(&self) -> u64 {
        match self {
            Self::File(file) => file.bytes,
            Self::StandardInput | Self::Calls(_) => 0,
        }
    }
}

/// All files under the inputs, standard input first, then the biggest: so no thread is left with a big one at the end.
fn find(
    inputs: &[Input],
    options: &CollectOptions,
    book: Option<&Book>,
    problems: &mut Vec<FileProblem>,
) -> Result<Vec<Source>, CollectError> {
    let mut sources = Vec::new();
    for input in inputs {
        match input {
            Input::StandardInput => sources.push(Source::StandardInput),
            Input::Path(path) => {
                let before = problems.len();
                let found =
                    list(path, problems).map_err(|source| CollectError::Unreadable { path: path.clone(), source })?;
                if found.is_empty() && problems.len() == before {
                    return Err(CollectError::Nothing { path: path.clone() });
                }
                // Told by what is behind the folder that was named: it may be mounted elsewhere on another machine.
                let is_mine = |file: &FoundFile| {
                    options.shard.is_none_or(|shard| {
                        let file = file.path();
                        let inside = file.strip_prefix(path).ok().filter(|inside| !inside.as_os_str().is_empty());
                        let name = inside.map_or_else(|| file.file_name().unwrap_or_default(), Path::as_os_str);
                        shard.takes(&name.to_string_lossy())
                    })
                };
                let found = found.into_iter().filter(|file| !read_signature(&file.path(), book));
                let mine = found.filter(is_mine);
                sources.extend(mine.map(Source::File));
            }
            Input::Store(_) | Input::LookupEvents | Input::S3(_) | Input::Lake(_) | Input::Athena(_) => {}
        }
    }
    sources.sort_by(|one, other| match (one, other) {
        (Source::File(one), Source::File(other)) => other.bytes.cmp(&one.bytes).then_with(|| one.cmp(other)),
        (one, other) => matches!(one, Source::File(_)).cmp(&matches!(other, Source::File(_))),
    });
    Ok(sources)
}

/// What one thread has collected.
type Part<'r, S> = Intake<'r, S>;

/// What there is to read, local files first: meanwhile the remote ones arrive.
struct Queue {
    /// What was read is dropped, as names of files are many and evidence grows.
    sources: Mutex<std::vec::IntoIter<Source>>,
    remote: Option<Remote>,
    bar: ProgressBar,
    /// The first remote source that gave nothing at all.
    failed: Mutex<Option<RemoteError>>,
    /// Is told of each object that was read.
    ledger: Option<Arc<dyn ObjectLedger>>,
    /// Takes notes for the proof of what was delivered.
    book: Option<Arc<Book>>,
}

impl Queue {
    fn next_source(&self) -> Option<Source> {
        self.sources().next()
    }

    fn sources(&self) -> MutexGuard<'_, std::vec::IntoIter<Source>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a remote source has found; nothing more once one of them has failed, as the run will.
    fn next_arrival(&self) -> Option<Arrival> {
        let remote = self.remote.as_ref()?;
        let has_failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if has_failed { None } else { remote.next() }
    }
}

fn read_all<S: EventSink>(
    queue: &Queue,
    threads: Option<usize>,
    needles: &Needles,
    seen: &Seen,
    new: &(impl Fn() -> S + Sync),
) -> Collected<S> {
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let most = if queue.remote.is_some() { usize::MAX } else { queue.sources().len().max(1) };
    let threads = threads.unwrap_or_else(cores).clamp(1, most);
    let work = || {
        let mut unpacker = Unpacker::new(largest_whole(threads));
        let mut intake = Intake::new(needles, seen, new());
        while let Some(source) = queue.next_source() {
            read_source(&source, queue, &mut unpacker, &mut intake);
            queue.bar.inc(source.bytes());
        }
        while let Some(arrival) = queue.next_arrival() {
            read_arrival(arrival, queue, &mut unpacker, &mut intake);
        }
        intake.finish();
        intake
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(part) => merge(&mut all, part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Collected { sink: all.sink, files: all.counts, problems: all.problems }
    })
}

fn merge<S: EventSink>(all: &mut Part<'_, S>, part: Part<'_, S>) {
    all.sink.merge(part.sink);
    all.problems.extend(part.problems);
    all.counts.read += part.counts.read;
    all.counts.empty += part.counts.empty;
    all.counts.digests += part.counts.digests;
    all.counts.insights += part.counts.insights;
}

/// Files and texts up to this size are held in memory as a whole, one of each a thread.
fn largest_whole(threads: usize) -> usize {
    const ALL_TEXTS: usize = 24 << 20;
    (ALL_TEXTS / threads).clamp(1 << 20, 12 << 20)
}

fn read_source<S: EventSink>(source: &Source, queue: &Queue, unpacker: &mut Unpacker, intake: &mut Intake<'_, S>) {
    match source {
        Source::StandardInput => {
            let opened = unpack_stream(std::io::stdin().lock()).map(Text::Stream);
            take("standard input", opened, queue, intake);
        }
        Source::File(file) => {
            let path = file.path();
            take(&path.to_string_lossy(), unpacker.open(&path, file.bytes), queue, intake);
        }
        Source::Calls(calls) => stores::hand_on(calls, &mut intake.sink),
    }
}

fn read_arrival<S: EventSink>(arrival: Arrival, queue: &Queue, unpacker: &mut Unpacker, intake: &mut Intake<'_, S>) {
    match arrival {
        // What keeps its place in memory is let go of with the bytes.
        Arrival::Text { name, bytes, object, held: _held } => {
            let before = intake.problems.len();
            take(&name, unpacker.open_bytes(&bytes), queue, intake);
            if let (Some(ledger), Some(object)) = (&queue.ledger, object)
                && intake.problems.len() == before
            {
                ledger.was_read(object);
            }
        }
        Arrival::Calls { name, record, evidence } => take_calls(name, &record, &evidence, intake),
        Arrival::Stream { name, reader } => take(&name, unpack_stream(reader).map(Text::Stream), queue, intake),
        Arrival::Problem(problem) => note(problem, intake),
        Arrival::Failed(error) => {
            let mut failed = queue.failed.lock().unwrap_or_else(PoisonError::into_inner);
            // Which of several came first is chance; the least is always the same.
            if failed.as_ref().is_none_or(|other| error < *other) {
                *failed = Some(error);
            }
        }
    }
}

fn take<S: EventSink>(name: &str, opened: std::io::Result<Text<'_>>, queue: &Queue, intake: &mut Intake<'_, S>) {
    match (opened, &queue.book) {
        (Ok(text), None) => intake.take(name, text),
        (Ok(text), Some(book)) => watch(book, name, text, intake),
        (Err(error), book) => {
            if let Some(book) = book {
                book.unreadable(name, &error.to_string());
            }
            let problem = match error.kind() {
                std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => FileProblem {
                    file: name.to_owned(),
                    byte: None,
                    kind: ProblemKind::Damaged(error.to_string()),
                    count: 1,
                },
                _ => unreadable(Path::new(name), &error),
            };
            note(problem, intake);
        }
    }
}

/// Hands on a call that an engine counted.
fn take_calls<S: EventSink>(name: String, record: &str, evidence: &[Evidence], intake: &mut Intake<'_, S>) {
    match parse_record(record.as_bytes()) {
        Ok(event) => evidence.iter().for_each(|one| intake.sink.calls(&event, one)),
        Err(SkipReason::Malformed) => {
            note(FileProblem { file: name, byte: None, kind: ProblemKind::NotARecord, count: 1 }, intake);
        }
        Err(reason) => intake.sink.skipped(reason, evidence.iter().map(|one| one.events).sum()),
    }
}

fn note<S: EventSink>(problem: FileProblem, intake: &mut Intake<'_, S>) {
    intake.sink.gap(problem.to_string());
    intake.problems.push(problem);
}

/// The first few of many problems.
fn first_problems(problems: &[FileProblem]) -> String {
    const SHOWN: usize = 5;
    let mut text: Vec<String> = problems.iter().take(SHOWN).map(ToString::to_string).collect();
    if let Some(more) = problems.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push(format!("and {more} more"));
    }
    text.join("; ")
}
