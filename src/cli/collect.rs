//! `trailtrim collect`: evidence into a store, again and again.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::args::{RoleArgs, SourceArgs, WindowArgs, selection, with_global_region};
use super::config::{Config, ConfigArgs};
use super::evidence::clock;
use super::logging::{LogArgs, LogFormat};
use super::moment::Age;
use super::settle::{SettleArgs, Time, sleep};
use super::source::Source;
use super::{CliError, ExitStatus, streams};
use crate::aggregator::Selection;
use crate::catalog::Catalog;
use crate::cloudtrail::{Needles, SkipReason};
use crate::collector::{CollectError, CollectOptions, Input, Shard, collect};
use crate::report::visible::visible;
use crate::report::words::{count, grouped, reason_name};
use crate::store::{Brought, Ledger, Reading, State, Store, StoreError, StoreSink};

/// Bring what a role did into a store, which every other command reads as `store:FILE`.
///
/// Run it as often as you like: an event counts once, whichever source brings it. It may be stopped at any moment, and
/// several may write to one store. `store:OTHER` as a source takes over another store.
#[derive(Debug, Args)]
pub struct CollectArgs {
    #[command(flatten)]
    source: SourceArgs,

    #[command(flatten)]
    role: RoleArgs,

    #[command(flatten)]
    window: WindowArgs,

    #[command(flatten)]
    settle: SettleArgs,

    /// The store, an SQLite file; made if it is not there.
    #[arg(long, value_name = "FILE", env = "TRAILTRIM_STORE", value_parser = store_file, help_heading = "Store")]
    store: PathBuf,

    /// Forget what is older than this.
    #[arg(long, value_name = "AGE", env = "TRAILTRIM_RETAIN", help_heading = "Store")]
    retain: Option<Age>,

    /// Read only this part of the files, such as `3/16`; other workers read the others, into stores of their own or one.
    #[arg(long, value_name = "I/N", conflicts_with = "verify_digests", help_heading = "Store")]
    shard: Option<Shard>,

    /// Go on collecting until stopped (Ctrl-C).
    #[arg(long, help_heading = "Store")]
    follow: bool,

    /// How long to wait between two rounds of `--follow`.
    #[arg(long, value_name = "AGE", default_value = "5m", requires = "follow", help_heading = "Store")]
    every: Age,

    #[command(flatten)]
    config: ConfigArgs,
}

/// The file of a store, which may be written as it is as a source.
fn store_file(text: &str) -> Result<PathBuf, &'static str> {
    let path = text.strip_prefix("store:").unwrap_or(text);
    if path.is_empty() { Err("name the store's file: `evidence.db`") } else { Ok(PathBuf::from(path)) }
}

/// Runs the command.
pub fn run(mut args: CollectArgs, log: &LogArgs) -> Result<ExitStatus, CliError> {
    let config = Config::load(&args.config)?;
    args.source.expand()?;
    args.check(&config)?;
    let store = Store::create(&args.store)?;
    loop {
        let round = args.round(&store, &config, log)?;
        if !log.quiet {
            streams::tell(&round.summary(&store, log.log_format)?);
        }
        if !args.follow {
            return Ok(round.status(args.shard.is_some()));
        }
        sleep(args.every.0);
    }
}

/// What came of reading all sources once.
struct Round {
    brought: Brought,
    forgotten: u64,
    gap: Option<String>,
    state: State,
}

impl CollectArgs {
    /// What can be said before anything is made or read.
    fn check(&self, config: &Config) -> Result<(), CliError> {
        selection(&self.role, &self.window, config, false, clock)?;
        for source in &self.source.sources {
            let is_divided = matches!(source.input, Input::Path(_) | Input::S3(_));
            if self.shard.is_some() && !is_divided {
                tracing::warn!("`{}` can't be divided: every worker of `--shard` reads all of it", source.text);
            }
            match &source.input {
                Input::Store(path) if !path.is_file() => return Err(StoreError::Missing { path: path.clone() }.into()),
                Input::Path(path) => {
                    let there = std::fs::metadata(path);
                    there.map_err(|source| CollectError::Unreadable { path: path.clone(), source })?;
                }
                Input::LookupEvents if self.follow && self.source.aws.options(config).cache.is_none() => {
                    tracing::warn!(
                        "each round asks for the whole window again; with `--cache DIR` only for what is new"
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn round(&self, store: &Store, config: &Config, log: &LogArgs) -> Result<Round, CliError> {
        let mut wanted = selection(&self.role, &self.window, config, false, clock)?;
        with_global_region(&mut wanted, &self.source.inputs());
        let settled = self.settle.settle(wanted.until, &Time { now: &clock, sleep: &sleep });
        wanted.until = settled.until;
        let options = CollectOptions { shard: self.shard, ..self.source.options(config, !log.quiet, &wanted, clock)? };
        let oldest = self.retain.map(|Age(age)| before(clock(), age)).transpose()?;
        let mut brought = Brought::default();
        for source in &self.source.sources {
            brought.add(bring(source, &options, oldest, store)?);
        }
        let forgotten = oldest.map(|oldest| store.retain_since(oldest)).transpose()?.unwrap_or(0);
        Ok(Round { brought, forgotten, gap: settled.gap, state: store.state()? })
    }
}

/// Source by source, so that the store knows what came from where.
fn bring(
    source: &Source,
    options: &CollectOptions,
    oldest: Option<Timestamp>,
    store: &Store,
) -> Result<Brought, CliError> {
    if let Input::Store(path) = &source.input {
        return Ok(store.take_over(&Store::open(path)?, &options.wanted.principals)?);
    }
    let wanted = kept_part(&options.wanted, &source.input, oldest);
    let reading = Reading::new(&source.text, &wanted, options.shard, clock());
    let ledger = Arc::new(Ledger::open(store, reading.clone())?);
    let options = CollectOptions { wanted: wanted.clone(), ledger: Some(Arc::clone(&ledger) as _), ..options.clone() };
    let needles = Needles::of(&wanted.principals);
    let inputs = std::slice::from_ref(&source.input);
    let new = || StoreSink::new(store, Catalog::embedded(), &wanted, &source.text);
    let collected = collect(inputs, &options, &needles, new)?;
    let brought = collected.sink.finish(&reading)?;
    Ok(Brought { left_out: ledger.write()?, ..brought })
}

/// What `--retain` would forget at once need not be read. How far event history reaches back is its own affair.
fn kept_part(wanted: &Selection, input: &Input, oldest: Option<Timestamp>) -> Selection {
    let since = match (input, oldest) {
        (Input::LookupEvents, _) => None,
        (_, oldest) => oldest.filter(|oldest| wanted.until.is_none_or(|until| *oldest < until)),
    };
    Selection { since: wanted.since.max(since), ..wanted.clone() }
}

fn before(now: Timestamp, age: SignedDuration) -> Result<Timestamp, CliError> {
    let span = age.as_secs().seconds();
    now.checked_sub(span).map_err(|_| CliError::MomentOutOfRange { option: "--retain" })
}

impl Round {
    fn status(&self, is_part: bool) -> ExitStatus {
        if self.state.events == 0 && !is_part { ExitStatus::NoEvents } else { ExitStatus::Clean }
    }

    fn summary(&self, store: &Store, format: LogFormat) -> Result<String, CliError> {
        let covered = store.coverage()?;
        let name = store.path().display().to_string();
        let State { roles, events, calls, sessions, first_event, last_event, gaps, bytes } = &self.state;
        if format == LogFormat::Json {
            let line = serde_json::json!({
                "level": "INFO", "message": "summary", "store": name,
                "new": self.brought.new, "known": self.brought.known, "left_out": self.brought.left_out,
                "skipped": self.brought.skipped,
                "forgotten": self.forgotten, "gap": self.gap,
                "roles": roles, "events": events, "calls": calls, "sessions": sessions,
                "first_event": first_event, "last_event": last_event, "gaps": gaps, "bytes": bytes,
                "coverage": covered.iter().map(|one| serde_json::json!({
                    "source": one.source, "account": one.account, "region": one.region,
                    "first": one.first.start(), "last": one.last.start(),
                })).collect::<Vec<_>>(),
            });
            return Ok(format!("{line}\n"));
        }
        let mut text = String::new();
        let Brought { new, known, skipped, left_out, .. } = &self.brought;
        let _ = writeln!(text, "{} new, {} in the store already", count(*new, "event"), grouped(*known));
        if *left_out > 0 {
            let _ = writeln!(text, "{} not read again", count(*left_out, "object"));
        }
        for (reason, number) in skipped.iter().filter(|(reason, _)| **reason != SkipReason::Duplicate) {
            let _ = writeln!(text, "  {number:>9} {}", reason_name(*reason));
        }
        if self.forgotten > 0 {
            let _ = writeln!(text, "{} forgotten", count(self.forgotten, "older event"));
        }
        let _ = writeln!(
            text,
            "store `{}`: {}, {}, {}, {}; {} kB",
            visible(&name),
            count(*roles, "role"),
            count(*events, "event"),
            count(*calls, "distinct call"),
            count(*sessions, "session"),
            grouped(bytes.div_ceil(1_000))
        );
        if let (Some(first), Some(last)) = (first_event, last_event) {
            let places: std::collections::BTreeSet<&str> = covered.iter().map(|one| one.region.as_str()).collect();
            let places: Vec<&str> = places.into_iter().collect();
            let _ = writeln!(text, "events from {first} to {last} in {}", visible(&places.join(", ")));
        }
        let told = (*gaps > 0).then(|| format!("{} could not be read", count(*gaps, "place")));
        if *events == 0 {
            text.push_str("no event of a role that was asked for: check `--role`, the window and the sources\n");
        }
        for line in told.iter().chain(&self.gap) {
            let _ = writeln!(text, "not shown: {}", visible(line));
        }
        Ok(text)
    }
}
