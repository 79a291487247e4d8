//! Usage to the tightest policy that covers it, proved.
//!
//! Phases: [`generalize`] (ids and suffixes that change with the next run, by named rules), `conditions` (what narrows
//! them again), `cover` (statements as an exact cover with few characters), `pack` (into documents that IAM takes),
//! `verify` (every request replayed, every grant dropped in turn). Pure functions on values: reads no files, no clock.

pub mod cover;
mod reduction;

pub use reduction::{
    ConditionLevel, Grant, NamedPolicy, Proof, ReduceError, ReduceOptions, VerifiedPolicy, Widening, WideningRule,
    reduce,
};
