//! What AWS says exists: services, actions, resource types, condition keys (generated, from the Service Authorization
//! Reference), and our rules on top of it: which fields of a record fill an ARN, which permissions a call hides.

mod action_entry;
mod embedded;
mod resource_type;
pub mod rules;

pub use action_entry::{ActionEntry, ActionResourceType};
pub use embedded::Catalog;
pub use resource_type::ResourceType;
