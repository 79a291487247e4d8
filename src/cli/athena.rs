//! `trailtrim athena`: what an engine is asked, without asking it.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::moment::Moment;
use super::{CliError, ExitStatus, evidence, streams};
use crate::aggregator::Selection;
use crate::catalog::Catalog;
use crate::collector::Input;
use crate::collector::sql::{Ddl, Owner, REGIONS, Table, statement};

/// Set up Amazon Athena as a source: print the definition of a table over a trail.
#[derive(Debug, Args)]
pub struct AthenaArgs {
    #[command(subcommand)]
    command: AthenaCommand,
}

#[derive(Debug, Subcommand)]
enum AthenaCommand {
    /// Print the statement that defines a table over a trail's objects in S3. Run it once, in Athena.
    Ddl(DdlArgs),
}

/// Where the trail is.
#[derive(Debug, Args)]
struct DdlArgs {
    /// The trail's bucket and prefix, above `AWSLogs`.
    #[arg(value_name = "s3://BUCKET/PREFIX")]
    location: crate::collector::S3Url,

    /// The accounts whose calls the table shall show.
    #[arg(long = "account", value_name = "ID", required = true, value_delimiter = ',', value_parser = account)]
    accounts: Vec<String>,

    /// The Regions; those that every account has when not given.
    #[arg(long = "region", value_name = "REGION", value_delimiter = ',')]
    regions: Vec<String>,

    /// The id of the organisation whose trail it is (`o-…`).
    #[arg(long, value_name = "ID")]
    organization: Option<String>,

    /// The first day of the trail.
    #[arg(long, value_name = "WHEN", default_value = "2020-01-01")]
    since: Moment,

    /// The table's database.
    #[arg(long, value_name = "NAME", default_value = "default")]
    database: String,

    /// The table's name.
    #[arg(long, value_name = "NAME", default_value = "cloudtrail")]
    table: String,
}

/// A table over an account that can't be would show nothing.
fn account(text: &str) -> Result<String, &'static str> {
    let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_account { Ok(text.to_owned()) } else { Err("an account has 12 digits") }
}

/// Runs the command.
pub fn run(args: AthenaArgs) -> Result<ExitStatus, CliError> {
    let AthenaCommand::Ddl(args) = args.command;
    streams::print(&format!("{}\n", ddl(args)?.text()))?;
    Ok(ExitStatus::Clean)
}

/// Prints the statements that a run would send, for tables as `ddl` defines them.
pub fn print_statements(inputs: &[Input], selection: &Selection) -> Result<(), CliError> {
    let tables = inputs.iter().filter_map(|input| match input {
        Input::Athena(table) => Some(Table::of_our_own(&table.database, &table.table)),
        _ => None,
    });
    let texts: Vec<String> = tables.map(|table| statement(&table, selection, Catalog::embedded())).collect();
    if texts.is_empty() {
        return Err(CliError::NothingToShow);
    }
    streams::print(&format!("{}\n", texts.join(";\n")))
}

fn ddl(args: DdlArgs) -> Result<Ddl, CliError> {
    let now = if args.since.is_relative() { evidence::clock() } else { Timestamp::UNIX_EPOCH };
    let since = args.since.start(now).ok_or(CliError::MomentOutOfRange { option: "--since" })?;
    let place = args.location.to_string();
    Ok(Ddl {
        database: args.database,
        table: args.table,
        location: place.trim_end_matches('/').trim_end_matches("/AWSLogs").to_owned(),
        owner: args.organization.map_or(Owner::Account, Owner::Organization),
        accounts: args.accounts,
        regions: if args.regions.is_empty() { REGIONS.map(str::to_owned).to_vec() } else { args.regions },
        since: since.strftime("%Y/%m/%d").to_string(),
    })
}
