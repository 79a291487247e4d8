//! Resource types and their ARN templates.

/// A resource type of a service, such as `nodegroup` of `eks`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceType {
    pub name: String,
    /// ARN templates with variables: `arn:${Partition}:eks:${Region}:${Account}:nodegroup/${ClusterName}/…/${UUID}`.
    pub arn_templates: Vec<String>,
    /// Condition keys of the type: `aws:ResourceTag/${TagKey}`.
    pub condition_keys: Vec<String>,
}
