//! What can go wrong on the command line, each with advice and an exit status.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

use super::ExitStatus;
use super::config::ConfigError;
use crate::audit::BaselineError;
use crate::collector::{CollectError, RemoteError};
use crate::iam::ParsePolicyError;
use crate::reducer::ReduceError;
use crate::report::RenderError;
use crate::store::StoreError;

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
    Collect(CollectError),

    #[error(transparent)]
    Store(#[from] StoreError),

    #[error("can't read from AWS: {source}")]
    #[diagnostic(help("{}", source.kind.advice()))]
    Remote { source: RemoteError },

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

    #[error("policy `{}`", path.display())]
    #[diagnostic(help(
        "give an identity-based policy as JSON: the document, or what the AWS command line prints of it"
    ))]
    PolicyFile { path: PathBuf, source: ParsePolicyError },

    #[error("no policy given")]
    #[diagnostic(help("name the role's policies with `--policy FILE`, or as `policy` in trailtrim.toml"))]
    NoPolicyGiven,

    #[error("no policy in `{}`", path.display())]
    #[diagnostic(help("give a file, or a directory with files that end in `.json`"))]
    NoPolicies { path: PathBuf },

    #[error("this build reads policies from files, not `{text}`")]
    #[diagnostic(help(
        "bring it to disk first: `aws iam get-role-policy --role-name R --policy-name P > FILE`, or `aws iam \
         get-policy-version --policy-arn ARN --version-id V > FILE`"
    ))]
    PolicyElsewhere { text: String },

    #[error("`{selector}` stands for {count} roles, and policies belong to one")]
    #[diagnostic(help("give the ARN of one:\n{roles}"))]
    SeveralRoles { selector: String, count: usize, roles: String },

    #[error("`{format}` holds no findings")]
    #[diagnostic(help("the formats for findings are text, json, markdown, html, sarif and junit"))]
    NotForFindings { format: String },

    #[error("baseline `{}`", path.display())]
    #[diagnostic(help(
        "each `[[accepted]]` has `id`, or `kind` and `subject`, with `reason`, `owner` and perhaps `expires`"
    ))]
    Baseline { path: PathBuf, source: BaselineError },

    #[error("can't tell what `{asked}` is")]
    #[diagnostic(help(
        "give an action (`eks:CreateCluster`), an ARN, a Sid of a policy given with `--policy`, or a line in one (`ci.json:14`)"
    ))]
    NothingToExplain { asked: String },

    #[error("nothing to explain is named behind the source `{source_text}`")]
    #[diagnostic(help("write `trailtrim explain SOURCE... --role ROLE WHAT`"))]
    NothingAsked { source_text: String },

    #[error("no request of the role is behind `{asked}`")]
    #[diagnostic(help("{advice}"))]
    NothingBehind { asked: String, advice: String },

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
            | Self::PolicyElsewhere { .. }
            | Self::NoPolicies { .. }
            | Self::NoPolicyGiven
            | Self::SeveralRoles { .. }
            | Self::NotForFindings { .. }
            | Self::Baseline { .. }
            | Self::NothingToExplain { .. }
            | Self::NothingAsked { .. }
            | Self::NotInCatalog { .. } => ExitStatus::BadArguments,
            Self::NoEvents { .. } | Self::NothingBehind { .. } => ExitStatus::NoEvents,
            Self::SeveralDocuments { .. } | Self::Reduce { source: ReduceError::DoesNotFit { .. }, .. } => {
                ExitStatus::DoesNotFit
            }
            Self::StandardOutput { .. }
            | Self::WriteFile { .. }
            | Self::ReadFile { .. }
            | Self::Collect(_)
            | Self::Store(_)
            | Self::Remote { .. }
            | Self::Reduce { .. }
            | Self::Render(_)
            | Self::PolicyFile { .. }
            | Self::NoRecord { .. } => ExitStatus::CouldNotFinish,
        }
    }
}

impl From<CollectError> for CliError {
    fn from(error: CollectError) -> Self {
        match error {
            CollectError::Remote(source) => Self::Remote { source },
            other => Self::Collect(other),
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
