//! The laws: what holds for every input, checked with random ones.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests; the lint's exception for tests stops at `#[test]` functions"
)]

#[path = "../support/naive_evaluator.rs"]
mod naive_evaluator;

#[path = "../support/usages.rs"]
mod usages;

mod distill;
mod iam;
mod iam_evaluate;
mod reducer;
