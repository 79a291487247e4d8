//! The condition keys that are sound: their value does not change from one merge to the next.

use crate::catalog::ConditionValueType;
use crate::iam::{BaseOperator, ConditionKey, ConditionOperator};

/// How a sound key is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Text,
    Arn,
    /// One of several values of the request.
    AnyOf,
}

/// Where a sound key counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Only {
    Always,
    /// Where a record shows the call made through a service.
    ThroughService,
    /// Where the value names nothing that changes with the next run.
    WhereItStays,
}

/// A sound key with why it is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct SoundKey {
    name: &'static str,
    pub operator: Comparison,
    pub only: Only,
    /// AWS fills it whatever the action; the reference does not list it there.
    pub global: bool,
    pub reason: &'static str,
}

const SOUND: [SoundKey; 10] = [
    SoundKey {
        name: "iam:passedtoservice",
        operator: Comparison::Text,
        only: Only::Always,
        global: false,
        reason: "a role is passed to the same service each time; without this it could be given to any service that trusts it",
    },
    SoundKey {
        name: "iam:awsservicename",
        operator: Comparison::Text,
        only: Only::Always,
        global: false,
        reason: "the service that a service-linked role belongs to is part of its name",
    },
    SoundKey {
        name: "ec2:createaction",
        operator: Comparison::Text,
        only: Only::Always,
        global: false,
        reason: "tags are given by the call that creates the resource, so nothing that is there already can be tagged",
    },
    SoundKey {
        name: "elasticloadbalancing:createaction",
        operator: Comparison::Text,
        only: Only::Always,
        global: false,
        reason: "tags are given by the call that creates the resource, so nothing that is there already can be tagged",
    },
    SoundKey {
        name: "iam:policyarn",
        operator: Comparison::Arn,
        only: Only::Always,
        global: false,
        reason: "only the policies that were seen may be attached: the brake on escalation",
    },
    SoundKey {
        name: "iam:permissionsboundary",
        operator: Comparison::Arn,
        only: Only::Always,
        global: false,
        reason: "every such call set this boundary, so none may go without",
    },
    SoundKey {
        name: "ec2:vpc",
        operator: Comparison::Arn,
        only: Only::WhereItStays,
        global: false,
        reason: "the VPC was there before and stays",
    },
    SoundKey {
        name: "kms:requestalias",
        operator: Comparison::Text,
        only: Only::WhereItStays,
        global: false,
        reason: "the key was named by this alias, which stays when another key is put behind it",
    },
    SoundKey {
        name: "kms:viaservice",
        operator: Comparison::Text,
        only: Only::ThroughService,
        global: false,
        reason: "the key was used only through this service, on the principal's behalf",
    },
    SoundKey {
        name: "aws:calledvia",
        operator: Comparison::AnyOf,
        only: Only::ThroughService,
        global: true,
        reason: "the call was made only through this service, on the principal's behalf",
    },
];

pub(super) const OWNER_AT_CREATION: &str = "everything that the principal creates carries its owner's tag";
pub(super) const OWNER_LATER: &str =
    "the id changes from run to run; the owner's tag tells the principal's own resources apart";
pub(super) const AS_SEEN: &str = "as seen in every request; a merge may change it (strict)";

/// The rule for a key, if it is sound.
pub(super) fn sound(key: &ConditionKey) -> Option<&'static SoundKey> {
    SOUND.iter().find(|rule| rule.name == key.folded())
}

/// Keys that are never demanded. EKS does not send `kms:GrantIsForAWSResource`, whatever KMS documents; what a request
/// was called through or tagged with is the sound level's affair.
pub(super) fn never(key: &ConditionKey) -> bool {
    matches!(key.folded(), "kms:grantisforawsresource" | "kms:viaservice" | "aws:calledvia" | "ec2:vpc")
}

/// The operator for a sound key; a value with wildcards needs one that reads them.
pub(super) fn operator(comparison: Comparison, values: &[String]) -> ConditionOperator {
    let wild = values.iter().any(|value| value.contains(['*', '?']));
    match (comparison, wild) {
        (Comparison::Arn, true) => ConditionOperator::ARN_LIKE,
        (Comparison::Arn, false) => ConditionOperator::new(BaseOperator::ArnEquals),
        (Comparison::Text, true) => ConditionOperator::STRING_LIKE,
        (Comparison::Text, false) => ConditionOperator::STRING_EQUALS,
        (Comparison::AnyOf, _) => ConditionOperator::STRING_EQUALS.for_any_value(),
    }
}

/// The operator that compares values of a type for equality.
pub(super) fn for_type(kind: ConditionValueType) -> ConditionOperator {
    ConditionOperator::new(match kind {
        ConditionValueType::String => BaseOperator::StringEquals,
        ConditionValueType::Arn => BaseOperator::ArnEquals,
        ConditionValueType::Bool => BaseOperator::Bool,
        ConditionValueType::Numeric => BaseOperator::NumericEquals,
        ConditionValueType::Date => BaseOperator::DateEquals,
        ConditionValueType::IpAddress => BaseOperator::IpAddress,
    })
}
