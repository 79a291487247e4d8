//! The outcome table: one line a client.

use std::fmt::Write;

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
    "updates and destroys",
    "actions taken away",
    "noticed by server + replay",
    "restored by denial",
];

/// As Markdown.
pub fn markdown(outcomes: &[Outcome]) -> String {
    let mut text = format!("| {} |\n|{}\n", HEAD.join(" | "), "---|".repeat(HEAD.len()));
    for outcome in outcomes {
        let taken = &outcome.taken;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} actions in {}, {} characters | {} | {} | {} | {} | {} + {} | {} of {} |",
            outcome.client,
            outcome.requests,
            if outcome.sources.is_empty() { "not built in".to_owned() } else { outcome.sources.join(", ") },
            outcome.actions,
            documents(outcome.documents),
            outcome.characters,
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

fn documents(count: usize) -> String {
    if count == 1 { "1 document".to_owned() } else { format!("{count} documents") }
}

fn yes(done: bool) -> &'static str {
    if done { "yes" } else { "no" }
}
