//! How long a reduction takes: 5,000 distinct requests in less than 2 s, 100,000 in less than 60 s.
//!
//! `cargo bench --bench reducer` prints the times and fails when a limit is passed.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and stops at once")]

use std::time::{Duration, Instant};

use trailtrim::catalog::Catalog;
use trailtrim::reducer::{ReduceOptions, reduce};

#[path = "../tests/support/usages.rs"]
mod usages;

use usages::{STEPS, Step, of_steps};

fn main() {
    let catalog = Catalog::embedded();
    // Names that were there before stay exact, so the largest usage needs more documents than a role may have.
    let options = ReduceOptions { max_policies: 1_000, ..ReduceOptions::default() };
    for (requests, limit) in [(500, 1), (5_000, 2), (20_000, 12), (100_000, 60)] {
        let usage = with_requests(requests);
        let begin = Instant::now();
        let policy = reduce(&usage, catalog, &options).unwrap();
        let took = begin.elapsed();
        let grants = policy.grants().len();
        println!("{:>7} requests, {grants} grants: {took:.2?} (limit {limit} s)", usage.requests.len());
        assert!(took < Duration::from_secs(limit), "too slow");
    }
}

/// A usage with about this many distinct requests, always the same.
fn with_requests(count: usize) -> trailtrim::aggregator::Usage {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = move |bound: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % bound as u64) as usize
    };
    let steps: Vec<Step> = (0..count * 6 / 5).map(|_| (draw(STEPS), draw(count), true)).collect();
    of_steps(&steps)
}
