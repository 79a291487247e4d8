//! One action of the catalogue.

use crate::iam::{AccessLevel, Action};

/// What the Service Authorization Reference says of an action.
#[derive(Clone, Debug)]
pub struct ActionEntry {
    /// The action in AWS's own spelling.
    pub action: Action,
    pub access_level: AccessLevel,
    /// The resource types that it takes; empty: the action must be granted on `*`.
    pub resource_types: Vec<ActionResourceType>,
    /// Condition keys of the action whatever the resource, lower case up to `/` (`aws:RequestTag/${TagKey}`).
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
}
