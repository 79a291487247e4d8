//! Brings records in. All file reading is here (and, later, all network).
//!
//! In: files, directories, standard input. Out: events, handed to an [`EventSink`] a thread, and what could not be read.
//! How often a record is found, in which order and by how many threads never shows.
//!
//! A file's way: [`listing`] finds it, [`unpack`] takes off the compression, [`intake`] splits the text into records, searches
//! them for the principals' names and parses those that have one, and [`duplicates`] lets each event pass once.

mod duplicates;
mod files;
mod form;
mod intake;
mod listing;
mod problem;
mod progress;
mod rows;
mod sink;
mod unpack;

pub use files::{CollectError, CollectOptions, Collected, FileCounts, Input, collect};
pub use problem::{FileProblem, ProblemKind};
pub use sink::EventSink;

#[cfg(test)]
mod tests;
