//! The log on standard error: how much of it, and in which form.

use std::io::{self, IsTerminal as _};

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// How much is said on standard error, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Logging")]
pub struct LogArgs {
    /// Say more: -v what is done, -vv how, -vvv everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,

    /// Say only what went wrong: no summary, no progress.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Form of what is said on standard error.
    #[arg(long, global = true, value_name = "FORM", default_value = "text", env = "TRAILTRIM_LOG_FORMAT")]
    pub log_format: LogFormat,

    /// Colour: `auto` is on for terminals, unless NO_COLOR is set.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", env = "TRAILTRIM_COLOR")]
    pub color: Color,
}

/// Form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// When to use colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    Always,
    Never,
}

/// Sets up colour and the log for the whole process.
pub fn start(args: &LogArgs) {
    match args.color {
        Color::Auto => {}
        Color::Always => anstream::ColorChoice::Always.write_global(),
        Color::Never => anstream::ColorChoice::Never.write_global(),
    }
    let level = match (args.quiet, args.verbose) {
        (true, _) => LevelFilter::ERROR,
        (false, 0) => LevelFilter::WARN,
        (false, 1) => LevelFilter::INFO,
        (false, 2) => LevelFilter::DEBUG,
        (false, _) => LevelFilter::TRACE,
    };
    // What libraries warn of comes back to us as errors, and is said once, with advice.
    let libraries = if level > LevelFilter::INFO { level } else { LevelFilter::OFF };
    let targets = Targets::new().with_default(libraries).with_target(env!("CARGO_CRATE_NAME"), level);
    let lines = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_target(false);
    let log = tracing_subscriber::registry().with(targets);
    // A second start in one process (a test) keeps the first log; that is what `try_init` refuses.
    let _ = match args.log_format {
        LogFormat::Text => log.with(lines.with_ansi(coloured()).without_time()).try_init(),
        LogFormat::Json => log.with(lines.json().flatten_event(true)).try_init(),
    };
}

/// Whether standard error takes colour.
fn coloured() -> bool {
    let choice = anstream::AutoStream::choice(&io::stderr());
    choice != anstream::ColorChoice::Never
        && (choice == anstream::ColorChoice::AlwaysAnsi || io::stderr().is_terminal())
}
