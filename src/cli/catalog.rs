//! `trailtrim catalog`: what the tool believes of AWS.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CliError, ExitStatus, catalog_lookup, streams};
use crate::catalog::Catalog;
use crate::report::words::grouped;

/// Show what the tool knows of AWS: actions, resource types, what a call needs.
#[derive(Debug, Args)]
pub struct CatalogArgs {
    #[command(subcommand)]
    command: CatalogCommand,
}

#[derive(Debug, Subcommand)]
enum CatalogCommand {
    /// Show how old the catalogue is and how much it holds.
    Info,
    /// Show what is known of an action or a service, or what a record's call needs.
    Lookup(LookupArgs),
}

/// What to look up.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct LookupArgs {
    /// An action (`eks:CreateCluster`), an event (`CreateCluster`, `eks.amazonaws.com:CreateCluster`), or a service (`eks`).
    #[arg(value_name = "WHAT")]
    name: Option<String>,

    /// A file with one CloudTrail record.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: CatalogArgs) -> Result<ExitStatus, CliError> {
    let catalog = Catalog::embedded();
    let text = match args.command {
        CatalogCommand::Info => info(catalog),
        CatalogCommand::Lookup(LookupArgs { record: Some(path), .. }) => catalog_lookup::record(catalog, &path)?,
        CatalogCommand::Lookup(LookupArgs { name, .. }) => catalog_lookup::name(catalog, &name.unwrap_or_default())?,
    };
    streams::print(&text)?;
    Ok(ExitStatus::Clean)
}

fn info(catalog: &Catalog) -> String {
    let services = catalog.services().count();
    let mut text = String::new();
    let _ = writeln!(text, "read from AWS's Service Authorization Reference on {}", catalog.date());
    let _ = writeln!(text, "taken from {}", catalog.source());
    let _ = writeln!(text, "{:>7} services", grouped(services as u64));
    let _ = writeln!(text, "{:>7} actions", grouped(catalog.action_count() as u64));
    let _ = writeln!(text, "{:>7} resource types", grouped(catalog.resource_type_count() as u64));
    let _ = writeln!(text, "{:>7} corrections by hand", grouped(catalog.corrections().len() as u64));
    text
}
