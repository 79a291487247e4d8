//! The program as a whole, run the way a user runs it.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can not go on should panic")]

mod audit;
mod browser;
mod cli;
mod docs;
mod exit_status;
mod redact;
mod reports;
mod scenarios;
mod service_pages;
mod store;
mod support;
mod terraform;
