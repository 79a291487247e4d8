//! IAM's size limits (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>), counted as IAM counts.

use super::PolicyDocument;

/// Characters of one managed policy, without white space.
pub const MANAGED_POLICY_CHARACTERS: usize = 6_144;
/// Characters of all inline policies of a role together, without white space.
pub const INLINE_POLICY_CHARACTERS_PER_ROLE: usize = 10_240;
/// Characters of all inline policies of a user together, without white space.
pub const INLINE_POLICY_CHARACTERS_PER_USER: usize = 2_048;
/// Characters of a role's trust policy, by default.
pub const TRUST_POLICY_CHARACTERS: usize = 2_048;
/// Managed policies that a role may have by default.
pub const MANAGED_POLICIES_PER_ROLE: usize = 10;

/// Size of a document as IAM counts it, in its canonical form: characters, white space left out.
///
/// AWS says only that "policy size calculations do not include white space characters"
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>, and alike in
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>); whether a space inside a string counts is
/// not said. It counts here: then a policy that fits by this count fits either way.
pub fn policy_characters(document: &PolicyDocument) -> usize {
    document.to_json().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{ActionPattern, ArnPattern, Statement};

    #[test]
    fn characters_are_counted_not_bytes_and_no_layout() {
        let mut statement = Statement::allow([ActionPattern::any()], [ArnPattern::any()]);
        let plain = policy_characters(&PolicyDocument::new(vec![statement.clone()]));
        let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
        assert_eq!(plain, text.len());
        statement.conditions.add("StringEquals".parse().unwrap(), "aws:PrincipalTag/team", ["straße nord"]);
        let added = r#","Condition":{"StringEquals":{"aws:PrincipalTag/team":"straße nord"}}"#.chars().count();
        assert_eq!(policy_characters(&PolicyDocument::new(vec![statement])), plain + added);
    }
}
