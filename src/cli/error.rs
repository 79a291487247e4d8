//! What can go wrong on the command line, each with advice and an exit status.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use thiserror::Error;

use super::ExitStatus;
use super::config::ConfigError;
use super::source::ParseSourceError;
use crate::audit::BaselineError;
use crate::collector::digests::ParseKeysError;
use crate::collector::{CollectError, RemoteError};
use crate::iam::ParsePolicyError;
use crate::reducer::ReduceError;
use crate::report::RenderError;
use crate::report::in_place::EditError;
use crate::store::StoreError;

/// Why a run ended early.
#[derive(Debug, Error, Diagnostic)]
pub enum CliError {
    /// The reader of standard output went away: no failure.
    #[error("standard output was closed")]
    ClosedPipe,

    /// All that was asked for has been shown: no failure.
    #[error("nothing was run")]
    OnlyShown,

    #[error("no source is asked by a statement")]
    #[diagnostic(help("`--dry-run` prints the statement for `athena://WORKGROUP/DATABASE/TABLE`"))]
    NothingToShow,

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

    #[error(transparent)]
    #[diagnostic(help("`trailtrim collect SOURCE... --role ROLE --store FILE` makes a store"))]
    Source(#[from] ParseSourceError),

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

    #[error("can't read the public keys in `{}`", path.display())]
    #[diagnostic(help("save them with `aws cloudtrail list-public-keys --start-time WHEN --end-time WHEN > FILE`"))]
    DigestKeys { path: PathBuf, source: ParseKeysError },

    #[error("this build can't verify digests: it has no RSA")]
    #[diagnostic(help("use a build with the feature `aws`"))]
    NoDigests,

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

    #[error("no store to write the audit down in")]
    #[diagnostic(help("give one as a source, `store:FILE`; `trailtrim collect` makes it"))]
    NoStore,

    #[error("no policy given")]
    #[diagnostic(help("name the role's policies with `--policy FILE`, or as `policy` in trailtrim.toml"))]
    NoPolicyGiven,

    #[error("no policy in `{}`", path.display())]
    #[diagnostic(help("give a file, or a directory with files that end in `.json`"))]
    NoPolicies { path: PathBuf },

    #[error("no policy `{arn}` among those that AWS manages")]
    #[diagnostic(help(
        "{near}a newer one can be brought to disk: `aws iam get-policy-version --policy-arn {arn} --version-id V > FILE`"
    ))]
    UnknownManagedPolicy { arn: String, near: String },

    #[error("this build reads policies from files, not `{text}`")]
    #[diagnostic(help(
        "bring it to disk first: `aws iam get-role-policy --role-name R --policy-name P > FILE`, or `aws iam \
         get-policy-version --policy-arn ARN --version-id V > FILE`"
    ))]
    PolicyElsewhere { text: String },

    #[error("`--policy iam` asks for one role at a time")]
    #[diagnostic(help("give one `--role`"))]
    OneRoleForIam,

    #[error("`--decode-denials` reads the evidence twice, and standard input can be read once")]
    #[diagnostic(help("give the records as files, or decoded messages with `--decode-denials=FILE`"))]
    ReadsOnce,

    #[error("can't read decoded denials from `{}`", path.display())]
    #[diagnostic(help("give a JSON object from encoded message to decoded message"))]
    DecodedDenials { path: PathBuf, source: io::Error },

    #[error("`{selector}` stands for {count} roles, and policies belong to one")]
    #[diagnostic(help("give the ARN of one:\n{roles}"))]
    SeveralRoles { selector: String, count: usize, roles: String },

    #[error("`{format}` holds no findings")]
    #[diagnostic(help("the formats for findings are text, json, markdown, html, sarif and junit"))]
    NotForFindings { format: String },

    #[error("policies of `{}`", path.display())]
    #[diagnostic(help("{}", edit_advice(source)))]
    TerraformPolicy { path: PathBuf, source: EditError },

    #[error("can't put the policy into `{}`", path.display())]
    #[diagnostic(help("{}", edit_advice(source)))]
    Edit { path: PathBuf, source: EditError },

    #[error("the policy is {count} documents and `{}` takes one", path.display())]
    #[diagnostic(help(
        "give one role; write a policy that fits one document (`--inline`, `--fit`), or use `--out-dir`"
    ))]
    WriteSeveral { path: PathBuf, count: usize },

    #[error("parameter `{name}` is given twice")]
    #[diagnostic(help("give each variable one value"))]
    ParameterTwice { name: String },

    #[error("nothing in the policy is `{name}`{}", if value.is_empty() { String::new() } else { format!(" (`{value}`)") })]
    #[diagnostic(help("it must stand in a resource or a condition as a whole word; `--format text` shows them"))]
    ParameterUnseen { name: String, value: String },

    #[error("the policy has several values for `{name}`: {values}")]
    #[diagnostic(help("say which becomes the parameter: `--parameterize {name}=VALUE`; the others stay as they are"))]
    ParameterAmbiguous { name: &'static str, values: String },

    #[error("`--parameterize` needs a format that has parameters")]
    #[diagnostic(help("these are terraform and cloudformation"))]
    NothingTakesParameters,

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
            Self::ClosedPipe | Self::OnlyShown => ExitStatus::Clean,
            Self::Config(_)
            | Self::NoRole
            | Self::MomentOutOfRange { .. }
            | Self::EmptyWindow { .. }
            | Self::UnknownExtension { .. }
            | Self::SameFileTwice { .. }
            | Self::NoDigests
            | Self::NoSuchCommand { .. }
            | Self::PolicyElsewhere { .. }
            | Self::UnknownManagedPolicy { .. }
            | Self::NoPolicies { .. }
            | Self::NoPolicyGiven
            | Self::ReadsOnce
            | Self::OneRoleForIam
            | Self::NoStore
            | Self::SeveralRoles { .. }
            | Self::NotForFindings { .. }
            | Self::Baseline { .. }
            | Self::ParameterTwice { .. }
            | Self::ParameterUnseen { .. }
            | Self::ParameterAmbiguous { .. }
            | Self::NothingTakesParameters
            | Self::NothingToExplain { .. }
            | Self::NothingAsked { .. }
            | Self::NothingToShow
            | Self::NotInCatalog { .. } => ExitStatus::BadArguments,
            Self::NoEvents { .. } | Self::NothingBehind { .. } => ExitStatus::NoEvents,
            Self::SeveralDocuments { .. }
            | Self::WriteSeveral { .. }
            | Self::Reduce { source: ReduceError::DoesNotFit { .. }, .. } => ExitStatus::DoesNotFit,
            Self::StandardOutput { .. }
            | Self::Source(_)
            | Self::WriteFile { .. }
            | Self::ReadFile { .. }
            | Self::DigestKeys { .. }
            | Self::DecodedDenials { .. }
            | Self::Collect(_)
            | Self::Store(_)
            | Self::Remote { .. }
            | Self::Reduce { .. }
            | Self::Render(_)
            | Self::Edit { .. }
            | Self::TerraformPolicy { .. }
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

fn edit_advice(error: &EditError) -> &'static str {
    match error {
        EditError::SeveralDocuments(_) | EditError::NoSuchDocument { .. } => {
            "name the one that is meant: `--write FILE#ADDRESS`"
        }
        EditError::NoDocument => {
            "it takes a data source `aws_iam_policy_document`, or `policy = jsonencode({...})` or a heredoc in a policy resource"
        }
        EditError::CannotKeep { .. } => {
            "mend that line by hand, or give the value a name with `--parameterize`; `--format terraform` prints the whole policy"
        }
        EditError::NoParameters => "leave `--parameterize` out, or write to a Terraform file",
        EditError::Wrapped => "keep the document alone in the file, as `aws iam create-policy` takes it",
        EditError::Hcl(_) | EditError::Json(_) => "mend the file; nothing in it was changed",
        EditError::NotTheSame | EditError::Render(_) => {
            "this is a fault of trailtrim; please report it with the file. Nothing in it was changed"
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
