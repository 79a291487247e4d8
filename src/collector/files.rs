//! Local files, directories and standard input.

use std::path::PathBuf;

use crate::aggregator::Aggregator;

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

/// Why nothing could be collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    #[error("can't read `{path}`: {source}")]
    Unreadable { path: PathBuf, source: std::io::Error },
}

/// Reads all inputs into one aggregator.
pub fn collect<'a>(
    _inputs: &[Input],
    _options: &CollectOptions,
    _new: impl Fn() -> Aggregator<'a> + Sync,
) -> Result<Aggregator<'a>, CollectError> {
    todo!()
}
