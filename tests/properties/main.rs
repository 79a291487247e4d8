//! The laws: what holds for every input, checked with random ones.

#[path = "../support/naive_evaluator.rs"]
mod naive_evaluator;

mod iam;
mod iam_evaluate;
