//! What a principal did, told apart by action, resource and context.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Coverage, Evidence, Few, Lineage, RecordCounts};
use crate::iam::{Action, Context, PrincipalArn, Request, Resource};

/// Everything that the records show of one principal: the value between the aggregator and the reducer.
#[derive(Debug, Clone)]
pub struct Usage {
    pub principal: PrincipalArn,
    /// Every request that was, or inside a call must have been, authorised.
    pub requests: BTreeMap<UsedRequest, Observation>,
    /// What the principal itself created.
    pub lineage: Lineage,
    /// Roles that the principal assumed, with the access keys of the sessions that it opened.
    pub assumed: BTreeMap<PrincipalArn, BTreeSet<String>>,
    pub coverage: Coverage,
    pub records: RecordCounts,
}

/// One distinct authorisation request. Holes (parts that no record told) are `*` in the resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsedRequest {
    pub action: Action,
    pub resource: Resource,
    /// The condition keys that AWS fills for this request, as far as the record and the rules tell, service keys
    /// (`iam:PassedToService`) and global ones (`aws:RequestTag/Env`, `aws:RequestedRegion`) alike.
    pub context: Context,
}

/// How a request is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    pub evidence: Evidence,
    pub origin: Origin,
    pub certainty: Certainty,
    /// Where the resource has a `*` that stands for something unknown or for a whole type.
    pub holes: Few<Hole>,
    /// Operations that needed it, as `eks.amazonaws.com:CreateNodegroup`.
    pub operations: Few<Arc<str>>,
    /// Services through which it was made on the principal's behalf (`invokedBy`).
    pub via: Few<String>,
    /// Where the rules behind it come from; empty: the plain reading of the service reference.
    pub sources: Few<&'static str>,
    /// What the rules say about it, for people.
    pub notes: Few<&'static str>,
}

impl Observation {
    /// Adds another observation of the same request.
    pub fn merge(&mut self, other: &Self) {
        self.evidence.merge(&other.evidence);
        // What a record shows outweighs what a rule says.
        self.origin = self.origin.min(other.origin);
        self.certainty = self.certainty.clone().min(other.certainty.clone());
        self.holes.extend(other.holes.iter().cloned());
        self.operations.extend(other.operations.iter().cloned());
        self.via.extend(other.via.iter().cloned());
        self.sources.extend(other.sources.iter().copied());
        self.notes.extend(other.notes.iter().copied());
    }
}

/// Why a grant is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    /// A record shows the call itself.
    Observed,
    /// A rule says that AWS checks it inside a call that a record shows.
    Derived,
    /// Denied in the log and granted on request.
    Denied,
    /// Added by `--complete-lifecycle`.
    Lifecycle,
    /// Added by the configuration file.
    User,
}

/// Whether a derived permission is always checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    Always,
    /// Only under a circumstance that the record does not tell, such as `first cluster of the account`.
    Sometimes(String),
}

/// A `*` in an observed resource and its cause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hole {
    pub cause: HoleCause,
    /// The variable or type, for people: `UUID of nodegroup`.
    pub detail: String,
}

/// The named rule behind a hole (DESIGN.md, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoleCause {
    /// AWS checks the call on the whole type.
    ListResource,
    /// The record does not hold a variable of the ARN.
    UnresolvedField,
    /// More distinct resources than are kept one by one.
    TooManyResources,
}

impl UsedRequest {
    /// The request as the evaluator takes it.
    pub fn to_request(&self) -> Request {
        Request { action: self.action.clone(), resource: self.resource.clone(), context: self.context.clone() }
    }
}
