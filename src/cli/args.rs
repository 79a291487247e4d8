//! Arguments that several commands share, grouped by concern. Each group turns itself into what the library takes.
//!
//! Where a value may come from several places the order is: flag, then environment (`TRAILTRIM_…`), then configuration
//! file, then what is built in. Clap does the first two; [`Config`] holds the third.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;
use jiff::Timestamp;

use super::CliError;
use super::config::Config;
use super::moment::Moment;
use super::source::Source;
use super::trust_args::TrustArgs;
use crate::aggregator::Selection;
use crate::collector::{AwsOptions, CollectOptions, Input};
use crate::iam::{PrincipalArn, PrincipalSelector, global_region};

/// Where the records are.
#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence")]
pub struct SourceArgs {
    /// Files or directories with CloudTrail records, `-` for standard input, a store (`store:FILE`), or a place in AWS.
    ///
    /// In AWS: `lookup-events` for the event history of the last 90 days, `s3://BUCKET/PREFIX` for a trail,
    /// `lake://EVENT_DATA_STORE`, `athena://WORKGROUP/DATABASE/TABLE`.
    ///
    /// Read by content, not by name: trail files, event history, CloudWatch and EventBridge envelopes, CSV exports,
    /// newline-separated JSON; plain, gzip or zstd. Directories are read with everything under them.
    #[arg(value_name = "SOURCE", required = true)]
    pub sources: Vec<Source>,

    /// End the run at the first file or record that can't be read.
    #[arg(long, env = "TRAILTRIM_STRICT", value_parser = FalseyValueParser::new())]
    pub strict: bool,

    /// Threads to read with; as many as there are cores when not given.
    #[arg(long, value_name = "N", env = "TRAILTRIM_THREADS")]
    pub threads: Option<NonZeroUsize>,

    #[command(flatten)]
    pub aws: AwsArgs,

    #[command(flatten)]
    pub trust: TrustArgs,
}

/// How to reach AWS, for sources that are there.
#[derive(Debug, Args)]
#[command(next_help_heading = "AWS")]
pub struct AwsArgs {
    /// A profile of the AWS configuration files; credentials are found as the AWS command line finds them.
    #[arg(long, value_name = "NAME", help_heading = "AWS")]
    pub profile: Option<String>,

    /// Ask this address instead of AWS's own.
    #[arg(long, value_name = "URL", help_heading = "AWS")]
    pub endpoint_url: Option<String>,

    /// Act as this role, for instance one in the account that keeps the logs.
    #[arg(long, value_name = "ARN", help_heading = "AWS")]
    pub assume_role: Option<PrincipalArn>,

    /// Keep what is read from AWS in this directory: a run that was cut goes on there, and the next one asks only for
    /// what is new.
    #[arg(long, value_name = "DIR", env = "TRAILTRIM_CACHE", help_heading = "AWS")]
    pub cache: Option<PathBuf>,

    /// Pay for the requests to a bucket whose owner does not.
    #[arg(long, env = "TRAILTRIM_REQUEST_PAYER", value_parser = FalseyValueParser::new(), help_heading = "AWS")]
    pub request_payer: bool,
}

impl AwsArgs {
    /// What the collector takes; flags first, then the configuration.
    pub fn options(&self, config: &Config) -> AwsOptions {
        AwsOptions {
            profile: self.profile.clone().or_else(|| config.profile.clone()),
            endpoint_url: self.endpoint_url.clone().or_else(|| config.endpoint_url.clone()),
            assume_role: self.assume_role.clone().or_else(|| config.assume_role.clone()),
            cache: self.cache.clone().or_else(|| config.cache.clone()),
            request_payer: self.request_payer || config.request_payer.unwrap_or(false),
        }
    }
}

/// Whose records count.
#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence")]
pub struct RoleArgs {
    /// The role: its ARN, a session's ARN or a bare name; a user's ARN too. Each role gets a policy set of its own.
    #[arg(long = "role", value_name = "ARN_OR_NAME", env = "TRAILTRIM_ROLE")]
    pub roles: Vec<PrincipalSelector>,

    /// Only sessions of this name.
    #[arg(long = "session", value_name = "NAME", env = "TRAILTRIM_SESSION")]
    pub sessions: Vec<String>,
}

/// When and where records count.
#[derive(Debug, Args)]
#[command(next_help_heading = "Evidence")]
pub struct WindowArgs {
    /// Only events from here on: a time (RFC 3339), a day (UTC) or an age such as `90d`.
    #[arg(long, value_name = "WHEN", env = "TRAILTRIM_SINCE")]
    pub since: Option<Moment>,

    /// Only events up to here; a day counts to its end.
    #[arg(long, value_name = "WHEN", env = "TRAILTRIM_UNTIL")]
    pub until: Option<Moment>,

    /// Only events of this Region; events of global services are in us-east-1.
    ///
    /// Event history is asked in these Regions, and in the profile's when none is given; us-east-1 always belongs to them.
    #[arg(long = "region", value_name = "REGION", env = "TRAILTRIM_REGION", value_delimiter = ',')]
    pub regions: Vec<String>,

    /// Only events in this account.
    #[arg(long = "account", value_name = "ID", env = "TRAILTRIM_ACCOUNT", value_delimiter = ',')]
    pub accounts: Vec<String>,
}

impl RoleArgs {
    /// The roles that are asked for.
    pub fn selectors(&self, config: &Config) -> Vec<PrincipalSelector> {
        first_given(&self.roles, &config.role)
    }
}

impl SourceArgs {
    /// Puts the stores that fit a pattern in its place.
    pub fn expand(&mut self) -> Result<(), CliError> {
        let expanded: Result<Vec<Vec<Source>>, _> = self.sources.iter().map(Source::expanded).collect();
        self.sources = expanded?.concat();
        Ok(())
    }

    /// What the collector takes.
    pub fn inputs(&self) -> Vec<Input> {
        self.sources.iter().map(|source| source.input.clone()).collect()
    }

    /// The sources as typed.
    pub fn texts(&self) -> Vec<String> {
        self.sources.iter().map(|source| source.text.clone()).collect()
    }

    /// How to collect what will count.
    pub fn options(
        &self,
        config: &Config,
        progress: bool,
        wanted: &Selection,
        clock: impl Fn() -> Timestamp,
    ) -> Result<CollectOptions, CliError> {
        Ok(CollectOptions {
            threads: self.threads.or(config.threads).map(NonZeroUsize::get),
            strict: self.strict || config.strict.unwrap_or(false),
            progress,
            wanted: wanted.clone(),
            now: self.sources.iter().any(|source| source.input.is_remote()).then(clock),
            aws: self.aws.options(config),
            ledger: None,
            verify: self.trust.verify(config)?,
            ..CollectOptions::default()
        })
    }
}

/// Event history and trails are read in the Region of the global services too: what is there counts as asked for.
pub fn with_global_region(selection: &mut Selection, inputs: &[Input]) {
    let Some(region) = selection.regions.first().map(|region| global_region(region)) else { return };
    let reads_it = |input: &Input| matches!(input, Input::LookupEvents | Input::S3(_));
    if inputs.iter().any(reads_it) && !selection.regions.iter().any(|one| one == region) {
        tracing::warn!("{region} is read too: events of global services such as IAM are there");
        selection.regions.push(region.to_owned());
    }
}

/// Which records count, put together from the two groups and the configuration.
pub fn selection(
    role: &RoleArgs,
    window: &WindowArgs,
    config: &Config,
    include_denied: bool,
    clock: impl Fn() -> Timestamp,
) -> Result<Selection, CliError> {
    let principals = role.selectors(config);
    if principals.is_empty() {
        return Err(CliError::NoRole);
    }
    let (since, until) = window_of(window, config, clock)?;
    Ok(Selection {
        principals,
        sessions: first_given(&role.sessions, &config.session),
        since,
        until,
        regions: first_given(&window.regions, &config.region),
        accounts: first_given(&window.accounts, &config.account),
        include_denied,
        ..Selection::default()
    })
}

/// The clock is asked only if an age was given, and then once, so that both ends are measured from one moment.
fn window_of(
    window: &WindowArgs,
    config: &Config,
    clock: impl Fn() -> Timestamp,
) -> Result<(Option<Timestamp>, Option<Timestamp>), CliError> {
    let (since, until) = (window.since.or(config.since), window.until.or(config.until));
    let relative = [since, until].into_iter().flatten().any(Moment::is_relative);
    let now = if relative { clock() } else { Timestamp::UNIX_EPOCH };
    let out_of_range = |option| move || CliError::MomentOutOfRange { option };
    let since = since.map(|moment| moment.start(now).ok_or_else(out_of_range("--since"))).transpose()?;
    let until = until.map(|moment| moment.end(now).ok_or_else(out_of_range("--until"))).transpose()?;
    match (since, until) {
        (Some(since), Some(until)) if since > until => Err(CliError::EmptyWindow { since, until }),
        window => Ok(window),
    }
}

fn first_given<T: Clone>(flags: &[T], config: &[T]) -> Vec<T> {
    if flags.is_empty() { config.to_vec() } else { flags.to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(since: &str, until: &str) -> WindowArgs {
        let parse = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        WindowArgs { since: parse(since), until: parse(until), regions: Vec::new(), accounts: Vec::new() }
    }

    fn never() -> Timestamp {
        panic!("the clock was asked")
    }

    #[test]
    fn fixed_times_do_not_ask_the_clock() {
        let (since, until) = window_of(&window("2026-11-01", "2026-11-02"), &Config::default(), never).unwrap();
        assert!(since.unwrap() < until.unwrap());
    }

    #[test]
    fn a_window_that_ends_before_it_begins_is_refused() {
        let error = window_of(&window("2026-11-03", "2026-11-02"), &Config::default(), never).unwrap_err();
        assert!(matches!(error, CliError::EmptyWindow { .. }));
    }

    #[test]
    fn a_flag_wins_over_the_configuration() {
        let config = Config { since: Some("2020-01-01".parse().unwrap()), ..Config::default() };
        let (since, _) = window_of(&window("2026-11-01", ""), &config, never).unwrap();
        assert_eq!(since.unwrap().to_string(), "2026-11-01T00:00:00Z");
    }
}
