//! Our evaluator against another one, the npm package `@cloud-copilot/iam-simulate`, on random requests.
//!
//! The package runs in a process of its own and is no part of this repository. Turned on by
//! `TRAILTRIM_ORACLE=<folder that holds node_modules>` (`npm install` beside a copy of `package.json`); says so when
//! skipped. Where the two disagree, `disagreements.toml` says why; any other disagreement fails.

#![expect(clippy::print_stdout, reason = "the counts are what this test is run for")]
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod conditions;
mod disagreements;
mod generate;
mod oracle;
mod random;
mod shrink;

use std::collections::BTreeMap;
use std::path::PathBuf;

use disagreements::{Disagreement, Listed, cause};
use oracle::{Oracle, ours};
use random::Random;
use serde_json::Value;

const SEED: u64 = 20_260_101;
const CASES: usize = 6000;

/// The folder with `node_modules`, or a line that says what is skipped.
#[expect(clippy::disallowed_methods, reason = "the test is turned on by the environment")]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("TRAILTRIM_ORACLE").map(PathBuf::from);
    if folder.is_none() {
        println!("skipped: TRAILTRIM_ORACLE does not name a folder with node_modules");
    }
    folder
}

#[test]
fn another_evaluator_decides_alike_but_for_the_listed_differences() {
    let Some(folder) = folder() else { return };
    let mut random = Random::new(SEED);
    let cases: Vec<Value> = (0..CASES).map(|_| generate::case(&mut random)).collect();
    let mut oracle = Oracle::start(&folder);
    let answers = oracle.ask_all(&cases);

    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (case, answer) in cases.iter().zip(answers) {
        let own = ours(case);
        *verdicts.entry(own.clone()).or_default() += 1;
        if own == answer.verdict {
            continue;
        }
        let case = shrink::shrink(case.clone(), |smaller| {
            ours(smaller) == own && oracle.ask(smaller).verdict == answer.verdict
        });
        let ignored = oracle.ask(&case).ignored;
        let found = Disagreement { case, ours: own, theirs: answer.verdict, ignored };
        match cause(&found) {
            Some(name) => *seen.entry(name).or_default() += 1,
            None => unexplained.push(found),
        }
    }
    println!("{CASES} requests: {verdicts:?}; listed disagreements: {seen:?}");
    assert!(
        unexplained.is_empty(),
        "{} unexplained, the first:\n{}",
        unexplained.len(),
        disagreements::lines(&unexplained)
    );
    for Listed { name, .. } in disagreements::listed() {
        assert!(seen.contains_key(name.as_str()), "`{name}` of disagreements.toml no longer occurs: take it out");
    }
    // The cases must be able to tell evaluators apart.
    assert!(verdicts.len() == 3 && verdicts.values().all(|&count| count > CASES / 10), "{verdicts:?}");
}
