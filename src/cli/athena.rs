//! `trailtrim athena`: what an engine is asked, without asking it.

use clap::{Args, Subcommand};
use jiff::Timestamp;

use super::args::{self, RoleArgs, WindowArgs};
use super::config::Config;
use super::moment::Moment;
use super::{CliError, ExitStatus, evidence, streams};
use crate::catalog::Catalog;
use crate::collector::AthenaTable;
use crate::collector::sql::{Ddl, Owner, REGIONS, Table, statement};

/// Show how Amazon Athena is asked: the definition of a table over a trail, and the statement.
#[derive(Debug, Args)]
pub struct AthenaArgs {
    #[command(subcommand)]
    command: AthenaCommand,
}

#[derive(Debug, Subcommand)]
enum AthenaCommand {
    /// Print the statement that defines a table over a trail's objects in S3. Run it once, in Athena.
    Ddl(DdlArgs),
    /// Print the statement that a run would send, for a table as `ddl` defines it.
    Sql(SqlArgs),
}

/// Where the trail is.
#[derive(Debug, Args)]
struct DdlArgs {
    /// The trail's bucket and prefix, above `AWSLogs`.
    #[arg(value_name = "s3://BUCKET/PREFIX")]
    location: crate::collector::S3Url,

    /// The accounts whose calls the table shall show.
    #[arg(long = "account", value_name = "ID", required = true, value_delimiter = ',')]
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

/// What is asked.
#[derive(Debug, Args)]
struct SqlArgs {
    /// The table.
    #[arg(value_name = "athena://WORKGROUP/DATABASE/TABLE")]
    table: AthenaTable,

    #[command(flatten)]
    role: RoleArgs,

    #[command(flatten)]
    window: WindowArgs,
}

/// Runs the command.
pub fn run(args: AthenaArgs) -> Result<ExitStatus, CliError> {
    let text = match args.command {
        AthenaCommand::Ddl(args) => ddl(args)?.text(),
        AthenaCommand::Sql(args) => {
            let selection = args::selection(&args.role, &args.window, &Config::default(), false, evidence::clock)?;
            statement(&Table::of_our_own(&args.table.database, &args.table.table), &selection, Catalog::embedded())
        }
    };
    streams::print(&format!("{text}\n"))?;
    Ok(ExitStatus::Clean)
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
