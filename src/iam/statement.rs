//! One statement of a policy.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::one_or_many::OneOrMany;
use super::{Action, ActionPattern, ArnPattern, Conditions};

/// What a matching statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
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

impl Statement {
    /// A statement that allows these actions on these resources.
    pub fn allow(
        actions: impl IntoIterator<Item = ActionPattern>,
        resources: impl IntoIterator<Item = ArnPattern>,
    ) -> Self {
        Self {
            sid: None,
            effect: Effect::Allow,
            actions: ActionClause::Action(actions.into_iter().collect()),
            resources: ResourceClause::Resource(resources.into_iter().collect()),
            conditions: Conditions::new(),
        }
    }
}

impl ActionClause {
    /// The patterns, whichever way they count.
    pub fn patterns(&self) -> &BTreeSet<ActionPattern> {
        match self {
            Self::Action(patterns) | Self::NotAction(patterns) => patterns,
        }
    }

    /// Whether it is about this action by its whole name, not by a pattern.
    pub fn names_literally(&self, action: &Action) -> bool {
        matches!(self, Self::Action(patterns) if patterns.contains(&ActionPattern::from(action)))
    }

    /// The element's name in JSON.
    pub fn element(&self) -> &'static str {
        match self {
            Self::Action(_) => "Action",
            Self::NotAction(_) => "NotAction",
        }
    }
}

impl ResourceClause {
    /// The patterns, whichever way they count.
    pub fn patterns(&self) -> &BTreeSet<ArnPattern> {
        match self {
            Self::Resource(patterns) | Self::NotResource(patterns) => patterns,
        }
    }

    /// The element's name in JSON.
    pub fn element(&self) -> &'static str {
        match self {
            Self::Resource(_) => "Resource",
            Self::NotResource(_) => "NotResource",
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Allow => "Allow",
            Self::Deny => "Deny",
        })
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(sid) = &self.sid {
            map.serialize_entry("Sid", sid)?;
        }
        map.serialize_entry("Effect", &self.effect)?;
        map.serialize_entry(self.actions.element(), &OneOrMany(self.actions.patterns()))?;
        map.serialize_entry(self.resources.element(), &OneOrMany(self.resources.patterns()))?;
        if !self.conditions.is_empty() {
            map.serialize_entry("Condition", &self.conditions)?;
        }
        map.end()
    }
}
