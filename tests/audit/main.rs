//! The audit over the scenarios: what it finds, and what it keeps quiet about.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod evidence;
mod generated;
mod laws;
mod odd_policies;
mod pages;
mod planted;
mod seed;
mod support;
