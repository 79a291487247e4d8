//! What a statement of the role's policies changes, decided exactly: for `redundant-statement` and `shadowed-by-deny`.

use std::collections::BTreeSet;

use crate::audit::access::{Outcome, exceeds};
use crate::audit::case::{Case, Spoken};
use crate::audit::fit::names;
use crate::iam::{Action, ActionClause, ActionPattern, ArnPattern, Effect, PolicyDocument, ResourceClause, Statement};

/// Why a statement, or some actions of it, change nothing.
#[derive(Debug, PartialEq, Eq)]
pub enum NoEffect {
    /// Other statements decide all of it as it does.
    Redundant,
    /// A deny takes all of it back.
    Shadowed,
    /// A deny takes these actions back.
    ShadowedActions(BTreeSet<ActionPattern>),
}

/// What one action of the statement changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Something,
    /// Nothing, and a deny is to blame.
    NothingByDeny,
    Nothing,
    Unknown,
}

/// Looks at one statement, leaving out what was told of already.
///
/// `groups`: the actions of all policies, those together that the same statements speak of.
pub fn effect_of(case: &Case<'_>, groups: &[Vec<Action>], at: usize, gone: &Spoken) -> Option<NoEffect> {
    let one = case.statements.get(at)?;
    // Only what speaks of the same requests decides what becomes of them.
    let near: BTreeSet<usize> = case
        .statements
        .iter()
        .enumerate()
        .filter_map(|(other, candidate)| {
            (other == at || may_share(one.statement, candidate.statement)).then_some(other)
        })
        .collect();
    let judge = match one.statement.effect {
        Effect::Allow => Judge::allow(case, at, gone, &near),
        Effect::Deny => Judge::deny(case, at, gone, &near),
    };
    let alive = without_told(one.statement, at, gone);
    let changes: Vec<(&Vec<Action>, Change)> = groups
        .iter()
        .filter_map(|actions| {
            let first = actions.iter().find(|action| names(&alive.actions, action))?;
            Some((actions, judge.change(case, first)))
        })
        .collect();
    let all = |wanted: &[Change]| !changes.is_empty() && changes.iter().all(|(_, change)| wanted.contains(change));
    if all(&[Change::Nothing]) {
        return Some(NoEffect::Redundant);
    }
    if all(&[Change::Nothing, Change::NothingByDeny]) {
        return Some(NoEffect::Shadowed);
    }
    let by_deny = |pattern: &&ActionPattern| {
        let mut own = changes.iter().filter(|(actions, _)| actions.iter().any(|action| pattern.matches(action)));
        own.clone().next().is_some() && own.all(|(_, change)| *change == Change::NothingByDeny)
    };
    let shadowed: BTreeSet<ActionPattern> = alive.actions.patterns().iter().filter(by_deny).cloned().collect();
    (!shadowed.is_empty()).then_some(NoEffect::ShadowedActions(shadowed))
}

/// Pairs of policy sets that differ in the one statement.
struct Judge {
    with: Vec<PolicyDocument>,
    without: Vec<PolicyDocument>,
    /// The same pair without any deny; empty for a deny.
    undenied: Option<(Vec<PolicyDocument>, Vec<PolicyDocument>)>,
}

impl Judge {
    fn allow(case: &Case<'_>, at: usize, gone: &Spoken, near: &BTreeSet<usize>) -> Self {
        let allows = |statement: &Statement| statement.effect == Effect::Allow;
        let undenied = (
            documents(case, gone, |other, statement| near.contains(&other) && allows(statement)),
            documents(case, gone, |other, statement| other != at && near.contains(&other) && allows(statement)),
        );
        Self {
            with: documents(case, gone, |other, _| near.contains(&other)),
            without: documents(case, gone, |other, _| other != at && near.contains(&other)),
            undenied: Some(undenied),
        }
    }

    /// A deny counts beside other denies only: that nothing is allowed there today makes it no less of a guard.
    fn deny(case: &Case<'_>, at: usize, gone: &Spoken, near: &BTreeSet<usize>) -> Self {
        let denies = |other: usize, statement: &Statement| near.contains(&other) && statement.effect == Effect::Deny;
        let with = documents(case, gone, denies);
        let without = documents(case, gone, |other, statement| other != at && denies(other, statement));
        Self { with: as_allows(with), without: as_allows(without), undenied: None }
    }

    fn change(&self, case: &Case<'_>, action: &Action) -> Change {
        let exceeds = |wide: &[PolicyDocument], narrow: &[PolicyDocument]| {
            exceeds(action, &about(case, action, wide), &about(case, action, narrow), &[])
        };
        match exceeds(&self.with, &self.without) {
            Outcome::Exceeds(_) => return Change::Something,
            Outcome::CannotDecide(_) => return Change::Unknown,
            Outcome::Contained => {}
        }
        let undenied = self.undenied.as_ref().map(|(with, without)| exceeds(with, without));
        match undenied {
            Some(Outcome::Exceeds(_)) => Change::NothingByDeny,
            Some(Outcome::CannotDecide(_)) => Change::Unknown,
            Some(Outcome::Contained) | None => Change::Nothing,
        }
    }
}

/// Whether some request may belong to both statements.
fn may_share(one: &Statement, other: &Statement) -> bool {
    let actions = match (&one.actions, &other.actions) {
        (ActionClause::Action(left), ActionClause::Action(right)) => {
            left.iter().any(|left| right.iter().any(|right| left.intersects(right)))
        }
        _ => true,
    };
    actions
        && match (&one.resources, &other.resources) {
            (ResourceClause::Resource(left), ResourceClause::Resource(right)) => left.iter().any(|left| {
                let variable = |pattern: &ArnPattern| pattern.has_variable();
                right.iter().any(|right| variable(left) || variable(right) || left.intersects(right))
            }),
            _ => true,
        }
}

/// What of the policies speaks of an action, without the resources that it is never checked on: they change nothing.
fn about(case: &Case<'_>, action: &Action, documents: &[PolicyDocument]) -> Vec<PolicyDocument> {
    let asked = |pattern: &ArnPattern| {
        let known = case.catalog.action(action);
        let of_known_type = !case.shapes.types(action.service(), pattern).is_empty();
        pattern.is_any() || !of_known_type || known.is_none_or(|entry| case.shapes.takes(entry, pattern))
    };
    let narrowed = |document: &PolicyDocument| {
        let relevant = document.statements.iter().filter(|statement| names(&statement.actions, action));
        let statements = relevant.cloned().map(|mut statement| {
            if let ResourceClause::Resource(patterns) = &mut statement.resources {
                patterns.retain(asked);
            }
            statement
        });
        PolicyDocument { version: document.version.clone(), id: None, statements: statements.collect() }
    };
    documents.iter().map(narrowed).collect()
}

/// The role's policies with only the statements that are kept, without what was told of.
fn documents(case: &Case<'_>, gone: &Spoken, keep: impl Fn(usize, &Statement) -> bool) -> Vec<PolicyDocument> {
    let mut documents: Vec<PolicyDocument> = case
        .present
        .identity
        .iter()
        .map(|policy| PolicyDocument { version: policy.document.version.clone(), id: None, statements: Vec::new() })
        .collect();
    for (at, (policy, _, statement)) in case.present.statements().enumerate() {
        if !gone.statements.contains(&at)
            && keep(at, statement)
            && let Some(document) = documents.get_mut(policy)
        {
            document.statements.push(without_told(statement, at, gone));
        }
    }
    documents
}

fn without_told(statement: &Statement, at: usize, gone: &Spoken) -> Statement {
    let mut left = statement.clone();
    if let ActionClause::Action(patterns) = &mut left.actions {
        patterns.retain(|pattern| !gone.actions.contains(&(at, pattern.clone())));
    }
    if let ResourceClause::Resource(patterns) = &mut left.resources {
        patterns.retain(|pattern| !gone.resources.contains(&(at, pattern.clone())));
    }
    left
}

fn as_allows(mut documents: Vec<PolicyDocument>) -> Vec<PolicyDocument> {
    for statement in documents.iter_mut().flat_map(|document| &mut document.statements) {
        statement.effect = Effect::Allow;
    }
    documents
}
