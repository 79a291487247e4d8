//! What a statement of the role's policies changes, decided exactly: for `redundant-statement` and `shadowed-by-deny`.

use std::collections::BTreeSet;

use crate::audit::access::{Outcome, exceeds};
use crate::audit::case::Case;
use crate::audit::diff::groups;
use crate::audit::fit::names;
use crate::iam::{Action, ActionPattern, Effect, PolicyDocument, Statement};

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

/// Looks at one statement, leaving out those that are gone already.
pub fn effect_of(case: &Case<'_>, at: usize, gone: &BTreeSet<usize>) -> Option<NoEffect> {
    let one = case.statements.get(at)?;
    let with = documents(case, |other, _| !gone.contains(&other));
    let without = documents(case, |other, _| other != at && !gone.contains(&other));
    let judge = match one.statement.effect {
        Effect::Allow => Judge::allow(case, at, gone, &with, &without),
        Effect::Deny => Judge::deny(case, at, gone),
    };
    let changes: Vec<(Vec<Action>, Change)> = groups(&[&with], case.catalog)
        .into_iter()
        .map(|group| group.actions.into_iter().chain(group.future).collect::<Vec<_>>())
        .filter_map(|actions| {
            let first = actions.iter().find(|action| names(&one.statement.actions, action))?;
            let change = judge.change(first);
            Some((actions, change))
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
    let shadowed: BTreeSet<ActionPattern> = one.statement.actions.patterns().iter().filter(by_deny).cloned().collect();
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
    fn allow(
        case: &Case<'_>,
        at: usize,
        gone: &BTreeSet<usize>,
        with: &[PolicyDocument],
        without: &[PolicyDocument],
    ) -> Self {
        let allows = |statement: &Statement| statement.effect == Effect::Allow;
        let undenied = (
            documents(case, |other, statement| allows(statement) && !gone.contains(&other)),
            documents(case, |other, statement| other != at && allows(statement) && !gone.contains(&other)),
        );
        Self { with: with.to_vec(), without: without.to_vec(), undenied: Some(undenied) }
    }

    /// A deny counts beside other denies only: that nothing is allowed there today makes it no less of a guard.
    fn deny(case: &Case<'_>, at: usize, gone: &BTreeSet<usize>) -> Self {
        let denies = |statement: &Statement| statement.effect == Effect::Deny;
        let with = documents(case, |other, statement| denies(statement) && !gone.contains(&other));
        let without = documents(case, |other, statement| other != at && denies(statement) && !gone.contains(&other));
        Self { with: as_allows(with), without: as_allows(without), undenied: None }
    }

    fn change(&self, action: &Action) -> Change {
        match exceeds(action, &self.with, &self.without, &[]) {
            Outcome::Exceeds(_) => return Change::Something,
            Outcome::CannotDecide(_) => return Change::Unknown,
            Outcome::Contained => {}
        }
        let undenied = self.undenied.as_ref().map(|(with, without)| exceeds(action, with, without, &[]));
        match undenied {
            Some(Outcome::Exceeds(_)) => Change::NothingByDeny,
            Some(Outcome::CannotDecide(_)) => Change::Unknown,
            Some(Outcome::Contained) | None => Change::Nothing,
        }
    }
}

/// The role's policies with only the statements that are kept.
fn documents(case: &Case<'_>, keep: impl Fn(usize, &Statement) -> bool) -> Vec<PolicyDocument> {
    let mut documents: Vec<PolicyDocument> = case
        .present
        .identity
        .iter()
        .map(|policy| PolicyDocument { statements: Vec::new(), ..policy.document.clone() })
        .collect();
    for (at, (policy, _, statement)) in case.present.statements().enumerate() {
        if keep(at, statement)
            && let Some(document) = documents.get_mut(policy)
        {
            document.statements.push(statement.clone());
        }
    }
    documents
}

fn as_allows(mut documents: Vec<PolicyDocument>) -> Vec<PolicyDocument> {
    for statement in documents.iter_mut().flat_map(|document| &mut document.statements) {
        statement.effect = Effect::Allow;
    }
    documents
}
