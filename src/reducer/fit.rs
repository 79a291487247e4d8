//! `--fit`: widens, smallest added permission first, until the documents are few enough.
//!
//! Phases: (1) statements of one service and condition are merged, the pair first that adds the fewest (action, resource)
//! pairs; (2) when nothing is left to merge, names with a common beginning become one pattern, the longest beginning
//! first. Each step is a `quota` widening with its price.

#![expect(clippy::indexing_slicing, reason = "statements are numbered here")]

use std::collections::{BTreeMap, BTreeSet};

use super::kinds::Kinds;
use super::sample::Sample;
use super::statements::{Freedom, Placed};
use super::{Widening, WideningRule};
use crate::iam::{ActionPattern, ArnPattern, Conditions};

/// Allows the pairs of the cheapest merge. `false`: nothing is left to merge.
pub(crate) fn merge_cheapest(placed: &[Placed], kinds: &Kinds<'_>, freedom: &mut Freedom) -> bool {
    let mut best: Option<(usize, usize, usize)> = None;
    for (at, one) in placed.iter().enumerate() {
        for (other_at, other) in placed.iter().enumerate().skip(at + 1) {
            if !may_merge(one, other) {
                continue;
            }
            let price = added_pairs(one, other).filter(|(action, on)| is_new(action, on, kinds)).count();
            if best.is_none_or(|(least, _, _)| price < least) {
                best = Some((price, at, other_at));
            }
        }
    }
    let Some((_, at, other)) = best else { return false };
    let conditions = &placed[at].statement.conditions;
    let before = freedom.added.len();
    let pairs = added_pairs(&placed[at], &placed[other]);
    freedom.added.extend(pairs.map(|(action, on)| (conditions.clone(), action.to_string(), on.clone())));
    freedom.added.len() > before
}

fn may_merge(one: &Placed, other: &Placed) -> bool {
    let any = |placed: &Placed| placed.statement.resources.patterns().iter().any(ArnPattern::is_any);
    (one.section, &one.service, &one.statement.conditions)
        == (other.section, &other.service, &other.statement.conditions)
        && any(one) == any(other)
}

/// Pairs of the merged statement that neither has.
fn added_pairs<'p>(one: &'p Placed, other: &'p Placed) -> impl Iterator<Item = (&'p ActionPattern, &'p ArnPattern)> {
    let cross = |left: &'p Placed, right: &'p Placed| {
        let actions = left.statement.actions.patterns().iter();
        let new = actions.filter(move |action| !right.statement.actions.patterns().contains(*action));
        let resources = move || right.statement.resources.patterns().iter();
        let own = &left.statement;
        new.flat_map(move |action| {
            resources().filter(move |on| !own.resources.patterns().contains(*on)).map(move |on| (action, on))
        })
    };
    cross(one, other).chain(cross(other, one))
}

fn is_new(action: &ActionPattern, on: &ArnPattern, kinds: &Kinds<'_>) -> bool {
    action.as_action().is_none_or(|action| !kinds.never_asked(&action, on))
}

/// The pairs in the statements that were added to fit, each a widening.
pub(crate) fn widenings(placed: &[Placed], kinds: &Kinds<'_>, freedom: &Freedom) -> Vec<Widening> {
    let mut all = Vec::new();
    for one in placed {
        for pattern in one.statement.actions.patterns() {
            let Some(action) = pattern.as_action() else { continue };
            for on in one.statement.resources.patterns() {
                let key = (one.statement.conditions.clone(), pattern.to_string(), on.clone());
                if freedom.added.contains(&key) && !kinds.never_asked(&action, on) {
                    all.push(Widening {
                        rule: WideningRule::Quota,
                        action: action.clone(),
                        resource: on.clone(),
                        detail: format!("one pair more, so that the statement {} is one", sid(one)),
                    });
                }
            }
        }
    }
    all
}

fn sid(placed: &Placed) -> &str {
    placed.statement.sid.as_deref().unwrap_or_default()
}

/// Turns names with a common beginning into one pattern until about `excess` characters are saved, the longest beginning
/// first. `false`: there is nothing left to join.
pub(crate) fn join_names(samples: &mut [Sample<'_>], excess: usize) -> bool {
    let mut groups: BTreeMap<(std::cmp::Reverse<usize>, String), BTreeSet<ArnPattern>> = BTreeMap::new();
    for pattern in samples.iter().map(|sample| &sample.generalized.pattern).filter(|pattern| !pattern.is_any()) {
        for beginning in beginnings(pattern) {
            groups.entry((std::cmp::Reverse(beginning.len()), beginning)).or_default().insert(pattern.clone());
        }
    }
    let mut joined: BTreeMap<ArnPattern, ArnPattern> = BTreeMap::new();
    let mut saved = 0;
    for ((_, beginning), members) in groups {
        let free: Vec<&ArnPattern> = members.iter().filter(|member| !joined.contains_key(*member)).collect();
        let Ok(wide) = ArnPattern::parse(&format!("{beginning}*")) else { continue };
        if free.len() < 2 || free.iter().all(|member| **member == wide) {
            continue;
        }
        saved += free.iter().map(|member| member.as_str().len() + 3).sum::<usize>() - (wide.as_str().len() + 3);
        joined.extend(free.into_iter().map(|member| (member.clone(), wide.clone())));
        if saved >= excess {
            break;
        }
    }
    for sample in samples.iter_mut() {
        if let Some(wide) = joined.get(&sample.generalized.pattern) {
            let names = joined.values().filter(|one| *one == wide).count();
            let detail = format!("{names} names that begin alike, joined to meet the size limit");
            sample.generalized.widenings.insert((WideningRule::Quota, detail.into()));
            sample.generalized.pattern = wide.clone();
        }
    }
    !joined.is_empty()
}

/// Beginnings of the text that end at a separator, behind the kind of resource.
fn beginnings(pattern: &ArnPattern) -> Vec<String> {
    let text = pattern.as_str();
    let resource = pattern.resource().unwrap_or_default();
    let start = text.len() - resource.len();
    let kind = resource.find(['/', ':']).map_or(0, |at| at + 1);
    let cuts =
        resource.match_indices(['/', ':', '-', '_', '.']).map(|(at, _)| at + 1).filter(|at| *at >= kind && *at > 0);
    let found =
        cuts.filter_map(|at| text.get(..start + at)).filter(|text| !text.contains(['*', '?']) || text.len() < start);
    found.map(str::to_owned).collect()
}

/// Pairs that were added, under their condition.
pub(crate) type Added = BTreeSet<(Conditions, String, ArnPattern)>;
