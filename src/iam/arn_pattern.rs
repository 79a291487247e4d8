//! Patterns over ARNs, as the Resource element of a policy holds them.

/// `*`, or an ARN whose segments may hold `*` (any run of characters) and `?` (any one character).
///
/// Each of the first five segments is matched for itself; in the sixth `*` also crosses `/` and `:`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArnPattern(String);
