//! Resource types and their ARN templates.

use std::sync::OnceLock;

use super::ArnTemplate;

/// A resource type of a service, such as `nodegroup` of `eks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    pub name: String,
    /// ARN templates with variables: `arn:${Partition}:eks:${Region}:${Account}:nodegroup/${ClusterName}/…/${UUID}`.
    pub arn_templates: Vec<String>,
    /// Condition keys of the type: `aws:ResourceTag/${TagKey}`.
    pub condition_keys: Vec<String>,
    /// The templates, parsed when first asked for.
    parsed: OnceLock<Vec<ArnTemplate>>,
}

impl ResourceType {
    /// A resource type as the reference gives it.
    pub fn new(name: String, arn_templates: Vec<String>, condition_keys: Vec<String>) -> Self {
        Self { name, arn_templates, condition_keys, parsed: OnceLock::new() }
    }

    /// The ARN templates, parsed.
    pub fn templates(&self) -> &[ArnTemplate] {
        self.parsed.get_or_init(|| self.arn_templates.iter().filter_map(|text| ArnTemplate::parse(text)).collect())
    }
}
