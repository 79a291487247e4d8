//! Numbers and names as people read them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::aggregator::Origin;
use crate::audit::{Finding, Place, Severity};
use crate::cloudtrail::{PolicyType, SkipReason};
use crate::reducer::WideningRule;

/// `1 record`, `2 records`, `1,234 records`.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// A number with a comma between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Why records were skipped, in words.
pub fn reason_name(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::OtherPrincipal => "made by somebody else",
        SkipReason::OutsideWindow => "outside the window",
        SkipReason::OutsideScope => "in another Region or account",
        SkipReason::OtherSession => "of another session",
        SkipReason::Duplicate => "read before (same event id)",
        SkipReason::NotAnApiCall => "no API call",
        SkipReason::NeedsNoPermission => "calls that need no permission",
        SkipReason::Denied => "denied",
        SkipReason::OutcomeUnknown => "of unknown outcome (throttled, malformed, internal error)",
        SkipReason::Unmapped => "calls that no known action stands for",
        SkipReason::NoPrincipal => "without a principal",
        SkipReason::Incomplete => "without a source, name or time",
        SkipReason::Malformed => "not readable as a record",
        SkipReason::TooLarge => "larger or deeper than CloudTrail writes",
    }
}

/// Why a grant is there, in words.
pub fn origin_name(origin: Origin) -> &'static str {
    match origin {
        Origin::Observed => "seen in the log",
        Origin::Derived => "checked by AWS inside a call, not logged by itself",
        Origin::Denied => "denied in the log and granted on request",
        Origin::Lifecycle => "added by `--complete-lifecycle`",
        Origin::User => "added by the configuration file",
    }
}

/// Which policy denied a call, and how.
pub fn denial_words(policy_type: Option<PolicyType>, explicit: bool) -> String {
    let Some(policy_type) = policy_type else { return "AWS did not say which policy denied it".to_owned() };
    let policy = match policy_type {
        PolicyType::IdentityBased => "identity-based policy",
        PolicyType::ResourceBased => "resource-based policy",
        PolicyType::PermissionsBoundary => "permissions boundary",
        PolicyType::Session => "session policy",
        PolicyType::ServiceControl => "service control policy",
        PolicyType::ResourceControl => "resource control policy",
        PolicyType::VpcEndpoint => "VPC endpoint policy",
        PolicyType::RoleTrust => "role trust policy",
    };
    if explicit { format!("a {policy} denies it explicitly") } else { format!("no {policy} allows it") }
}

/// Where a finding is: `policy.json:14`, or the policy and its statement.
pub fn place_text(place: &Place) -> String {
    let file = place.file.as_deref().unwrap_or(&place.policy);
    let statement = place.sid.clone().unwrap_or_else(|| format!("{}", place.statement));
    match place.line {
        Some(line) => format!("{file}:{line}, statement {statement}"),
        None => format!("{file}, statement {statement}"),
    }
}

/// What a rule does, in words.
pub fn rule_meaning(rule: &WideningRule) -> &'static str {
    match rule {
        WideningRule::GeneratedId => "AWS makes a new id for it on each run",
        WideningRule::GeneratedSuffix => "a tool puts a new suffix behind the name on each run",
        WideningRule::ListResource => "AWS checks the call on a whole type, not on one resource",
        WideningRule::UnresolvedField => "the log does not hold this part of the name",
        WideningRule::TooManyResources => "more resources were used than are kept one by one",
        WideningRule::Quota => "widened to meet a size limit, because `--fit` asked for it",
        WideningRule::Lifecycle => "not seen; added by `--complete-lifecycle`",
        WideningRule::User(_) => "a pattern from the configuration file",
    }
}

/// `2 high, 1 low`; `none`.
pub fn severities(findings: &[Finding]) -> String {
    let mut counts: BTreeMap<Reverse<Severity>, usize> = BTreeMap::new();
    for finding in findings {
        *counts.entry(Reverse(finding.severity)).or_default() += 1;
    }
    let parts: Vec<String> = counts.iter().map(|(Reverse(severity), number)| format!("{number} {severity}")).collect();
    if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_tells_which_policy_and_how() {
        let boundary = Some(PolicyType::PermissionsBoundary);
        assert_eq!(denial_words(boundary, false), "no permissions boundary allows it");
        assert_eq!(denial_words(boundary, true), "a permissions boundary denies it explicitly");
    }

    #[test]
    fn numbers_are_grouped_and_nouns_agree() {
        assert_eq!(count(1, "record"), "1 record");
        assert_eq!(count(0, "record"), "0 records");
        assert_eq!(count(1_234_567, "record"), "1,234,567 records");
    }
}
