//! The report: one model that every format renders (DESIGN.md, section 6).
//!
//! The order of the fields is the order of the keys in `--format json`. What is a list here is in the order of the
//! evidence's own keys, never in the order of reading, so that the same evidence gives the same bytes.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::overview::{Activity, ComparisonReport, EscalationPath, InputDigest, PresentDocument, ServiceUse};
use super::parameters::Parameters;
use super::words::count;
use crate::aggregator::Origin;
use crate::audit::Finding;
use crate::cloudtrail::{PolicyType, SkipReason};
use crate::iam::{
    Action, ArnPattern, Conditions, INLINE_POLICY_CHARACTERS_PER_ROLE, MANAGED_POLICY_CHARACTERS, PolicyDocument,
    PrincipalArn, Resource,
};
use crate::reducer::WideningRule;

/// Version of the report's shape. Goes up when a field changes its meaning or goes; new fields do not count.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that a run has to tell.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub schema_version: u32,
    pub tool: Tool,
    pub scope: Scope,
    pub records: Records,
    pub policies: Vec<Policy>,
    pub grants: Vec<Grant>,
    pub widenings: Vec<Widening>,
    /// What was seen and is not granted, by a rule of the configuration file.
    pub withheld: Vec<Withheld>,
    pub coverage: Coverage,
    pub proof: Proof,
    /// Access by service: granted, used, used and not granted.
    pub services: Vec<ServiceUse>,
    /// Calls by service and day.
    pub activity: Vec<Activity>,
    /// The ways to more that the policies open, whether or not the work needs them.
    pub paths: Vec<EscalationPath>,
    /// The policies that were audited.
    pub present: Vec<PresentDocument>,
    /// The new policies beside the present ones, where they were given.
    pub comparison: Option<ComparisonReport>,
    /// What was read, where a page asks for it.
    pub inputs: Vec<InputDigest>,
    /// Values that become parameters, in formats that have any.
    #[serde(skip)]
    pub parameters: Parameters,
    /// Whether the readable account tells for each statement why it is there.
    #[serde(skip)]
    pub explain: bool,
    /// Results of the audit; a generated policy has none.
    pub findings: Vec<Finding>,
}

/// What made the report.
#[derive(Clone, Debug, Serialize)]
pub struct Tool {
    pub name: &'static str,
    pub version: &'static str,
    /// The day on which the catalogue was read from AWS's reference.
    pub catalog_date: String,
}

/// What was asked for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Scope {
    /// The roles (and users) that were found, as ARNs.
    pub roles: Vec<PrincipalArn>,
    /// The sources as they were typed.
    pub sources: Vec<String>,
    pub sessions: Vec<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub regions: Vec<String>,
    pub accounts: Vec<String>,
}

/// Records read, used and skipped: read = used + skipped.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Records {
    pub read: u64,
    pub used: u64,
    pub skipped: BTreeMap<SkipReason, u64>,
}

/// One policy document.
#[derive(Clone, Debug, Serialize)]
pub struct Policy {
    pub name: String,
    pub role: PrincipalArn,
    pub kind: PolicyKind,
    /// Size as IAM counts it.
    pub characters: usize,
    /// What IAM allows: for one managed policy, or for all inline policies of a role together.
    pub limit: usize,
    pub document: PolicyDocument,
}

/// How a policy is kept in IAM.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyKind {
    #[default]
    Managed,
    Inline,
}

impl PolicyKind {
    /// Characters that IAM allows.
    pub fn limit(self) -> usize {
        match self {
            Self::Managed => MANAGED_POLICY_CHARACTERS,
            Self::Inline => INLINE_POLICY_CHARACTERS_PER_ROLE,
        }
    }
}

/// One line of a policy with what speaks for it.
#[derive(Clone, Debug, Serialize)]
pub struct Grant {
    pub role: PrincipalArn,
    pub sid: String,
    pub action: Action,
    pub resource: ArnPattern,
    /// As in the policy; empty: no condition.
    pub condition: Conditions,
    /// Why each condition is there.
    pub condition_reasons: Vec<&'static str>,
    pub origin: Origin,
    pub evidence: EvidenceSummary,
    /// Calls that needed it, as `eks.amazonaws.com:CreateNodegroup`.
    pub operations: Vec<String>,
    /// Services that made the call with the role's permissions.
    pub via: Vec<String>,
    /// Why it is there, or when it is needed, where the calls do not make it plain.
    pub note: Option<String>,
}

/// How often something was seen, when, and some events to look up.
#[derive(Clone, Debug, Serialize)]
pub struct EvidenceSummary {
    pub events: u64,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub event_ids: Vec<String>,
}

/// A place where the policy allows more than was seen.
#[derive(Clone, Debug, Serialize)]
pub struct Widening {
    pub role: PrincipalArn,
    #[serde(serialize_with = "as_rule_name")]
    pub rule: WideningRule,
    pub action: Action,
    pub resource: ArnPattern,
    pub detail: String,
}

/// A request to AWS, as text.
#[derive(Clone, Debug, Serialize)]
pub struct RequestText {
    pub action: Action,
    pub resource: String,
    pub context: BTreeMap<String, Vec<String>>,
}

impl fmt::Display for RequestText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)?;
        let context: Vec<String> =
            self.context.iter().map(|(key, values)| format!("{key} = {}", values.join(", "))).collect();
        if context.is_empty() { Ok(()) } else { write!(f, " with {}", context.join("; ")) }
    }
}

/// A request that was seen and is not granted, by a rule of the configuration file.
#[derive(Clone, Debug, Serialize)]
pub struct Withheld {
    pub role: PrincipalArn,
    pub action: Action,
    #[serde(serialize_with = "as_resource")]
    pub resource: Resource,
    pub rule: String,
    pub reason: String,
}

/// What the logs were able to show, and what not.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    pub first_event: Option<Timestamp>,
    pub last_event: Option<Timestamp>,
    /// Regions and accounts in which the roles were seen.
    pub regions: Vec<String>,
    pub accounts: Vec<String>,
    pub unmapped_events: Vec<UnmappedEvent>,
    pub denied: Vec<DeniedCall>,
    /// Calls whose authorisation is not known: throttled, malformed, internal error.
    pub unknown_outcome: u64,
    /// Records in which CloudTrail left out a field for its size.
    pub truncated: u64,
    /// Records with a field hidden for security reasons.
    pub hidden: u64,
    /// Data events seen: 0 most often means that the trail does not record them.
    pub data_events: u64,
    /// What is missing, in words.
    pub gaps: Vec<String>,
}

/// A call that the catalogue knows no action for.
#[derive(Clone, Debug, Serialize)]
pub struct UnmappedEvent {
    pub role: PrincipalArn,
    pub event_source: String,
    pub event_name: String,
    pub count: u64,
}

/// A call that AWS denied, in the words of the denial as far as it has any.
#[derive(Clone, Debug, Serialize)]
pub struct DeniedCall {
    pub role: PrincipalArn,
    pub event_source: String,
    pub event_name: String,
    pub action: Option<Action>,
    #[serde(serialize_with = "as_optional_resource")]
    pub resource: Option<Resource>,
    #[serde(serialize_with = "as_policy_type")]
    pub policy_type: Option<PolicyType>,
    /// A policy denies it explicitly; no grant can cure that.
    pub explicit: bool,
    /// For `aws sts decode-authorization-message`.
    pub encoded_message: Option<String>,
    pub authorization_id: Option<String>,
    /// The policy grants the action all the same, because `--include-denied` asked for it.
    pub granted: bool,
    pub count: u64,
    pub first_seen: Timestamp,
    pub last_seen: Timestamp,
    pub event_ids: Vec<String>,
}

impl DeniedCall {
    /// Whether AWS told what was missing in a form that it has to decode.
    pub fn is_encoded(&self) -> bool {
        self.encoded_message.is_some() && self.action.is_none()
    }
}

/// The counts behind the proof, over all policies.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Proof {
    pub requests: usize,
    pub allowed: usize,
    pub grants_tested: usize,
    pub removable: usize,
    /// Requests replayed as the next run would make them, with other generated ids; all are allowed.
    pub renamed: usize,
    /// Requests close to the seen ones that nobody made.
    pub near_misses: usize,
    /// Of these, denied; the others lie inside a listed widening.
    pub near_misses_denied: usize,
}

impl Coverage {
    /// The denied calls as people read them: those that differ in nothing but what AWS encoded add up. RunInstances denied a
    /// hundred times has a hundred encoded messages.
    pub fn denied_alike(&self) -> Vec<DeniedCall> {
        let mut alike: Vec<DeniedCall> = Vec::new();
        let mut places = BTreeMap::new();
        for call in &self.denied {
            let said = (&call.action, &call.resource, call.policy_type, call.explicit, call.granted);
            match places.entry((&call.role, &call.event_source, &call.event_name, said)) {
                Entry::Vacant(place) => {
                    place.insert(alike.len());
                    alike.push(call.clone());
                }
                Entry::Occupied(place) => {
                    let Some(first) = alike.get_mut(*place.get()) else { continue };
                    first.count += call.count;
                    first.first_seen = first.first_seen.min(call.first_seen);
                    first.last_seen = first.last_seen.max(call.last_seen);
                }
            }
        }
        alike
    }

    /// Why the evidence is not complete, one reason a line; empty: it is. What `--require-complete` asks for.
    ///
    /// Denied calls do not count: their outcome is known. Calls of unknown outcome do not either: throttled calls are
    /// tried again by every SDK, and what succeeded then is evidence.
    pub fn shortcomings(&self, records: &Records) -> Vec<String> {
        let unmapped: u64 = self.unmapped_events.iter().map(|event| event.count).sum();
        let broken: u64 = BROKEN.iter().filter_map(|reason| records.skipped.get(reason)).sum();
        let counted = [
            (unmapped, "call", "that no known action stands for"),
            (self.truncated, "record", "with a field that CloudTrail left out for its size"),
            (self.hidden, "record", "with a field hidden for security reasons"),
            (broken, "record", "that could not be read"),
        ];
        let some = counted.into_iter().filter(|(number, _, _)| *number > 0);
        let counts = some.map(|(number, noun, what)| format!("{} {what}", count(number, noun)));
        counts.chain(self.gaps.iter().cloned()).collect()
    }
}

/// Reasons for skipping a record that may hide a call of the role.
const BROKEN: [SkipReason; 3] = [SkipReason::Incomplete, SkipReason::Malformed, SkipReason::TooLarge];

/// The name of a widening rule as DESIGN.md, section 5, has it.
pub fn rule_name(rule: &WideningRule) -> String {
    match rule {
        WideningRule::GeneratedId => "generated-id".to_owned(),
        WideningRule::GeneratedSuffix => "generated-suffix".to_owned(),
        WideningRule::ListResource => "list-resource".to_owned(),
        WideningRule::UnresolvedField => "unresolved-field".to_owned(),
        WideningRule::TooManyResources => "too-many-resources".to_owned(),
        WideningRule::Quota => "quota".to_owned(),
        WideningRule::Lifecycle => "lifecycle".to_owned(),
        WideningRule::User(name) => format!("user:{name}"),
    }
}

/// The type of policy that denied, in the words of AWS's messages.
pub fn policy_type_name(policy_type: PolicyType) -> &'static str {
    match policy_type {
        PolicyType::IdentityBased => "identity-based",
        PolicyType::ResourceBased => "resource-based",
        PolicyType::PermissionsBoundary => "permissions-boundary",
        PolicyType::Session => "session",
        PolicyType::ServiceControl => "service-control",
        PolicyType::ResourceControl => "resource-control",
        PolicyType::VpcEndpoint => "vpc-endpoint",
        PolicyType::RoleTrust => "role-trust",
    }
}

/// A resource as a policy would name it.
pub fn resource_text(resource: &Resource) -> String {
    match resource {
        Resource::Any => "*".to_owned(),
        Resource::Arn(arn) => arn.to_string(),
    }
}

fn as_resource<S: Serializer>(value: &Resource, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&resource_text(value))
}

fn as_rule_name<S: Serializer>(rule: &WideningRule, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rule_name(rule))
}

fn as_policy_type<S: Serializer>(value: &Option<PolicyType>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(policy_type_name).serialize(serializer)
}

fn as_optional_resource<S: Serializer>(value: &Option<Resource>, serializer: S) -> Result<S::Ok, S::Error> {
    value.as_ref().map(resource_text).serialize(serializer)
}
