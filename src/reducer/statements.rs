//! Grants to statements: an exact cover with few characters for each service and condition.

#![expect(clippy::indexing_slicing, reason = "grants, actions and resources are numbered here")]

use std::collections::{BTreeMap, BTreeSet};

use super::ReduceError;
use super::cover::{Cell, Instance, cover};
use super::drafts::Draft;
use super::fit::Added;
use super::kinds::Kinds;
use super::section::Section;
use super::sid;
use crate::aggregator::Few;
use crate::iam::{Action, ActionPattern, ArnPattern, Conditions, PatternIndex, Statement};

/// A statement and where it belongs.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    pub section: Section,
    pub service: String,
    pub statement: Statement,
    /// The grants in it, by index.
    pub grants: Vec<usize>,
}

/// Grants that may share statements.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    section: Section,
    service: String,
    /// `*` stays apart from ARNs.
    any: bool,
    conditions: Conditions,
}

/// Which pairs a statement may hold although nobody asked for them.
#[derive(Debug, Clone)]
pub(crate) struct Freedom {
    /// Pairs that can never be a request, and pairs that a wider grant allows anyway. Without them no statement can make
    /// a part of another one superfluous.
    pub natural: bool,
    /// Pairs added to meet a size limit.
    pub added: Added,
}

impl Freedom {
    /// The added pairs as grants, for those who ask what allows a request.
    pub fn drafts(&self) -> Vec<Draft> {
        let draft = |(conditions, action, pattern): &(Conditions, String, ArnPattern)| {
            Some(Draft {
                section: Section::Main,
                action: action.parse().ok()?,
                pattern: pattern.clone(),
                conditions: conditions.clone(),
                reasons: Few::new(),
                samples: Vec::new(),
            })
        };
        self.added.iter().filter_map(draft).collect()
    }
}

/// Statements for all grants, in the order of section, service and name.
pub(crate) fn build(drafts: &[Draft], kinds: &Kinds<'_>, freedom: &Freedom) -> Result<Vec<Placed>, ReduceError> {
    let mut groups: BTreeMap<Group, Vec<usize>> = BTreeMap::new();
    for (at, draft) in drafts.iter().enumerate() {
        let group = Group {
            section: draft.section,
            service: draft.action.service().to_owned(),
            any: draft.pattern.is_any(),
            conditions: draft.conditions.clone(),
        };
        groups.entry(group).or_default().push(at);
    }
    let granted = Granted::new(drafts);
    let mut placed: Vec<Placed> = Vec::new();
    for (group, members) in groups {
        let free = Free { group: &group, granted: &granted, kinds, freedom };
        placed.extend(statements_of(&group, &members, drafts, &free)?);
    }
    name(&mut placed, drafts, kinds);
    Ok(placed)
}

fn statements_of(
    group: &Group,
    members: &[usize],
    drafts: &[Draft],
    free: &Free<'_>,
) -> Result<Vec<Placed>, ReduceError> {
    let actions: Vec<&Action> = distinct(members.iter().map(|at| &drafts[*at].action));
    let patterns: Vec<&ArnPattern> = distinct(members.iter().map(|at| &drafts[*at].pattern));
    let row_of = |at: usize| actions.binary_search(&&drafts[at].action);
    let column_of = |at: usize| patterns.binary_search(&&drafts[at].pattern);
    let pairs: BTreeMap<(usize, usize), usize> =
        members.iter().filter_map(|at| Some(((row_of(*at).ok()?, column_of(*at).ok()?), *at))).collect();
    let instance = Instance::new(
        actions.iter().map(|action| action.as_str().len() + QUOTES).collect(),
        patterns.iter().map(|pattern| pattern.as_str().len() + QUOTES).collect(),
        overhead(&group.conditions),
        |row, column| match pairs.contains_key(&(row, column)) {
            true => Cell::Needed,
            false if free.is_free(actions[row], patterns[column]) => Cell::Free,
            false => Cell::Forbidden,
        },
    );
    let rectangles = cover(&instance);
    if !instance.is_exact(&rectangles) {
        return Err(ReduceError::ProofFailed(format!("the statements of {} are no exact cover", group.service)));
    }
    let mut owner: BTreeSet<usize> = BTreeSet::new();
    let placed = rectangles
        .iter()
        .map(|rectangle| {
            let of_statement = rectangle.rows().map(|row| ActionPattern::from(actions[row]));
            let on = rectangle.columns().map(|column| patterns[column].clone());
            let cells = rectangle.rows().flat_map(|row| rectangle.columns().map(move |column| (row, column)));
            let grants = cells.filter_map(|pair| pairs.get(&pair).copied()).filter(|at| owner.insert(*at)).collect();
            Placed {
                section: group.section,
                service: group.service.clone(),
                statement: Statement { conditions: group.conditions.clone(), ..Statement::allow(of_statement, on) },
                grants,
            }
        })
        .collect();
    Ok(placed)
}

/// Two quotes and a comma.
const QUOTES: usize = 3;

/// What a statement costs beside its actions and resources: braces, names, a Sid and the condition.
fn overhead(conditions: &Conditions) -> usize {
    const FRAME: usize = 80;
    let block = serde_json::to_string(conditions).map_or(0, |text| text.len());
    FRAME + if conditions.is_empty() { 0 } else { block + r#","Condition":"#.len() }
}

fn distinct<T: Ord>(items: impl Iterator<Item = T>) -> Vec<T> {
    items.collect::<BTreeSet<T>>().into_iter().collect()
}

/// Grants on patterns, by action: no other one can cover what is granted elsewhere.
struct Granted<'d> {
    drafts: &'d [Draft],
    by_action: BTreeMap<&'d Action, PatternIndex<'d>>,
}

impl<'d> Granted<'d> {
    fn new(drafts: &'d [Draft]) -> Self {
        let mut by_action: BTreeMap<&Action, PatternIndex<'_>> = BTreeMap::new();
        for (at, draft) in drafts.iter().enumerate().filter(|(_, draft)| draft.pattern.has_wildcard()) {
            by_action.entry(&draft.action).or_default().add(&draft.pattern, at);
        }
        Self { drafts, by_action }
    }

    fn covers(&self, action: &Action, pattern: &ArnPattern, conditions: &Conditions) -> bool {
        let mut grants = self.by_action.get(action).into_iter().flat_map(|grants| grants.for_text(pattern.as_str()));
        grants.any(|(at, wide)| {
            let theirs = &self.drafts[at].conditions;
            (theirs.is_empty() || theirs == conditions) && wide.covers(pattern)
        })
    }
}

/// Says which pairs a statement may hold although nobody asked for them.
struct Free<'a> {
    group: &'a Group,
    granted: &'a Granted<'a>,
    kinds: &'a Kinds<'a>,
    freedom: &'a Freedom,
}

impl Free<'_> {
    fn is_free(&self, action: &Action, pattern: &ArnPattern) -> bool {
        let natural =
            || self.kinds.never_asked(action, pattern) || self.granted.covers(action, pattern, &self.group.conditions);
        let added = || {
            let key = (self.group.conditions.clone(), action.to_string(), pattern.clone());
            self.freedom.added.contains(&key)
        };
        (self.freedom.natural && natural()) || (!self.freedom.added.is_empty() && added())
    }
}

/// Gives each statement its Sid.
fn name(placed: &mut [Placed], drafts: &[Draft], kinds: &Kinds<'_>) {
    let mut taken = BTreeSet::new();
    for one in placed.iter_mut() {
        let wanted = sid::purpose(one, kinds);
        let hint = one.grants.first().map(|at| &drafts[*at].pattern);
        one.statement.sid = Some(sid::unique(&wanted, hint, &mut taken));
    }
    placed.sort_by(|a, b| {
        let key = |one: &Placed| (one.section, one.service.clone(), one.statement.sid.clone());
        key(a).cmp(&key(b))
    });
}
