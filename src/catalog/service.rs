//! All entries of one service.

use std::cmp::Ordering;

use super::{ActionEntry, ConditionKeyEntry, ResourceType};

/// The actions, resource types and condition keys of one service.
///
/// INVARIANT: each list is sorted by name without regard to case, and holds no name twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub actions: Vec<ActionEntry>,
    pub resource_types: Vec<ResourceType>,
    pub condition_keys: Vec<ConditionKeyEntry>,
}

impl Service {
    /// Sorts the lists, as the lookups need it.
    pub fn sort(&mut self) {
        self.actions.sort_by(|a, b| compare_names(a.action.name(), b.action.name()));
        self.resource_types.sort_by(|a, b| compare_names(&a.name, &b.name));
        self.condition_keys.sort_by(|a, b| compare_names(&a.name, &b.name));
    }

    /// The action of that name, without regard to case.
    pub fn action(&self, name: &str) -> Option<&ActionEntry> {
        let found = self.actions.binary_search_by(|entry| compare_names(entry.action.name(), name)).ok()?;
        self.actions.get(found)
    }

    /// The resource type of that name, without regard to case.
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        let found = self.resource_types.binary_search_by(|entry| compare_names(&entry.name, name)).ok()?;
        self.resource_types.get(found)
    }

    pub(super) fn action_mut(&mut self, name: &str) -> Option<&mut ActionEntry> {
        let found = self.actions.binary_search_by(|entry| compare_names(entry.action.name(), name)).ok()?;
        self.actions.get_mut(found)
    }
}

/// Compares names without regard to case.
pub(super) fn compare_names(a: &str, b: &str) -> Ordering {
    let fold = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(fold).cmp(b.bytes().map(fold))
}
