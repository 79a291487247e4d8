//! Conditions as people read them.

use crate::iam::Conditions;

/// One line for each condition: `iam:PassedToService StringEquals eks.amazonaws.com`.
pub fn condition_lines(conditions: &Conditions) -> Vec<String> {
    let lines = conditions.iter().map(|(operator, key, values)| {
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        format!("{} {operator} {}", key.as_str(), values.join(" or "))
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::ConditionOperator;

    #[test]
    fn a_line_reads_like_a_sentence() {
        let mut conditions = Conditions::new();
        conditions.add(
            ConditionOperator::STRING_EQUALS,
            "iam:PassedToService",
            ["eks.amazonaws.com", "ec2.amazonaws.com"],
        );
        assert_eq!(
            condition_lines(&conditions),
            ["iam:PassedToService StringEquals ec2.amazonaws.com or eks.amazonaws.com"]
        );
    }
}
