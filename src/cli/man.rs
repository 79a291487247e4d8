//! `trailtrim man [COMMAND]`.

use clap::Args;

use super::{CliError, ExitStatus, definition, streams};

/// Print the manual page, in roff; read it with `trailtrim man | man -l -`.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command whose page to print; none: the page of the program.
    command: Option<String>,
}

/// Prints the page.
pub fn run(args: ManArgs) -> Result<ExitStatus, CliError> {
    let page = match args.command {
        None => definition(),
        Some(name) => subcommand(&name)?,
    };
    let mut roff = Vec::new();
    clap_mangen::Man::new(page).render(&mut roff).map_err(|source| CliError::StandardOutput { source })?;
    streams::print(&String::from_utf8_lossy(&roff))?;
    Ok(ExitStatus::Clean)
}

fn subcommand(name: &str) -> Result<clap::Command, CliError> {
    let mut program = definition();
    program.build();
    let found = program.find_subcommand(name).cloned();
    found.ok_or_else(|| CliError::NoSuchCommand { name: name.to_owned() })
}
