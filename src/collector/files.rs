//! Local files, directories and standard input.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use indicatif::ProgressBar;

use super::duplicates::Seen;
use super::intake::Intake;
use super::listing::{FoundFile, list, unreadable};
use super::problem::{FileProblem, ProblemKind};
use super::progress;
use super::sink::EventSink;
use super::unpack::{Text, Unpacker, unpack_stream};
use crate::cloudtrail::Needles;

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or a directory that is read recursively.
    Path(PathBuf),
    /// `-`
    StandardInput,
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
    let sources = find(inputs, &mut problems)?;
    let bar = progress::bar(options.progress, sources.iter().map(Source::bytes).sum());
    let mut collected = read_all(&sources, options.threads, needles, &bar, &new);
    bar.finish_and_clear();
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
}

impl Source {
    fn bytes(&self) -> u64 {
        match self {
            Self::File(file) => file.bytes,
            Self::StandardInput => 0,
        }
    }
}

/// All files under the inputs, standard input first, then the biggest: so no thread is left with a big one at the end.
fn find(inputs: &[Input], problems: &mut Vec<FileProblem>) -> Result<Vec<Source>, CollectError> {
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
                sources.extend(found.into_iter().map(Source::File));
            }
        }
    }
    sources.sort_by_key(|source| match source {
        Source::StandardInput => None,
        Source::File(file) => Some((u64::MAX - file.bytes, file.path.clone())),
    });
    Ok(sources)
}

/// What one thread has collected.
type Part<'r, S> = Intake<'r, S>;

fn read_all<S: EventSink>(
    sources: &[Source],
    threads: Option<usize>,
    needles: &Needles,
    bar: &ProgressBar,
    new: &(impl Fn() -> S + Sync),
) -> Collected<S> {
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = threads.unwrap_or_else(cores).clamp(1, sources.len().max(1));
    let seen = Seen::new();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut unpacker = Unpacker::new(largest_whole(threads));
        let mut intake = Intake::new(needles, &seen, new());
        while let Some(source) = sources.get(next.fetch_add(1, Ordering::Relaxed)) {
            read_source(source, &mut unpacker, &mut intake);
            bar.inc(source.bytes());
        }
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

fn read_source<S: EventSink>(source: &Source, unpacker: &mut Unpacker, intake: &mut Intake<'_, S>) {
    let (name, opened) = match source {
        Source::StandardInput => {
            ("standard input".to_owned(), unpack_stream(std::io::stdin().lock()).map(Text::Stream))
        }
        Source::File(file) => (file.path.display().to_string(), unpacker.open(&file.path, file.bytes)),
    };
    match opened {
        Ok(text) => intake.take(&name, text),
        Err(error) => {
            let problem = match error.kind() {
                std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof => {
                    FileProblem { file: name, byte: None, kind: ProblemKind::Damaged(error.to_string()), count: 1 }
                }
                _ => unreadable(Path::new(&name), &error),
            };
            intake.sink.gap(problem.to_string());
            intake.problems.push(problem);
        }
    }
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
