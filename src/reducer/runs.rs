//! Names that differ between runs of the same step in one log.
//!
//! A log may hold many deployments. What they create by the same operation, under names that differ in a part which
//! looks drawn at random, is one step with a changing name. A false merge would open what nobody needs, so all of this is
//! asked for: the names were made in different time windows, each window made at most one of them, no name was touched
//! outside its window, and the differing parts have the form of a random id, of a number, or, over three runs and more,
//! of random words.

#![expect(clippy::indexing_slicing, reason = "all names of a step have the same number of parts")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::WideningRule;
use super::tokens::{TokenRule, tokens};
use crate::aggregator::{Evidence, Usage};
use crate::iam::{Arn, Resource};

mod form;

use form::{Form, parts};

/// A pause longer than this parts two runs. Waiting for a cluster takes a quarter of an hour.
const PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// Words are drawn at random only where this many runs show it: `dev` and `prod` are no such words.
const RUNS_FOR_WORDS: usize = 3;

/// A rule for each name that was made by a step of several runs.
pub(crate) fn changing_names(usage: &Usage) -> BTreeMap<String, TokenRule> {
    let windows = Windows::of(usage);
    if windows.count() < 2 {
        return BTreeMap::new();
    }
    let seen_in = windows.of_tokens(usage);
    let mut rules = BTreeMap::new();
    for names in steps(usage) {
        let once: Vec<(&str, usize)> =
            names.iter().filter_map(|name| Some((*name, only(seen_in.get(name)?)?))).collect();
        add_random(&once, &mut rules);
        add_words(&once, &mut rules);
    }
    rules
}

/// The one window of a name; `None` if it has several.
fn only(windows: &BTreeSet<usize>) -> Option<usize> {
    windows.first().copied().filter(|_| windows.len() == 1)
}

/// Names of what one operation made in one place: all tokens but the name are the same.
fn steps(usage: &Usage) -> Vec<BTreeSet<&str>> {
    let mut steps: BTreeMap<(&str, &str, String), BTreeSet<&str>> = BTreeMap::new();
    for (arn, created) in &usage.lineage.created {
        // What AWS generated has rules of its own.
        let chosen = tokens(arn.resource()).filter(|token| !created.generated.contains(*token)).last();
        let Some(name) = chosen else { continue };
        let place = place(arn, name);
        steps.entry((&created.operation, &created.resource_type, place)).or_default().insert(name);
    }
    steps.into_values().filter(|names| names.len() > 1).collect()
}

fn place(arn: &Arn, name: &str) -> String {
    let others: Vec<&str> = tokens(arn.resource()).take_while(|token| *token != name).collect();
    format!("{}:{}:{}:{}", arn.service(), arn.region(), arn.account(), others.join("/"))
}

/// Names that are alike but for parts of a random form.
fn add_random(names: &[(&str, usize)], rules: &mut BTreeMap<String, TokenRule>) {
    let mut alike: BTreeMap<Vec<Form>, Vec<(&str, usize)>> = BTreeMap::new();
    for (name, window) in names {
        let shape: Vec<Form> = parts(name).into_iter().map(Form::of).collect();
        if shape.iter().any(Form::is_random) && shape.iter().any(Form::is_word) {
            alike.entry(shape).or_default().push((name, *window));
        }
    }
    for members in alike.into_values().filter(|members| is_one_a_window(members, 2)) {
        add_rules(&members, |varying| varying.iter().all(|part| Form::of(part).is_random()), rules);
    }
}

/// Names that are alike but for two random words or more.
fn add_words(names: &[(&str, usize)], rules: &mut BTreeMap<String, TokenRule>) {
    let mut alike: BTreeMap<usize, Vec<(&str, usize)>> = BTreeMap::new();
    for (name, window) in names.iter().filter(|(name, _)| !rules.contains_key(*name)) {
        alike.entry(parts(name).len()).or_default().push((name, *window));
    }
    for members in alike.into_values().filter(|members| is_one_a_window(members, RUNS_FOR_WORDS)) {
        add_rules(&members, form::are_drawn_words, rules);
    }
}

fn is_one_a_window(members: &[(&str, usize)], least: usize) -> bool {
    let windows: BTreeSet<usize> = members.iter().map(|(_, window)| *window).collect();
    windows.len() == members.len() && members.len() >= least
}

/// Adds rules if what differs between the names is of a changing form in each of them, and something stays.
fn add_rules(members: &[(&str, usize)], changes: impl Fn(&[&str]) -> bool, rules: &mut BTreeMap<String, TokenRule>) {
    let split: Vec<Vec<&str>> = members.iter().map(|(name, _)| parts(name)).collect();
    let Some(first) = split.first() else { return };
    let differs = |at: usize| split.iter().any(|parts| parts.get(at) != first.get(at));
    let varying: Vec<usize> = (0..first.len()).filter(|at| differs(*at)).collect();
    let stays = (0..first.len()).any(|at| !differs(at) && Form::of(first[at]).is_word());
    let column = |at: usize| split.iter().filter_map(move |parts| parts.get(at).copied());
    let all_differ = varying.iter().all(|at| column(*at).collect::<BTreeSet<_>>().len() == split.len());
    let legal = split.iter().all(|parts| changes(&varying.iter().map(|at| parts[*at]).collect::<Vec<_>>()));
    if varying.is_empty() || !stays || !all_differ || !legal {
        return;
    }
    let written = |at: usize| match differs(at) {
        false => first[at].to_owned(),
        true => {
            let lengths: BTreeSet<usize> = column(at).map(str::len).collect();
            let fixed = lengths.first().filter(|_| lengths.len() == 1);
            fixed.map_or_else(|| "*".to_owned(), |length| "?".repeat(*length))
        }
    };
    let pattern: String = (0..first.len()).map(written).collect();
    let names: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let detail: Arc<str> = format!("{} runs named it {}", names.len(), names.join(", ")).into();
    for name in names {
        let rule = WideningRule::GeneratedSuffix;
        rules.entry(name.to_owned()).or_insert(TokenRule { pattern: pattern.clone(), rule, detail: detail.clone() });
    }
}

/// Stretches of time without a long pause.
struct Windows {
    /// When each window begins, ascending.
    begins: Vec<Timestamp>,
}

impl Windows {
    fn of(usage: &Usage) -> Self {
        let mut times: BTreeSet<Timestamp> = usage.lineage.created.values().map(|created| created.created_at).collect();
        for observation in usage.requests.values() {
            times.extend(moments(&observation.evidence));
        }
        let mut begins: Vec<Timestamp> = Vec::new();
        let mut last: Option<Timestamp> = None;
        for time in times {
            if last.is_none_or(|last| time.duration_since(last) > PAUSE) {
                begins.push(time);
            }
            last = Some(time);
        }
        Self { begins }
    }

    fn count(&self) -> usize {
        self.begins.len()
    }

    fn at(&self, time: Timestamp) -> usize {
        self.begins.partition_point(|begin| *begin <= time)
    }

    /// The windows in which each token of a resource was touched.
    fn of_tokens<'u>(&self, usage: &'u Usage) -> BTreeMap<&'u str, BTreeSet<usize>> {
        let mut seen: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (arn, created) in &usage.lineage.created {
            for token in tokens(arn.resource()) {
                seen.entry(token).or_default().insert(self.at(created.created_at));
            }
        }
        for (request, observation) in &usage.requests {
            let Resource::Arn(arn) = &request.resource else { continue };
            for token in tokens(arn.resource()) {
                seen.entry(token).or_default().extend(moments(&observation.evidence).map(|time| self.at(time)));
            }
        }
        seen
    }
}

fn moments(evidence: &Evidence) -> impl Iterator<Item = Timestamp> + '_ {
    let ends = [evidence.first_seen, evidence.last_seen].into_iter();
    ends.chain(evidence.samples.iter().map(|(time, _)| *time))
}

#[cfg(test)]
mod tests;
