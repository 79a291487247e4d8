//! Condition operators and their modifiers.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A condition operator with its modifiers, such as `ForAllValues:StringEqualsIfExists`. Sorted by its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConditionOperator {
    base: BaseOperator,
    if_exists: bool,
    quantifier: Option<Quantifier>,
}

/// A text that is no condition operator.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("`{0}` is no condition operator of IAM")]
pub struct ParseOperatorError(String);

/// `ForAllValues:` or `ForAnyValue:`, for keys with several values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Quantifier {
    ForAllValues,
    ForAnyValue,
}

/// Declares the operators once: variant and AWS's spelling are the same word.
macro_rules! base_operators {
    ($($name:ident),+ $(,)?) => {
        /// An operator without its modifiers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum BaseOperator {
            $($name),+
        }

        impl BaseOperator {
            /// All operators of IAM.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// AWS's spelling.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name)),+
                }
            }
        }
    };
}

base_operators!(
    StringEquals,
    StringNotEquals,
    StringEqualsIgnoreCase,
    StringNotEqualsIgnoreCase,
    StringLike,
    StringNotLike,
    NumericEquals,
    NumericNotEquals,
    NumericLessThan,
    NumericLessThanEquals,
    NumericGreaterThan,
    NumericGreaterThanEquals,
    DateEquals,
    DateNotEquals,
    DateLessThan,
    DateLessThanEquals,
    DateGreaterThan,
    DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress,
    NotIpAddress,
    ArnEquals,
    ArnLike,
    ArnNotEquals,
    ArnNotLike,
    Null,
);

impl ConditionOperator {
    pub const STRING_EQUALS: Self = Self::new(BaseOperator::StringEquals);
    pub const STRING_LIKE: Self = Self::new(BaseOperator::StringLike);
    pub const ARN_LIKE: Self = Self::new(BaseOperator::ArnLike);
    pub const BOOL: Self = Self::new(BaseOperator::Bool);
    pub const NULL: Self = Self::new(BaseOperator::Null);

    /// The operator without modifiers.
    pub const fn new(base: BaseOperator) -> Self {
        Self { base, if_exists: false, quantifier: None }
    }

    /// With `IfExists` at the end. `Null` takes no `IfExists` and stays as it is.
    #[must_use]
    pub const fn if_exists(self) -> Self {
        Self { if_exists: !matches!(self.base, BaseOperator::Null), ..self }
    }

    /// With `ForAllValues:` in front.
    #[must_use]
    pub const fn for_all_values(self) -> Self {
        Self { quantifier: Some(Quantifier::ForAllValues), ..self }
    }

    /// With `ForAnyValue:` in front.
    #[must_use]
    pub const fn for_any_value(self) -> Self {
        Self { quantifier: Some(Quantifier::ForAnyValue), ..self }
    }

    pub const fn base(self) -> BaseOperator {
        self.base
    }

    pub const fn has_if_exists(self) -> bool {
        self.if_exists
    }

    pub const fn quantifier(self) -> Option<Quantifier> {
        self.quantifier
    }

    /// Its text in three pieces.
    fn pieces(self) -> [&'static str; 3] {
        let prefix = match self.quantifier {
            None => "",
            Some(Quantifier::ForAllValues) => ALL_VALUES,
            Some(Quantifier::ForAnyValue) => ANY_VALUE,
        };
        [prefix, self.base.as_str(), if self.if_exists { IF_EXISTS } else { "" }]
    }
}

const ALL_VALUES: &str = "ForAllValues:";
const ANY_VALUE: &str = "ForAnyValue:";
const IF_EXISTS: &str = "IfExists";

impl FromStr for ConditionOperator {
    type Err = ParseOperatorError;

    /// Reads any case, as IAM does.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (quantifier, rest) = if let Some(rest) = strip_prefix(text, ALL_VALUES) {
            (Some(Quantifier::ForAllValues), rest)
        } else if let Some(rest) = strip_prefix(text, ANY_VALUE) {
            (Some(Quantifier::ForAnyValue), rest)
        } else {
            (None, text)
        };
        let (name, if_exists) = match rest.len().checked_sub(IF_EXISTS.len()).and_then(|at| rest.split_at_checked(at)) {
            Some((name, end)) if end.eq_ignore_ascii_case(IF_EXISTS) => (name, true),
            _ => (rest, false),
        };
        let base = BaseOperator::ALL.iter().copied().find(|base| base.as_str().eq_ignore_ascii_case(name));
        match base {
            Some(base) if !(if_exists && base == BaseOperator::Null) => Ok(Self { base, if_exists, quantifier }),
            _ => Err(ParseOperatorError(text.to_owned())),
        }
    }
}

fn strip_prefix<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (start, rest) = text.split_at_checked(prefix.len())?;
    start.eq_ignore_ascii_case(prefix).then_some(rest)
}

impl PartialOrd for ConditionOperator {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ConditionOperator {
    fn cmp(&self, other: &Self) -> Ordering {
        let bytes = |operator: &Self| operator.pieces().into_iter().flat_map(str::bytes);
        bytes(self).cmp(bytes(other))
    }
}

impl fmt::Display for ConditionOperator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pieces().into_iter().try_for_each(|piece| f.write_str(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operator_reads_what_it_prints_in_any_case() {
        for &base in BaseOperator::ALL {
            let plain = ConditionOperator::new(base);
            for operator in [plain, plain.if_exists(), plain.for_all_values().if_exists(), plain.for_any_value()] {
                assert_eq!(operator.to_string().parse(), Ok(operator));
                assert_eq!(operator.to_string().to_uppercase().parse(), Ok(operator));
            }
        }
    }

    #[test]
    fn what_iam_does_not_know_is_refused() {
        for text in ["", "StringMatches", "IfExists", "NullIfExists", "ForAllValues:", "ForSomeValues:Bool", "ä"] {
            assert_eq!(text.parse::<ConditionOperator>(), Err(ParseOperatorError(text.into())));
        }
    }

    #[test]
    fn operators_sort_by_their_text() {
        let mut operators: Vec<_> = BaseOperator::ALL.iter().map(|&base| ConditionOperator::new(base)).collect();
        operators.push(ConditionOperator::BOOL.for_any_value());
        operators.sort();
        assert!(operators.windows(2).all(|pair| pair[0].to_string() < pair[1].to_string()));
    }
}
