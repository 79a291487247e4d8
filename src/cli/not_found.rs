//! A role that never appears: who does, and who is probably meant.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::CliError;
use crate::aggregator::{Aggregator, Selection};
use crate::catalog::Catalog;
use crate::cloudtrail::Needles;
use crate::collector::{CollectOptions, FileProblem, Input, collect};
use crate::iam::{PrincipalArn, PrincipalSelector};
use crate::report::visible::visible;
use crate::report::words::count;

/// How many of the principals that do appear are named, and how many of the places that could not be read.
const SHOWN: usize = 5;

/// The error for a role without events. Reads the sources once more, for everybody, to say who does appear. Its events
/// may be in what could not be read, so that is said, too.
pub fn explain(
    selector: &PrincipalSelector,
    problems: &[FileProblem],
    inputs: &[Input],
    options: &CollectOptions,
    selection: &Selection,
    catalog: &Catalog,
) -> CliError {
    let everybody = Selection { principals: Vec::new(), sessions: Vec::new(), ..selection.clone() };
    // Standard input is gone by now, and AWS was asked for one role and would be slow to tell of others.
    let is_at_hand = |input: &&Input| **input != Input::StandardInput && !input.is_remote();
    let inputs: Vec<Input> = inputs.iter().filter(is_at_hand).cloned().collect();
    // Whether records are proved is no question here.
    let options = &CollectOptions { verify: None, ledger: None, ..options.clone() };
    let seen = collect(&inputs, options, &Needles::default(), || Aggregator::new(catalog, &everybody));
    let principals = seen.as_ref().map(|seen| seen.sink.other_principals()).unwrap_or_default();
    CliError::NoEvents {
        message: format!("no event of `{selector}` found"),
        advice: store_among(&inputs)
            .unwrap_or_else(|| unread(problems) + &advice(selector, selection, &principals, inputs.is_empty())),
    }
}

/// What could not be read, a line each.
fn unread(problems: &[FileProblem]) -> String {
    let mut text = String::new();
    for problem in problems.iter().take(SHOWN) {
        let _ = writeln!(text, "not read: {}", visible(&problem.to_string()));
    }
    if let Some(more) = problems.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "not read: {more} more");
    }
    text
}

/// A store that was named as if it were a file of records.
fn store_among(inputs: &[Input]) -> Option<String> {
    const SQLITE: &[u8] = b"SQLite format 3\0";
    let is_database = |path: &Path| {
        let mut start = [0; SQLITE.len()];
        File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == SQLITE
    };
    inputs.iter().find_map(|input| match input {
        Input::Path(path) if is_database(path) => {
            Some(format!("`{0}` is a database: a store is written `store:{0}`", path.display()))
        }
        _ => None,
    })
}

fn advice(
    selector: &PrincipalSelector,
    selection: &Selection,
    principals: &[(&PrincipalArn, u64)],
    is_elsewhere: bool,
) -> String {
    let mut text = String::new();
    if let Some((alike, _)) = principals.iter().find(|(arn, _)| is_alike(selector, arn)) {
        let _ = writeln!(text, "did you mean `{alike}`? The name is the same, account or path differ");
    }
    if is_elsewhere {
        text.push_str("check the account and the Regions that were asked, and how far the source reaches back");
    } else if principals.is_empty() {
        text.push_str("no principal at all appears in what was read; check that these are CloudTrail records");
    } else {
        text.push_str("these appear in what was read:");
        for (arn, events) in principals.iter().take(SHOWN) {
            let _ = write!(text, "\n  {arn} ({})", count(*events, "record"));
        }
        if let Some(more) = principals.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            let _ = write!(text, "\n  and {more} more");
        }
    }
    if is_narrowed(selection) {
        text.push_str("\nor widen `--since`, `--until`, `--region`, `--account` or `--session`");
    }
    text
}

fn is_narrowed(selection: &Selection) -> bool {
    selection.since.is_some()
        || selection.until.is_some()
        || ![&selection.regions, &selection.accounts, &selection.sessions].iter().all(|list| list.is_empty())
}

/// The same name in another account or under another path: the slip that is made most often.
fn is_alike(selector: &PrincipalSelector, arn: &PrincipalArn) -> bool {
    let name = match selector {
        PrincipalSelector::Exact(asked) => asked.name(),
        PrincipalSelector::RoleName { name, .. } => name,
    };
    arn.name().eq_ignore_ascii_case(name)
}
