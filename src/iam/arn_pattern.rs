//! Patterns over ARNs, as the Resource element of a policy holds them.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use super::arn::{Colons, check_segments};
use super::glob;
use super::variable::{Scope, has_variable};
use super::{Arn, ParseArnError, Resource};

/// `*`, or an ARN whose segments may hold `*` (any run of characters) and `?` (any one character).
///
/// Each of the first five segments is matched for itself; in the sixth `*` also crosses `/` and `:`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ArnPattern {
    // INVARIANT: the other fields follow from `text`, so that the derived comparisons are those of the text.
    text: Arc<str>,
    /// `None` for `*`.
    colons: Option<Colons>,
    wildcard: bool,
    variable: bool,
    /// So much of the text stands before the first wildcard.
    plain: u32,
}

impl ArnPattern {
    /// The pattern `*`: every ARN, and requests that name no resource.
    pub fn any() -> Self {
        Self { text: "*".into(), colons: None, wildcard: true, variable: false, plain: 0 }
    }

    /// The ARN's text as a pattern. A `*` or `?` in the ARN becomes a wildcard.
    pub fn literal(arn: &Arn) -> Self {
        let (text, colons) = arn.shared();
        Self::with_colons(text, colons)
    }

    /// Reads `*` or an ARN with wildcards. IAM fills up an ARN with fewer than six segments: `arn:aws:sqs` is
    /// `arn:aws:sqs:*:*:*` (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>).
    pub fn parse(text: &str) -> Result<Self, ParseArnError> {
        if text == "*" {
            return Ok(Self::any());
        }
        let mut whole = text.to_owned();
        for _ in 0..4 {
            if whole.starts_with("arn:") && Colons::find(&whole).is_none() {
                whole.push_str(":*");
            }
        }
        // IAM takes a pattern without a resource, AWS's own policies have one: it matches nothing.
        let colons = match Colons::find(&whole).filter(|colons| colons.segment(&whole, 5).is_empty()) {
            Some(colons) => check_segments(&format!("{whole}*")).map(|_| colons)?,
            None => check_segments(&whole)?,
        };
        Ok(Self::with_colons(whole.into(), colons))
    }

    fn with_colons(text: Arc<str>, colons: Colons) -> Self {
        let first = text.find(['*', '?']);
        // A text too long for the number is only compared for longer.
        let plain = u32::try_from(first.unwrap_or(text.len())).unwrap_or_default();
        Self { colons: Some(colons), wildcard: first.is_some(), variable: has_variable(&text), plain, text }
    }

    /// Whether this is the bare `*`.
    pub fn is_any(&self) -> bool {
        self.colons.is_none()
    }

    /// Whether it stands for more than one text.
    pub fn has_wildcard(&self) -> bool {
        self.wildcard
    }

    /// Whether it holds a policy variable (`${aws:username}`) or an escape (`${*}`).
    pub fn has_variable(&self) -> bool {
        self.variable
    }

    /// Whether it stands for its own text alone.
    pub fn is_name(&self) -> bool {
        !self.wildcard && !self.variable
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The pattern of the service segment; `None` for `*`.
    pub fn service(&self) -> Option<&str> {
        self.segment(2)
    }

    /// The pattern of the resource, all behind the fifth colon; `None` for `*`.
    pub fn resource(&self) -> Option<&str> {
        self.segment(5)
    }

    /// The pattern of segment 0 (`arn`) to 5 (the resource); `None` for `*`.
    pub fn segment(&self, index: usize) -> Option<&str> {
        self.colons.as_ref().map(|colons| colons.segment(&self.text, index))
    }

    /// Whether the pattern stands for the ARN. A policy variable matches nothing here: its value is known in a request only.
    pub fn matches(&self, arn: &Arn) -> bool {
        if self.is_any() {
            return true;
        }
        if self.variable {
            return self.covers(&Self::exactly(arn));
        }
        if !self.wildcard {
            return *self.text == *arn.as_str();
        }
        // Nearly all that does not match differs before the first wildcard, where bytes tell.
        let plain = ..self.plain as usize;
        if self.text.as_bytes().get(plain) != arn.as_str().as_bytes().get(plain) {
            return false;
        }
        (1..6).rev().all(|index| {
            let pattern = self.segment(index).unwrap_or_default();
            glob::matches(pattern.as_bytes(), arn.segment(index).as_bytes())
        })
    }

    /// Whether the pattern stands for the resource of a request, its variables filled in from the request.
    /// `None`: a variable has no value there.
    pub(super) fn matches_in(&self, resource: &Resource, scope: Scope<'_>) -> Option<bool> {
        match resource {
            Resource::Arn(arn) if self.variable => self.matches_resolved(arn, scope),
            _ => Some(self.matches_resource(resource)),
        }
    }

    fn matches_resolved(&self, arn: &Arn, scope: Scope<'_>) -> Option<bool> {
        let mut all = true;
        for index in 1..6 {
            let pattern = scope.pattern(self.segment(index).unwrap_or_default())?;
            all = all && glob::matches(&pattern, arn.segment(index).as_bytes());
        }
        Some(all)
    }

    /// Like [`ArnPattern::matches`]; a request without a resource is matched by `*` alone.
    pub fn matches_resource(&self, resource: &Resource) -> bool {
        match resource {
            Resource::Any => self.is_any(),
            Resource::Arn(arn) => self.matches(arn),
        }
    }

    /// Whether every ARN of the other pattern is one of this. Exact for patterns without variables; a variable is covered
    /// by itself and by `*` only.
    pub fn covers(&self, other: &Self) -> bool {
        if self.is_any() || self == other {
            return true;
        }
        let compare = |index| match (self.segment(index), other.segment(index)) {
            (Some(wide), Some(narrow)) => glob::covers(wide, narrow),
            _ => false,
        };
        (1..6).all(compare)
    }

    /// Whether some ARN belongs to both patterns. A policy variable counts as `*`.
    pub fn intersects(&self, other: &Self) -> bool {
        let compare = |index| match (self.segment(index), other.segment(index)) {
            (Some(left), Some(right)) => glob::intersects(left, right),
            _ => true,
        };
        // The resource tells most of them apart.
        (1..6).rev().all(compare)
    }

    /// A text as a pattern writes it that stands for nothing else. A `$` alone is no variable
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>).
    pub fn escape(text: &str) -> String {
        text.replace("${", "${$}{").replace('?', "${?}").replace('*', "${*}")
    }

    /// The pattern of this ARN alone, its wildcard characters escaped.
    fn exactly(arn: &Arn) -> Self {
        let text = Self::escape(arn.as_str());
        let colons = Colons::find(&text).unwrap_or_default();
        Self::with_colons(text.into(), colons)
    }
}

/// Looks up by the text, in agreement with the order and the hash.
impl Borrow<str> for ArnPattern {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl Hash for ArnPattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl From<&Arn> for ArnPattern {
    fn from(arn: &Arn) -> Self {
        Self::literal(arn)
    }
}

impl FromStr for ArnPattern {
    type Err = ParseArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for ArnPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> ArnPattern {
        text.parse().unwrap()
    }

    fn matches(wide: &str, arn: &str) -> bool {
        pattern(wide).matches(&arn.parse().unwrap())
    }

    #[test]
    fn a_star_stays_inside_its_segment_and_crosses_all_in_the_resource() {
        assert!(matches("arn:aws:eks:*:1:cluster/*", "arn:aws:eks:eu-west-1:1:cluster/a/b:c"));
        assert!(!matches("arn:aws:eks:*:cluster/*:x", "arn:aws:eks:r:1:cluster/x"));
        assert!(!matches("arn:aws:eks:*:2:cluster/*", "arn:aws:eks:r:1:2:cluster/x"));
        assert!(!matches("arn:aws:eks:r:1:addon/*/*/*", "arn:aws:eks:r:1:/createaddon"));
    }

    #[test]
    fn only_the_bare_star_matches_a_request_without_resource() {
        assert!(ArnPattern::any().matches_resource(&Resource::Any));
        assert!(!pattern("arn:*:*:*:*:*").matches_resource(&Resource::Any));
    }

    #[test]
    fn containment_goes_segment_by_segment() {
        let covers = |wide: &str, narrow: &str| pattern(wide).covers(&pattern(narrow));
        assert!(covers("*", "arn:aws:s3:::b") && covers("arn:aws:s3:::b/*", "arn:aws:s3:::b/x/*"));
        assert!(covers("arn:*:*:*:*:*", "arn:aws:s3:::b") && !covers("arn:*:*:*:*:*", "*"));
        assert!(!covers("arn:aws:s3:::b", "arn:aws:s3:::*") && !covers("arn:aws:s3:::b*", "arn:aws:s3:r::b"));
    }

    #[test]
    fn an_incomplete_arn_is_filled_up_with_stars() {
        assert_eq!(pattern("arn:aws:sqs"), pattern("arn:aws:sqs:*:*:*"));
        assert_eq!(
            "arn::s3".parse::<ArnPattern>(),
            Err(ParseArnError::BadSegment("arn::s3:*:*:*".into(), "partition"))
        );
        assert!("arn:aws:${s3".parse::<ArnPattern>().is_err());
        assert_eq!("arn".parse::<ArnPattern>(), Err(ParseArnError::NoPrefix("arn".into())));
    }

    #[test]
    fn overlap_needs_every_segment() {
        let overlap = |left: &str, right: &str| pattern(left).intersects(&pattern(right));
        assert!(overlap("arn:aws:s3:::a*", "arn:aws:s3:::*b") && overlap("*", "arn:aws:s3:::a"));
        assert!(!overlap("arn:aws:s3:::a*", "arn:aws:s3:::b*"));
        assert!(!overlap("arn:aws:ec2:r1:*:a", "arn:aws:ec2:r2:*:a"));
    }

    #[test]
    fn variables_match_no_arn_and_escapes_match_themselves() {
        assert!(!matches("arn:aws:iam::1:user/${aws:username}", "arn:aws:iam::1:user/x"));
        assert!(matches("arn:aws:eks:r:1:cluster/${*}", "arn:aws:eks:r:1:cluster/*"));
        assert!(!matches("arn:aws:eks:r:1:cluster/${*}", "arn:aws:eks:r:1:cluster/a"));
        assert_eq!(pattern("arn:aws:iam::${aws:PrincipalAccount}:user/x").segment(4), Some("${aws:PrincipalAccount}"));
    }

    #[test]
    fn a_name_is_escaped_where_iam_would_read_something_else() {
        assert_eq!(ArnPattern::escape("a$LATEST"), "a$LATEST");
        for name in ["$LATEST", "${aws:username}", "$${*}", "a*", "a?${"] {
            let text = format!("arn:aws:lambda:r:1:function:f:{}", ArnPattern::escape(name));
            let whole = format!("arn:aws:lambda:r:1:function:f:{name}");
            assert!(matches(&text, &whole), "{text}");
            assert!(!matches(&text, &format!("{whole}x")), "{text}");
            assert!(!matches(&text, "arn:aws:lambda:r:1:function:f:ann"), "{text}");
        }
    }
}
