//! Requests to grants: one for each (action, resource pattern, condition), as few as cover all requests.
//!
//! Phases: (1) requests with the same action and pattern come together; (2) the conditions part them again; (3) a grant
//! whose requests others allow is dropped, the narrowest first, until each that is left is the only one to allow some
//! request.

#![expect(clippy::indexing_slicing, reason = "grants and samples are numbered here")]

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::conditions::Narrowing;
use super::sample::Sample;
use super::section::Section;
use crate::aggregator::Few;
use crate::iam::{
    Action, ActionPattern, ArnPattern, Conditions, Decision, PatternIndex, PolicyDocument, Request, Statement, evaluate,
};

/// A grant in the making.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub section: Section,
    pub action: Action,
    pub pattern: ArnPattern,
    pub conditions: Conditions,
    /// Why each condition is there, for the report.
    pub reasons: Few<&'static str>,
    /// Indices of the samples that speak for it.
    pub samples: Vec<usize>,
}

impl Draft {
    /// The grant alone, as a policy.
    pub fn document(&self) -> PolicyDocument {
        PolicyDocument::new(vec![Statement {
            conditions: self.conditions.clone(),
            ..Statement::allow([ActionPattern::from(&self.action)], [self.pattern.clone()])
        }])
    }
}

/// The grants that some of the samples need.
pub(crate) fn draft(
    samples: &[Sample<'_>],
    members: &[usize],
    narrowing: &Narrowing<'_>,
    section: Section,
) -> Vec<Draft> {
    let mut together: BTreeMap<(&Action, &ArnPattern), Vec<usize>> = BTreeMap::new();
    for at in members {
        let sample = &samples[*at];
        together.entry((&sample.request.action, &sample.generalized.pattern)).or_default().push(*at);
    }
    let mut drafts = Vec::new();
    for ((action, pattern), members) in together {
        for part in narrowing.part(action, pattern, &members, samples) {
            drafts.push(Draft {
                section,
                action: action.clone(),
                pattern: pattern.clone(),
                conditions: part.conditions,
                reasons: part.reasons,
                samples: part.samples,
            });
        }
    }
    without_superfluous(drafts, samples)
}

/// Those of the samples that no grant allows.
pub(crate) fn not_allowed(samples: &[Sample<'_>], members: &[usize], drafts: &[Draft]) -> Vec<usize> {
    let finders = Finders::new(drafts);
    members.iter().filter(|at| !finders.allow(&samples[**at].request)).copied().collect()
}

/// Drops grants whose requests are all allowed by others.
fn without_superfluous(drafts: Vec<Draft>, samples: &[Sample<'_>]) -> Vec<Draft> {
    let mut by_action: BTreeMap<Action, Vec<Draft>> = BTreeMap::new();
    for draft in drafts {
        by_action.entry(draft.action.clone()).or_default().push(draft);
    }
    by_action.into_values().flat_map(|drafts| without_superfluous_of_action(drafts, samples)).collect()
}

fn without_superfluous_of_action(drafts: Vec<Draft>, samples: &[Sample<'_>]) -> Vec<Draft> {
    if drafts.len() < 2 {
        return drafts;
    }
    let finder = Finder::new(drafts.iter());
    let of_action: Vec<usize> = drafts.iter().flat_map(|draft| draft.samples.iter().copied()).collect();
    let mut allowing: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    let mut speaking: Vec<Vec<usize>> = vec![Vec::new(); drafts.len()];
    for sample in of_action {
        let found: BTreeSet<usize> = finder.allowing(&samples[sample].request).collect();
        found.iter().for_each(|draft| speaking[*draft].push(sample));
        allowing.insert(sample, found);
    }
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_cached_key(|at| drop_order(&drafts[*at]));
    let mut kept = vec![true; drafts.len()];
    for candidate in order {
        let needed = speaking[candidate].iter().any(|sample| allowing[sample].len() == 1);
        if !needed {
            kept[candidate] = false;
            for sample in &speaking[candidate] {
                allowing.entry(*sample).or_default().remove(&candidate);
            }
        }
    }
    hand_over(drafts, &kept, &allowing)
}

/// Samples of dropped grants speak for a grant that is left and allows them.
fn hand_over(mut drafts: Vec<Draft>, kept: &[bool], allowing: &BTreeMap<usize, BTreeSet<usize>>) -> Vec<Draft> {
    let dropped: Vec<usize> = (0..drafts.len()).filter(|at| !kept[*at]).collect();
    for at in dropped {
        for sample in std::mem::take(&mut drafts[at].samples) {
            if let Some(heir) = allowing[&sample].first() {
                drafts[*heir].samples.push(sample);
            }
        }
    }
    let mut kept = kept.iter();
    drafts.retain(|_| *kept.next().unwrap_or(&true));
    drafts
}

/// What is dropped first: exact names, then long patterns, then those with more conditions, so that of two equal choices
/// the evidence keeps its own grant.
fn drop_order(draft: &Draft) -> (bool, usize, usize, String) {
    let text = draft.pattern.as_str();
    let (length, lines) = (usize::MAX - text.len(), usize::MAX - draft.conditions.iter().count());
    (draft.pattern.has_wildcard(), length, lines, text.to_owned())
}

/// Finds the grants that allow a request, for all actions. What it takes to answer for an action is made when that is
/// asked for, which is seldom.
pub(crate) struct Finders<'d>(BTreeMap<&'d Action, (Vec<&'d Draft>, OnceCell<Finder<'d>>)>);

impl<'d> Finders<'d> {
    pub fn new(drafts: impl IntoIterator<Item = &'d Draft>) -> Self {
        let mut by_action: BTreeMap<&Action, (Vec<&Draft>, OnceCell<Finder<'d>>)> = BTreeMap::new();
        for draft in drafts {
            by_action.entry(&draft.action).or_default().0.push(draft);
        }
        Self(by_action)
    }

    /// Whether some grant allows the request.
    pub fn allow(&self, request: &Request) -> bool {
        self.0.get(&request.action).is_some_and(|(drafts, finder)| {
            let finder = finder.get_or_init(|| Finder::new(drafts.iter().copied()));
            finder.allowing(request).next().is_some()
        })
    }
}

/// Finds the grants of one action that allow a request.
pub(crate) struct Finder<'d> {
    index: PatternIndex<'d>,
    /// By place. Each becomes a policy when it is asked for, as there may be tens of thousands.
    drafts: Vec<&'d Draft>,
}

impl<'d> Finder<'d> {
    pub fn new(drafts: impl Iterator<Item = &'d Draft>) -> Self {
        let drafts: Vec<&Draft> = drafts.collect();
        let mut index = PatternIndex::default();
        drafts.iter().enumerate().for_each(|(at, draft)| index.add(&draft.pattern, at));
        Self { index, drafts }
    }

    /// The grants that allow a request, by index.
    pub fn allowing<'i>(&'i self, request: &'i Request) -> impl Iterator<Item = usize> + use<'i, 'd> {
        let matching = self.index.for_resource(&request.resource);
        matching.map(|(at, _)| at).filter(|at| allows(&self.drafts[*at].document(), request))
    }
}

/// Whether a document on its own allows a request.
pub(crate) fn allows(document: &PolicyDocument, request: &Request) -> bool {
    matches!(evaluate(std::slice::from_ref(document), request), Decision::Allow { .. })
}
