//! `trailtrim completions SHELL`.

use clap::Args;
use clap_complete::Shell;

use super::{CliError, ExitStatus, definition, streams};

/// Print a completion script for a shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell to complete in.
    shell: Shell,
}

/// Prints the script.
pub fn run(args: CompletionsArgs) -> Result<ExitStatus, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut definition(), "trailtrim", &mut script);
    streams::print(&String::from_utf8_lossy(&script))?;
    Ok(ExitStatus::Clean)
}
