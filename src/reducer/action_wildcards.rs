//! `--wildcard-actions`: patterns instead of action names, where a pattern matches needed actions alone.
//!
//! A pattern is counted against the catalogue: it may match no action of the service but those of the statement. It is cut
//! at whole words (`Describe*`, `*RouteTable`), so that people can read it.

#![expect(clippy::indexing_slicing, reason = "patterns are numbered here")]

use std::collections::BTreeSet;

use super::statements::Placed;
use crate::catalog::Catalog;
use crate::iam::{Action, ActionClause, ActionPattern};

/// Writes the actions of each statement as short as that allows.
pub(crate) fn shorten(placed: &mut [Placed], catalog: &Catalog) {
    for one in placed {
        let actions: Option<Vec<Action>> =
            one.statement.actions.patterns().iter().map(ActionPattern::as_action).collect();
        if let Some(actions) = actions {
            one.statement.actions = ActionClause::Action(shortened(&one.service, &actions, catalog));
        }
    }
}

fn shortened(service: &str, actions: &[Action], catalog: &Catalog) -> BTreeSet<ActionPattern> {
    let mut open: BTreeSet<&Action> = actions.iter().collect();
    let mut chosen: Vec<ActionPattern> = Vec::new();
    let candidates = candidates(service, actions, catalog);
    loop {
        let saving = |pattern: &ActionPattern| {
            let matched = open.iter().filter(|action| pattern.matches(action)).map(|action| action.as_str().len() + 3);
            matched.sum::<usize>().saturating_sub(pattern.as_str().len() + 3)
        };
        let best = candidates.iter().map(|pattern| (saving(pattern), pattern)).max_by_key(|(saved, _)| *saved);
        let Some((_, pattern)) = best.filter(|(saved, _)| *saved > 0) else { break };
        open.retain(|action| !pattern.matches(action));
        chosen.push(pattern.clone());
    }
    without_covered(&mut chosen, actions);
    chosen.into_iter().chain(open.into_iter().map(ActionPattern::from)).collect()
}

/// A pattern chosen early may be covered by those chosen later.
fn without_covered(chosen: &mut Vec<ActionPattern>, actions: &[Action]) {
    let mut at = 0;
    while at < chosen.len() {
        let others = || chosen.iter().enumerate().filter(|(other, _)| *other != at);
        let own = actions.iter().filter(|action| chosen[at].matches(action));
        let covered = own.into_iter().all(|action| others().any(|(_, pattern)| pattern.matches(action)));
        if covered {
            chosen.remove(at);
        } else {
            at += 1;
        }
    }
}

/// Patterns by whole words that match no action of the catalogue but the given ones.
fn candidates(service: &str, actions: &[Action], catalog: &Catalog) -> BTreeSet<ActionPattern> {
    let needed: BTreeSet<&Action> = actions.iter().collect();
    let exact = |pattern: &ActionPattern| {
        catalog
            .actions(service)
            .iter()
            .filter(|entry| pattern.matches(&entry.action))
            .all(|entry| needed.contains(&entry.action))
    };
    let mut found = BTreeSet::new();
    for action in actions {
        let words = words(action.name());
        for cut in 1..words.len() {
            let (head, tail) = words.split_at(cut);
            let texts = [format!("{service}:{}*", head.concat()), format!("{service}:*{}", tail.concat())];
            found.extend(texts.iter().filter_map(|text| text.parse::<ActionPattern>().ok()));
        }
    }
    found.retain(exact);
    found
}

/// `DescribeRouteTables` as `Describe`, `Route`, `Tables`.
fn words(name: &str) -> Vec<&str> {
    let starts: Vec<usize> =
        name.char_indices().filter(|(at, c)| *at == 0 || c.is_ascii_uppercase()).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([name.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| name.get(*start..end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(actions: &[&str]) -> Vec<String> {
        let actions: Vec<Action> = actions.iter().map(|text| text.parse().unwrap()).collect();
        let service = actions[0].service().to_owned();
        shortened(&service, &actions, Catalog::embedded()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_pattern_matches_needed_actions_alone() {
        let all: Vec<String> = Catalog::embedded()
            .actions("sts")
            .iter()
            .map(|entry| entry.action.to_string())
            .filter(|name| name.starts_with("sts:AssumeRole"))
            .collect();
        let texts: Vec<&str> = all.iter().map(String::as_str).collect();
        assert_eq!(short(&texts), ["sts:AssumeRole*"]);
        assert_eq!(short(&texts[..texts.len() - 1]).len(), texts.len() - 1, "one action less, and no pattern is exact");
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(words("DescribeRouteTables"), ["Describe", "Route", "Tables"]);
    }
}
