//! The compiled-in catalogue, decoded when first asked for.

use super::{ActionEntry, ResourceType};
use crate::iam::Action;

/// All that is known of AWS. Cheap to make: a service is decoded when it is first asked for.
#[derive(Debug)]
pub struct Catalog {}

impl Catalog {
    /// The catalogue compiled into this binary.
    pub fn embedded() -> &'static Self {
        todo!()
    }

    /// The day the reference was read: `2026-09-26`.
    pub fn date(&self) -> &str {
        todo!()
    }

    /// Name and version of the package that the catalogue was made from.
    pub fn source(&self) -> &str {
        todo!()
    }

    /// All service prefixes, sorted. Names are matched without regard to case everywhere here.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// The service's full name: `Amazon Elastic Kubernetes Service`.
    pub fn service_name(&self, _prefix: &str) -> Option<&str> {
        todo!()
    }

    pub fn action(&self, _action: &Action) -> Option<&ActionEntry> {
        todo!()
    }

    /// All actions of a service, sorted by name.
    pub fn actions(&self, _service: &str) -> &[ActionEntry] {
        todo!()
    }

    pub fn resource_type(&self, _service: &str, _name: &str) -> Option<&ResourceType> {
        todo!()
    }

    pub fn resource_types(&self, _service: &str) -> &[ResourceType] {
        todo!()
    }
}
