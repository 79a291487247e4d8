//! IAM's size limits, counted as IAM counts them.

use super::PolicyDocument;

/// Characters of one managed policy, without white space.
pub const MANAGED_POLICY_CHARACTERS: usize = 6_144;
/// Characters of all inline policies of a role together, without white space.
pub const INLINE_POLICY_CHARACTERS_PER_ROLE: usize = 10_240;
/// Characters of a role's trust policy, by default.
pub const TRUST_POLICY_CHARACTERS: usize = 2_048;
/// Managed policies that a role may have by default.
pub const MANAGED_POLICIES_PER_ROLE: usize = 10;

/// Size of a document as IAM counts it.
pub fn policy_characters(document: &PolicyDocument) -> usize {
    document.to_json().chars().count()
}
