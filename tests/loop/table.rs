//! The outcome table: one line a client.

use std::fmt::Write;
use std::ops::Range;

use crate::grants::Taken;
use crate::judge::Second;

/// What became of a client.
#[derive(Debug)]
pub struct Outcome {
    pub client: &'static str,
    /// Distinct authorisation requests of the first deployment.
    pub requests: u64,
    /// Other ways of collecting the trail that gave the same policies.
    pub sources: Vec<&'static str>,
    pub actions: usize,
    pub documents: usize,
    pub characters: usize,
    pub deployed_again: bool,
    /// The second deployment's requests before the evaluator that is not ours.
    pub second: Option<Second>,
    /// Update and destroy with `--complete-lifecycle`.
    pub whole_life: bool,
    pub taken: Taken,
    pub failure: Option<String>,
}

impl Outcome {
    pub fn of(client: &'static str) -> Self {
        Self {
            client,
            requests: 0,
            sources: Vec::new(),
            actions: 0,
            documents: 0,
            characters: 0,
            deployed_again: false,
            second: None,
            whole_life: false,
            taken: Taken::default(),
            failure: None,
        }
    }

    /// In a word, or what went wrong.
    pub fn verdict(&self) -> &str {
        self.failure.as_deref().unwrap_or("closed")
    }
}

const HEAD: [&str; 10] = [
    "client",
    "requests seen",
    "same policy from",
    "policy",
    "deploys again",
    "second judge",
    "updates, destroys",
    "taken away",
    "denied by server + replay",
    "restored by denial",
];

/// Where a text has such a table: its head is there, and it ends with the first line that is no row.
pub fn place(text: &str) -> Option<Range<usize>> {
    let start = text.find(&head())?;
    let rows = text.get(start..)?.split_inclusive('\n').take_while(|line| line.starts_with('|'));
    Some(start..start + rows.map(str::len).sum::<usize>())
}

/// The cells of each row.
pub fn rows(table: &str) -> Vec<Vec<&str>> {
    let cells = |line| str::trim_matches(line, '|').split('|').map(str::trim).collect();
    table.lines().skip(2).map(cells).collect()
}

/// The cells of a row under the head's words.
pub fn cell<'t>(row: &[&'t str], column: &str) -> &'t str {
    row[HEAD.iter().position(|name| *name == column).unwrap()]
}

fn head() -> String {
    format!("| {} |\n|{}\n", HEAD.join(" | "), "---|".repeat(HEAD.len()))
}

/// As Markdown.
pub fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = head();
    for outcome in outcomes {
        let taken = &outcome.taken;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} actions, {} characters{} | {} | {} | {} | {} | {} + {} | {} of {} |",
            outcome.client,
            outcome.requests,
            if outcome.sources.is_empty() { "not built in".to_owned() } else { outcome.sources.join(", ") },
            outcome.actions,
            outcome.characters,
            if outcome.documents == 1 { String::new() } else { format!(" in {} documents", outcome.documents) },
            yes(outcome.deployed_again),
            outcome.second.as_ref().map_or_else(|| "not installed".to_owned(), second),
            yes(outcome.whole_life),
            taken.runs,
            taken.by_server,
            taken.by_replay,
            taken.restored,
            taken.by_server,
        );
    }
    text
}

fn second(second: &Second) -> String {
    let known = if second.refused > 0 { format!(", {} not known to it", second.refused) } else { String::new() };
    format!("{} of {} allowed{known}", second.allowed, second.asked)
}

fn yes(done: bool) -> &'static str {
    if done { "yes" } else { "no" }
}
