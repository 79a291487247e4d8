//! One statement of a policy.

use std::collections::BTreeSet;

use super::{ActionPattern, ArnPattern, Conditions};

/// What a matching statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    Allow,
    Deny,
}

/// `Action` or `NotAction`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionClause {
    Action(BTreeSet<ActionPattern>),
    NotAction(BTreeSet<ActionPattern>),
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceClause {
    Resource(BTreeSet<ArnPattern>),
    NotResource(BTreeSet<ArnPattern>),
}

/// One statement of an identity-based policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub sid: Option<String>,
    pub effect: Effect,
    pub actions: ActionClause,
    pub resources: ResourceClause,
    pub conditions: Conditions,
}
