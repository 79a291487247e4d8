//! Compares one value of a policy with one value of a request, for every condition operator.
//!
//! Rules: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

use std::cmp::Ordering;

use super::arn::Colons;
use super::variable::Scope;
use super::{BaseOperator, date, glob, ip};

/// What an operator compares, its negation aside.
#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Text,
    TextIgnoringCase,
    Pattern,
    Arn,
    Boolean,
    Binary,
    Address,
    /// The order of the request's value to the policy's value.
    Number(fn(Ordering) -> bool),
    Date(fn(Ordering) -> bool),
}

/// The comparison behind an operator and whether the operator negates it. `None` for `Null`, which compares nothing.
pub(super) fn comparison(operator: BaseOperator) -> Option<(Comparison, bool)> {
    use BaseOperator as Op;
    Some(match operator {
        Op::StringEquals => (Comparison::Text, false),
        Op::StringNotEquals => (Comparison::Text, true),
        Op::StringEqualsIgnoreCase => (Comparison::TextIgnoringCase, false),
        Op::StringNotEqualsIgnoreCase => (Comparison::TextIgnoringCase, true),
        Op::StringLike => (Comparison::Pattern, false),
        Op::StringNotLike => (Comparison::Pattern, true),
        Op::NumericEquals => (Comparison::Number(Ordering::is_eq), false),
        Op::NumericNotEquals => (Comparison::Number(Ordering::is_eq), true),
        Op::NumericLessThan => (Comparison::Number(Ordering::is_lt), false),
        Op::NumericLessThanEquals => (Comparison::Number(Ordering::is_le), false),
        Op::NumericGreaterThan => (Comparison::Number(Ordering::is_gt), false),
        Op::NumericGreaterThanEquals => (Comparison::Number(Ordering::is_ge), false),
        Op::DateEquals => (Comparison::Date(Ordering::is_eq), false),
        Op::DateNotEquals => (Comparison::Date(Ordering::is_eq), true),
        Op::DateLessThan => (Comparison::Date(Ordering::is_lt), false),
        Op::DateLessThanEquals => (Comparison::Date(Ordering::is_le), false),
        Op::DateGreaterThan => (Comparison::Date(Ordering::is_gt), false),
        Op::DateGreaterThanEquals => (Comparison::Date(Ordering::is_ge), false),
        Op::Bool => (Comparison::Boolean, false),
        Op::BinaryEquals => (Comparison::Binary, false),
        Op::IpAddress => (Comparison::Address, false),
        Op::NotIpAddress => (Comparison::Address, true),
        Op::ArnEquals | Op::ArnLike => (Comparison::Arn, false),
        Op::ArnNotEquals | Op::ArnNotLike => (Comparison::Arn, true),
        Op::Null => return None,
    })
}

impl Comparison {
    /// Whether the request's value fits the policy's. `None`: a policy variable in it has no value.
    ///
    /// Variables are known to text, ARN and Bool operators only; elsewhere `${…}` is no number, date or address.
    pub(super) fn fits(self, wanted: &str, given: &str, scope: Scope<'_>) -> Option<bool> {
        Some(match self {
            Self::Text => scope.text(wanted)? == given,
            Self::TextIgnoringCase => equal_ignoring_case(&scope.text(wanted)?, given),
            Self::Pattern => glob::matches(&scope.pattern(wanted)?, given.as_bytes()),
            Self::Arn => arn_fits(&scope.pattern(wanted)?, given),
            Self::Boolean => boolean(&scope.text(wanted)?).is_some_and(|wanted| boolean(given) == Some(wanted)),
            Self::Binary => wanted == given,
            Self::Address => ip::in_range(given, wanted),
            Self::Number(order) => compare(number(given), number(wanted), order),
            Self::Date(order) => compare(date::instant(given), date::instant(wanted), order),
        })
    }
}

/// Whether both are there and in this order.
fn compare<T: PartialOrd>(given: Option<T>, wanted: Option<T>, order: fn(Ordering) -> bool) -> bool {
    given.zip(wanted).and_then(|(given, wanted)| given.partial_cmp(&wanted)).is_some_and(order)
}

fn equal_ignoring_case(left: &str, right: &str) -> bool {
    left.chars().flat_map(char::to_lowercase).eq(right.chars().flat_map(char::to_lowercase))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// An integer or decimal number; not the words for infinity that Rust reads too.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    if digits { text.parse().ok() } else { None }
}

/// Compares the six segments of an ARN each for itself; `*` alone stands for every ARN.
fn arn_fits(pattern: &[u8], given: &str) -> bool {
    if pattern == b"*" {
        return true;
    }
    let Some(colons) = Colons::find(given) else { return false };
    let mut segments = pattern.splitn(6, |&byte| byte == b':');
    let all = (0..6).all(|index| {
        let segment = colons.segment(given, index);
        segments.next().is_some_and(|pattern| glob::matches(pattern, segment.as_bytes()))
    });
    all && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Context;

    fn fits(operator: BaseOperator, wanted: &str, given: &str) -> bool {
        let context = Context::new();
        let scope = Scope { context: &context, variables: true };
        let (comparison, negated) = comparison(operator).unwrap();
        comparison.fits(wanted, given, scope).unwrap() != negated
    }

    #[test]
    fn texts_compare_by_case_and_only_like_knows_wildcards() {
        use BaseOperator as Op;
        assert!(
            fits(Op::StringEquals, "a*", "a*")
                && !fits(Op::StringEquals, "a*", "ab")
                && fits(Op::StringLike, "a*", "ab")
        );
        assert!(!fits(Op::StringEquals, "A", "a") && fits(Op::StringEqualsIgnoreCase, "STRÄSSE", "strässe"));
        assert!(
            !fits(Op::StringLike, "A*", "ab")
                && !fits(Op::StringLike, "a${*}", "ab")
                && fits(Op::StringLike, "a${*}", "a*")
        );
        assert!(fits(Op::StringNotLike, "b*", "a") && !fits(Op::StringNotEqualsIgnoreCase, "A", "a"));
    }

    #[test]
    fn numbers_compare_by_value() {
        use BaseOperator as Op;
        assert!(fits(Op::NumericEquals, "10", "10.0") && fits(Op::NumericLessThan, "10", "9"));
        assert!(fits(Op::NumericGreaterThanEquals, "-1.5", "-1.5") && !fits(Op::NumericGreaterThan, "10", "9"));
        assert!(!fits(Op::NumericEquals, "inf", "inf") && fits(Op::NumericNotEquals, "1", "x"));
    }

    #[test]
    fn dates_are_read_in_iso_and_epoch() {
        use BaseOperator as Op;
        assert!(fits(Op::DateEquals, "2020-01-01T00:00:00Z", "1577836800"));
        assert!(fits(Op::DateGreaterThan, "2020", "2020-01-01T00:00:01Z"));
        // One o'clock in a zone two hours ahead is the day before in UTC.
        assert!(
            fits(Op::DateLessThan, "2020-01-01", "2020-01-01T01:00:00+02:00")
                && !fits(Op::DateLessThan, "2020", "2021")
        );
    }

    #[test]
    fn arns_compare_segment_by_segment() {
        use BaseOperator as Op;
        let pattern = "arn:aws:s3:*:1:finance/*";
        assert!(fits(Op::ArnLike, pattern, "arn:aws:s3:r:1:finance/a:b"));
        assert!(!fits(Op::ArnEquals, pattern, "arn:aws:s3:r:9:store:1:finance/a") && !fits(Op::ArnLike, pattern, "x"));
        assert!(fits(Op::ArnLike, "*", "arn:aws:s3:::b") && fits(Op::ArnNotLike, pattern, "arn:aws:s3:r:2:finance/a"));
        assert!(!fits(Op::ArnLike, "arn:aws:s3", "arn:aws:s3:::b"));
    }

    #[test]
    fn booleans_binaries_and_addresses_have_their_own_rules() {
        use BaseOperator as Op;
        assert!(fits(Op::Bool, "True", "true") && !fits(Op::Bool, "yes", "yes") && !fits(Op::Bool, "false", "true"));
        assert!(fits(Op::BinaryEquals, "QmluYXJ5", "QmluYXJ5") && !fits(Op::BinaryEquals, "QmluYXJ5", "qmluyxj5"));
        assert!(
            fits(Op::IpAddress, "203.0.113.0/24", "203.0.113.9") && fits(Op::NotIpAddress, "203.0.113.0/24", "::1")
        );
    }
}
