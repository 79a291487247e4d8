//! The command line: arguments to requests, requests to values, values to streams and an exit status.
//!
//! Data goes to standard output and nothing else does. Everything else (summary, progress, log, advice) goes to standard
//! error. This is the only module that prints, reads the clock or looks at the terminal.

mod args;
mod athena;
mod audit;
mod catalog;
mod catalog_lookup;
mod chain;
mod collect;
mod completions;
mod config;
mod decode;
mod diff;
mod error;
mod evidence;
mod exit_status;
mod explain;
mod generate;
mod iam_policies;
mod logging;
mod man;
mod moment;
mod not_found;
mod output;
mod parameterize;
mod plain_format;
mod policies;
mod redact;
mod reduce_args;
mod render_error;
mod replay;
mod settle;
mod source;
mod streams;
mod summary;
mod trust_args;
mod write;

use std::ffi::OsString;

use clap::{CommandFactory, Parser, Subcommand};

pub use error::CliError;
pub use exit_status::ExitStatus;
use logging::LogArgs;

/// Reads what an IAM role did in AWS CloudTrail and writes the tightest IAM policy with which it can do it again.
#[derive(Debug, Parser)]
#[command(name = "trailtrim", version, max_term_width = 100, arg_required_else_help = true)]
pub struct App {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    log: LogArgs,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Command {
    Generate(Box<generate::GenerateArgs>),
    Audit(Box<audit::AuditArgs>),
    Replay(Box<replay::ReplayArgs>),
    Explain(Box<explain::ExplainArgs>),
    Collect(Box<collect::CollectArgs>),
    Diff(diff::DiffArgs),
    Athena(athena::AthenaArgs),
    Catalog(catalog::CatalogArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

/// Runs the program with these arguments, the first of which is its name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let app = match App::try_parse_from(arguments) {
        Ok(app) => app,
        Err(error) => return show_usage(&error),
    };
    logging::start(&app.log);
    match app.command.run(&app.log) {
        Ok(status) => status,
        Err(CliError::ClosedPipe | CliError::OnlyShown) => ExitStatus::Clean,
        Err(error) => {
            render_error::render(&error, app.log.log_format);
            error.exit_status()
        }
    }
}

impl Command {
    fn run(self, log: &LogArgs) -> Result<ExitStatus, CliError> {
        match self {
            Self::Generate(args) => generate::run(*args, log),
            Self::Audit(args) => audit::run(*args, log),
            Self::Replay(args) => replay::run(*args, log),
            Self::Explain(args) => explain::run(*args, log),
            Self::Collect(args) => collect::run(*args, log),
            Self::Diff(args) => diff::run(args),
            Self::Athena(args) => athena::run(args),
            Self::Catalog(args) => catalog::run(args),
            Self::Completions(args) => completions::run(args),
            Self::Man(args) => man::run(args),
        }
    }
}

/// The definition of the command line, for completions, the manual and tests.
pub fn definition() -> clap::Command {
    App::command()
}

/// Help and the version are data that was asked for; everything else that clap has to say is a bad argument.
fn show_usage(error: &clap::Error) -> ExitStatus {
    // A reader that closed the pipe has seen enough.
    let _ = error.print();
    if error.exit_code() == 0 { ExitStatus::Clean } else { ExitStatus::BadArguments }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_definition_is_sound() {
        super::definition().debug_assert();
    }
}
