//! What the principal itself created in the window: ids made by AWS for it change with the next run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::resolver::Creation;
use super::{Evidence, Few};
use crate::iam::Arn;

/// What a principal created.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lineage {
    /// By concrete ARN.
    pub created: BTreeMap<Arn, CreatedResource>,
    /// Ids that AWS generated for what the principal created (`vpc-0a1b…`, a node group's UUID, a key id), with the
    /// operation that made them, as `ec2.amazonaws.com:CreateVpc`. A resource that holds one as a whole token between
    /// `/` and `:` gets another one in the next run.
    pub generated_ids: BTreeMap<String, Arc<str>>,
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
    pub generated: Few<String>,
    /// `eks.amazonaws.com:CreateNodegroup`
    pub operation: Arc<str>,
    /// Id of the event that created it.
    pub event_id: Option<Arc<str>>,
}

impl Lineage {
    /// Notes what a call created.
    pub(super) fn add<'c>(
        &mut self,
        evidence: &Evidence,
        operation: &Arc<str>,
        created: impl Iterator<Item = &'c Creation>,
    ) {
        for one in created {
            for id in &one.generated {
                self.add_generated(id.clone(), operation);
            }
            let resource = CreatedResource {
                resource_type: one.resource_type.clone(),
                tags: one.tags.clone(),
                created_at: evidence.first_seen,
                generated: one.generated.clone(),
                operation: Arc::clone(operation),
                event_id: evidence.first_id().cloned(),
            };
            self.created.entry(one.arn.clone()).and_modify(|old| old.keep_first(&resource)).or_insert(resource);
        }
    }

    /// Of several operations that name an id, the first in their order is kept.
    fn add_generated(&mut self, id: String, operation: &Arc<str>) {
        let kept = self.generated_ids.entry(id).or_insert_with(|| Arc::clone(operation));
        if operation < kept {
            *kept = Arc::clone(operation);
        }
    }

    /// Adds what the other saw created.
    pub fn merge(&mut self, other: Self) {
        for (id, operation) in other.generated_ids {
            self.add_generated(id, &operation);
        }
        for (arn, resource) in other.created {
            self.created.entry(arn).and_modify(|old| old.keep_first(&resource)).or_insert(resource);
        }
        self.attachments.extend(other.attachments);
    }
}

impl CreatedResource {
    /// Of two creations of one name (deleted and made again), the first by time, then by event.
    fn keep_first(&mut self, other: &Self) {
        if (other.created_at, &other.event_id) < (self.created_at, &self.event_id) {
            *self = other.clone();
        }
    }
}
