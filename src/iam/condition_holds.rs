//! Decides whether the lines of a Condition block hold in a request.
//!
//! Rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html> and
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>.

use std::collections::BTreeSet;

use super::compare::{Comparison, comparison};
use super::variable::Scope;
use super::{ConditionKey, ConditionOperator, Conditions, ContextValue, Quantifier};

/// Whether all lines hold.
pub(super) fn all_hold(conditions: &Conditions, scope: Scope<'_>) -> bool {
    conditions.iter().all(|(operator, key, wanted)| holds(operator, key, wanted, scope))
}

fn holds(operator: ConditionOperator, key: &ConditionKey, wanted: &BTreeSet<String>, scope: Scope<'_>) -> bool {
    let given = scope.context.get(key).map(ContextValue::values).filter(|values| !values.is_empty());
    let Some((comparison, negated)) = comparison(operator.base()) else { return null_holds(wanted, given.is_some()) };
    let line = Line { comparison, negated, wanted, scope };
    match operator.quantifier() {
        None => line.holds(given, operator.has_if_exists()),
        Some(Quantifier::ForAllValues) => data_set(given).is_none_or(|values| values.iter().all(|v| line.fits(v))),
        // Nothing is there to fit, with or without `IfExists`. AWS does not say so in as many words; those who tried report it:
        // https://iam.cloudcopilot.io/resources/operators/ForAnyValue:StringEqualsIgnoreCaseIfExists
        Some(Quantifier::ForAnyValue) => data_set(given).is_some_and(|values| values.iter().any(|v| line.fits(v))),
    }
}

/// `Null`: `true` asks for the key to be absent, `false` for it to be there.
fn null_holds(wanted: &BTreeSet<String>, present: bool) -> bool {
    let asked = if present { "false" } else { "true" };
    wanted.iter().any(|value| value.eq_ignore_ascii_case(asked))
}

/// What the set operators look at: an empty text is an empty set to them.
fn data_set(given: Option<&[String]>) -> Option<&[String]> {
    given.filter(|values| values.iter().any(|value| !value.is_empty()))
}

/// One line of a block, ready to be asked about values.
struct Line<'a> {
    comparison: Comparison,
    negated: bool,
    wanted: &'a BTreeSet<String>,
    scope: Scope<'a>,
}

impl Line<'_> {
    /// Without set operator. A key that is missing fits only what is negated. AWS leaves open what several values do here:
    /// one of them has to fit, or for a negated operator all of them.
    fn holds(&self, given: Option<&[String]>, if_exists: bool) -> bool {
        match given {
            None => if_exists || (self.negated && self.resolves()),
            Some(values) if self.negated => values.iter().all(|value| self.fits(value)),
            Some(values) => values.iter().any(|value| self.fits(value)),
        }
    }

    /// Whether one value of the request fits one of the wanted values, or, negated, none of them. A variable without value
    /// fits nothing, and under a negated operator makes the line fail: "If AWS cannot resolve a variable, this might cause
    /// the entire statement to be invalid"
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>).
    fn fits(&self, given: &str) -> bool {
        let mut results = self.wanted.iter().map(|wanted| self.comparison.fits(wanted, given, self.scope));
        if self.negated { results.all(|fits| fits == Some(false)) } else { results.any(|fits| fits == Some(true)) }
    }

    /// Whether every variable has a value.
    fn resolves(&self) -> bool {
        self.wanted.iter().all(|wanted| self.comparison.fits(wanted, "", self.scope).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Context;

    fn line(operator: &str, wanted: &[&str], given: Option<&[&str]>) -> bool {
        let mut context = Context::new();
        if let Some(values) = given {
            match values {
                [value] => context.insert("aws:Key", *value),
                _ => context.insert("aws:Key", ContextValue::many(values.iter().copied())),
            }
        }
        let mut conditions = Conditions::new();
        conditions.add(operator.parse().unwrap(), "aws:key", wanted.iter().copied());
        all_hold(&conditions, Scope { context: &context, variables: true })
    }

    #[test]
    fn one_of_the_values_has_to_fit_and_none_when_negated() {
        assert!(line("StringEquals", &["a", "b"], Some(&["b"])) && !line("StringEquals", &["a", "b"], Some(&["c"])));
        assert!(
            line("StringNotEquals", &["a", "b"], Some(&["c"])) && !line("StringNotEquals", &["a", "b"], Some(&["b"]))
        );
        assert!(!line("StringEquals", &[], Some(&["a"])) && line("StringNotEquals", &[], Some(&["a"])));
    }

    #[test]
    fn a_missing_key_fits_negated_operators_and_if_exists() {
        assert!(!line("StringEquals", &["a"], None) && line("StringEqualsIfExists", &["a"], None));
        assert!(line("StringNotEquals", &["a"], None) && line("ArnNotLikeIfExists", &["a"], None));
        assert!(!line("StringEqualsIfExists", &["a"], Some(&["b"])) && !line("Bool", &["false"], None));
    }

    #[test]
    fn set_operators_follow_their_rules_for_missing_keys() {
        assert!(
            line("ForAllValues:StringEquals", &["a", "b"], None) && !line("ForAnyValue:StringEquals", &["a"], None)
        );
        assert!(line("ForAllValues:StringEquals", &["a", "b"], Some(&["a", "b"])));
        assert!(!line("ForAllValues:StringEquals", &["a", "b"], Some(&["a", "c"])));
        assert!(line("ForAnyValue:StringEquals", &["a", "b"], Some(&["a", "c"])));
        assert!(
            line("ForAllValues:StringEquals", &["a"], Some(&[""]))
                && !line("ForAnyValue:StringLike", &["*"], Some(&[""]))
        );
        assert!(
            line("ForAnyValue:StringNotEquals", &["a"], Some(&["a", "c"]))
                && !line("ForAnyValue:StringNotEquals", &["a"], None)
        );
        assert!(
            !line("ForAllValues:StringNotEquals", &["a"], Some(&["a", "c"]))
                && !line("ForAnyValue:BoolIfExists", &["a"], None)
        );
    }

    #[test]
    fn null_asks_for_the_key_itself() {
        assert!(line("Null", &["true"], None) && !line("Null", &["true"], Some(&["x"])));
        assert!(line("Null", &["false"], Some(&["x"])) && !line("Null", &["false"], None));
        assert!(line("Null", &["true"], Some(&[])) && line("Null", &["true", "false"], None));
    }

    #[test]
    fn a_variable_without_value_fits_nothing_either_way() {
        assert!(!line("StringEquals", &["${aws:username}"], Some(&["x"])));
        assert!(line("StringEquals", &["${aws:username}", "x"], Some(&["x"])));
        assert!(!line("StringNotEquals", &["${aws:username}"], Some(&["x"])));
        assert!(!line("StringNotEquals", &["${aws:username}"], None));
    }
}
