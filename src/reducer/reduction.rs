//! What comes out of a reduction.

use std::sync::Arc;

use crate::aggregator::{Evidence, Few, Origin};
use crate::iam::{Action, ArnPattern, Conditions, PolicyDocument, Resource};

/// One policy document, ready for `aws iam create-policy`.
#[derive(Debug, Clone)]
pub struct NamedPolicy {
    pub name: String,
    pub document: PolicyDocument,
    /// Size as IAM counts it: without white space.
    pub characters: usize,
}

/// One line of the policy: an action on a resource pattern under a condition, with what speaks for it.
#[derive(Debug, Clone)]
pub struct Grant {
    pub sid: Arc<str>,
    pub action: Action,
    pub resource: ArnPattern,
    pub conditions: Conditions,
    /// Why each condition is there.
    pub condition_reasons: Few<&'static str>,
    pub origin: Origin,
    pub evidence: Evidence,
    /// Operations that needed it, as `eks.amazonaws.com:CreateNodegroup`.
    pub operations: Few<Arc<str>>,
    /// Services through which it was used on the principal's behalf.
    pub via: Few<String>,
    /// Why it is there or when it is needed, where that is not plain from the operation.
    pub note: Option<String>,
}

/// A place where the policy allows more than was seen, and the rule that made it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Widening {
    pub rule: WideningRule,
    pub action: Action,
    pub resource: ArnPattern,
    pub detail: String,
}

/// The named rules of DESIGN.md, section 5.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum WideningRule {
    GeneratedId,
    GeneratedSuffix,
    ListResource,
    UnresolvedField,
    TooManyResources,
    Quota,
    Lifecycle,
    User(String),
}

/// The counts behind the proof.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof {
    /// Requests replayed against the policy.
    pub requests: usize,
    /// Of these, allowed (all of them, or nothing is printed).
    pub allowed: usize,
    /// Grants dropped in turn.
    pub grants_tested: usize,
    /// Grants that could be dropped with every request still allowed (none, or nothing is printed).
    pub removable: usize,
    /// Requests replayed as the next run would make them: generated ids and names drawn anew. All are allowed.
    pub renamed: usize,
    /// Requests close to the seen ones that nobody made: another account, Region, name, service or policy, no tag.
    pub near_misses: usize,
    /// Of these, denied. The others lie inside a widening of the list.
    pub near_misses_denied: usize,
}

/// A policy set that passed its proof. Made only by [`reduce`](super::reduce).
#[derive(Debug, Clone)]
pub struct VerifiedPolicy {
    pub(super) policies: Vec<NamedPolicy>,
    pub(super) grants: Vec<Grant>,
    pub(super) widenings: Vec<Widening>,
    pub(super) proof: Proof,
    pub(super) unmatched_rules: Vec<String>,
    pub(super) withheld: Vec<Withheld>,
}

/// A request that a rule of the configuration file withholds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Withheld {
    pub action: Action,
    pub resource: Resource,
    pub rule: String,
    pub reason: String,
}

impl VerifiedPolicy {
    pub fn policies(&self) -> &[NamedPolicy] {
        &self.policies
    }

    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    pub fn widenings(&self) -> &[Widening] {
        &self.widenings
    }

    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// Rules of the configuration file that nothing in the usage matched.
    pub fn unmatched_rules(&self) -> &[String] {
        &self.unmatched_rules
    }

    /// What was seen and is not granted, by a rule of the configuration file.
    pub fn withheld(&self) -> &[Withheld] {
        &self.withheld
    }
}

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum ReduceError {
    /// A bug of ours, found by the proof: never print such a policy.
    #[error("the policy failed its own proof: {0}")]
    ProofFailed(String),
    #[error("the policy needs {needed} documents of {limit} characters and at most {allowed} are allowed")]
    DoesNotFit { needed: usize, limit: usize, allowed: usize },
}
