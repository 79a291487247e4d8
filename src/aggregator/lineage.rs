//! What the principal itself created in the window: ids made by AWS for it change with the next run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::iam::Arn;

/// What a principal created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// By concrete ARN.
    pub created: BTreeMap<Arn, CreatedResource>,
    /// Ids that AWS generated for what the principal created (`vpc-0a1b…`, a node group's UUID, a key id), with the
    /// operation that made them, as `ec2.amazonaws.com:CreateVpc`. A resource that holds one as a whole token between
    /// `/` and `:` gets another one in the next run.
    pub generated_ids: BTreeMap<String, String>,
    /// Pairs of ids seen together in one call (`rtb-…` with `subnet-…`), for attachments: what lives inside something
    /// generated is generated too.
    pub attachments: BTreeSet<(String, String)>,
}

/// A resource that the principal created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedResource {
    /// Resource type in the catalogue: `nodegroup`.
    pub resource_type: String,
    /// Tags given at creation.
    pub tags: BTreeMap<String, String>,
    pub created_at: Timestamp,
    /// Parts of its ARN that AWS generated.
    pub generated: BTreeSet<String>,
    /// `eks.amazonaws.com:CreateNodegroup`
    pub operation: String,
    /// Id of the event that created it.
    pub event_id: Option<String>,
}
