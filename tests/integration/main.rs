//! The program as a whole, run the way a user runs it.

mod cli;
mod docs;
mod exit_status;
mod reports;
mod scenarios;
mod support;
