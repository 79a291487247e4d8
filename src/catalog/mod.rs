//! What AWS says exists: services, actions, resource types, condition keys (generated, from the Service Authorization
//! Reference), and our rules on top of it: which fields of a record fill an ARN, which permissions a call hides.
//!
//! The generated part is one compressed file, `data/catalog.bin` (see `data/SOURCE.md`), in which each service can be
//! read for itself. Where the reference is wrong, `data/corrections.toml` says so, row by row with reason and source.

mod action_entry;
mod arn_template;
mod condition_key;
mod container;
mod corrections;
mod edit_distance;
mod embedded;
mod encoding;
mod managed;
mod resource_type;
pub mod rules;
mod service;
#[cfg(test)]
mod tests;

pub use action_entry::{ActionEntry, ActionResourceType};
pub use arn_template::{ArnTemplate, Part, Place};
pub(crate) use condition_key::names_key;
pub use condition_key::{ConditionKeyEntry, ConditionValueType, UnknownValueType};
pub use container::{CatalogBuilder, CatalogInfo};
pub use corrections::{Change, Correction};
pub(crate) use edit_distance::{edit_distance, is_near};
pub use embedded::{Catalog, CatalogError};
pub use managed::{ManagedError, ManagedPolicies, ManagedPolicy};
pub use resource_type::ResourceType;
pub use service::Service;

/// By name, without an order.
#[expect(clippy::disallowed_types, reason = "asked for single names only: its order shows nowhere")]
type Table<V> = std::collections::HashMap<Box<str>, V, foldhash::fast::RandomState>;
