//! One event to the requests that it stands for, by the catalogue and its rules.

use super::{Certainty, Hole, Origin};
use crate::catalog::Catalog;
use crate::cloudtrail::Event;
use crate::iam::{Action, Context, Resource};

/// One permission that a call needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub action: Action,
    pub resource: Resource,
    pub context: Context,
    pub origin: Origin,
    pub certainty: Certainty,
    pub holes: Vec<Hole>,
}

/// What a call needs, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    Needs(Vec<Need>),
    NeedsNoPermission,
    Unmapped,
}

/// Resolves events by the catalogue and its rules.
#[derive(Debug)]
pub struct Resolver<'c> {
    #[expect(dead_code, reason = "used as soon as the rules are in")]
    catalog: &'c Catalog,
}

impl<'c> Resolver<'c> {
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { catalog }
    }

    pub fn resolve(&self, _event: &Event<'_>) -> Resolution {
        todo!()
    }
}
