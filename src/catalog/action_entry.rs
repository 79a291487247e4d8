//! One action of the catalogue.

use super::condition_key::names_key;
use crate::iam::{AccessLevel, Action, ConditionKey};

/// What the Service Authorization Reference says of an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionEntry {
    /// The action in AWS's own spelling.
    pub action: Action,
    pub access_level: AccessLevel,
    /// The resource types that it takes; empty: the action must be granted on `*`.
    pub resource_types: Vec<ActionResourceType>,
    /// Condition keys of the action whatever the resource, in AWS's spelling (`aws:RequestTag/${TagKey}`).
    pub condition_keys: Vec<String>,
}

/// A resource type as an action takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionResourceType {
    /// Name of the type in its service: `nodegroup`.
    pub name: String,
    /// Marked with an asterisk in the reference. Sometimes marks alternatives.
    pub required: bool,
    /// Condition keys that apply to the action on this type only.
    pub condition_keys: Vec<String>,
    /// The reference does not list it: it is there by a row of `corrections.toml`.
    pub corrected: bool,
}

impl ActionEntry {
    /// The resource type of that name, if the action takes it.
    pub fn resource_type(&self, name: &str) -> Option<&ActionResourceType> {
        self.resource_types.iter().find(|kind| kind.name.eq_ignore_ascii_case(name))
    }

    /// Whether the reference lists the condition key for the action, on the resource type where one is given. Global
    /// keys that AWS fills for every request are not listed.
    pub fn takes_key(&self, key: &ConditionKey, resource_type: Option<&str>) -> bool {
        let on_type = resource_type.and_then(|name| self.resource_type(name));
        let of_type = on_type.into_iter().flat_map(|kind| &kind.condition_keys);
        self.condition_keys.iter().chain(of_type).any(|entry| names_key(entry, key))
    }
}
