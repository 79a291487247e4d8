//! What can go wrong on the command line, each with advice and an exit status.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

use super::ExitStatus;
use super::config::ConfigError;
use crate::collector::CollectError;
use crate::reducer::ReduceError;
use crate::report::RenderError;

/// Why a run ended early.
#[derive(Debug, Error, Diagnostic)]
pub enum CliError {
    /// The reader of standard output went away: no failure.
    #[error("standard output was closed")]
    ClosedPipe,

    #[error("can't write to standard output")]
    StandardOutput { source: io::Error },

    #[error("can't write `{}`", path.display())]
    #[diagnostic(help("nothing was left half-written; check that the directory exists and may be written to"))]
    WriteFile { path: PathBuf, source: io::Error },

    #[error("can't read `{}`", path.display())]
    ReadFile { path: PathBuf, source: io::Error },

    #[error(transparent)]
    #[diagnostic(transparent)]
    Config(#[from] ConfigError),

    #[error("no role given")]
    #[diagnostic(help("name it with `--role ARN_OR_NAME`, or as `role` in trailtrim.toml"))]
    NoRole,

    #[error("`{option}` reaches beyond the calendar")]
    #[diagnostic(help("give a time between the years 1 and 9999"))]
    MomentOutOfRange { option: &'static str },

    #[error("`--since` ({since}) is later than `--until` ({until})")]
    #[diagnostic(help("swap them: no event can lie between"))]
    EmptyWindow { since: jiff::Timestamp, until: jiff::Timestamp },

    #[error("can't tell the format of `{}`", path.display())]
    #[diagnostic(help("{known}; or write `--out FORMAT=FILE`"))]
    UnknownExtension { path: PathBuf, known: String },

    #[error("`{}` is named twice as an output", path.display())]
    #[diagnostic(help("give each `--out` a file of its own"))]
    SameFileTwice { path: PathBuf },

    #[error(transparent)]
    Collect(#[from] CollectError),

    #[error("{message}")]
    #[diagnostic(help("{advice}"))]
    NoEvents { message: String, advice: String },

    #[error("can't make a policy for `{role}`")]
    #[diagnostic(help("{}", reduce_advice(source)))]
    Reduce { role: String, source: ReduceError },

    #[error("the policy needs {count} documents and standard output takes one")]
    #[diagnostic(help(
        "give `--out-dir DIR`, which gets NAME-1.json and so on, or `--format json` for all of them in one report"
    ))]
    SeveralDocuments { count: usize },

    #[error("can't render the report")]
    Render(#[source] RenderError),

    #[error("there is no command `{name}`")]
    #[diagnostic(help("`trailtrim help` lists the commands"))]
    NoSuchCommand { name: String },

    #[error("the catalogue knows nothing named `{asked}`")]
    #[diagnostic(help("{advice}"))]
    NotInCatalog { asked: String, advice: String },

    #[error("`{}` holds no record that can be read: {reason}", path.display())]
    #[diagnostic(help(
        "give a file with one CloudTrail record: the JSON object with `eventSource`, `eventName` and `userIdentity`"
    ))]
    NoRecord { path: PathBuf, reason: String },
}

impl CliError {
    /// The exit status that stands for it.
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::ClosedPipe => ExitStatus::Clean,
            Self::Config(_)
            | Self::NoRole
            | Self::MomentOutOfRange { .. }
            | Self::EmptyWindow { .. }
            | Self::UnknownExtension { .. }
            | Self::SameFileTwice { .. }
            | Self::NoSuchCommand { .. }
            | Self::NotInCatalog { .. } => ExitStatus::BadArguments,
            Self::NoEvents { .. } => ExitStatus::NoEvents,
            Self::SeveralDocuments { .. } | Self::Reduce { source: ReduceError::DoesNotFit { .. }, .. } => {
                ExitStatus::DoesNotFit
            }
            Self::StandardOutput { .. }
            | Self::WriteFile { .. }
            | Self::ReadFile { .. }
            | Self::Collect(_)
            | Self::Reduce { .. }
            | Self::Render(_)
            | Self::NoRecord { .. } => ExitStatus::CouldNotFinish,
        }
    }
}

impl From<RenderError> for CliError {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::SeveralDocuments(count) => Self::SeveralDocuments { count },
            other => Self::Render(other),
        }
    }
}

fn reduce_advice(error: &ReduceError) -> &'static str {
    match error {
        ReduceError::DoesNotFit { .. } => {
            "allow more documents with `--max-policies`, save characters with `--wildcard-actions`, or widen with `--fit`"
        }
        _ => "this is a fault of trailtrim; please report it with the output of `-vv`",
    }
}
