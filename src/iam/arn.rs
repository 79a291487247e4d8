//! Amazon Resource Names.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// An ARN: `arn:partition:service:region:account:resource`, checked to have its six segments. Region and account may be
/// empty. A `*` in it is taken literally: AWS itself authorises some calls on a name such as
/// `arn:aws:eks:eu-central-1:111122223333:cluster/*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn {
    // INVARIANT: `colons` follows from `text`, so that the derived comparisons are those of the text. The text is shared by
    // all copies: usage, grants, statements and report name the same resources.
    text: Arc<str>,
    colons: Colons,
}

/// Why a text is no ARN.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ParseArnError {
    #[error("`{0}` does not start with `arn:`")]
    NoPrefix(String),
    #[error("`{0}` has fewer than the six segments of an ARN")]
    TooFewSegments(String),
    #[error("`{0}` has an empty or malformed {1} segment")]
    BadSegment(String, &'static str),
}

impl Arn {
    /// Puts an ARN together from its segments. Only the resource may hold a colon.
    pub fn from_parts(partition: &str, service: &str, region: &str, account: &str, resource: &str) -> Self {
        let text = format!("arn:{partition}:{service}:{region}:{account}:{resource}");
        let colons = Colons::find(&text).unwrap_or_default();
        Self { text: text.into(), colons }
    }

    /// The whole ARN.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn shared(&self) -> (Arc<str>, Colons) {
        (Arc::clone(&self.text), self.colons)
    }

    /// `aws`, `aws-cn`, `aws-us-gov`
    pub fn partition(&self) -> &str {
        self.segment(1)
    }

    /// The service, as ARNs call it: `eks`.
    pub fn service(&self) -> &str {
        self.segment(2)
    }

    /// The Region; empty for global services.
    pub fn region(&self) -> &str {
        self.segment(3)
    }

    /// The account's id; empty for some services, such as S3.
    pub fn account(&self) -> &str {
        self.segment(4)
    }

    /// All behind the fifth colon: `nodegroup/my-cluster/default/0a1b…`.
    pub fn resource(&self) -> &str {
        self.segment(5)
    }

    /// Segment 0 (`arn`) to 5 (the resource).
    pub(super) fn segment(&self, index: usize) -> &str {
        self.colons.segment(&self.text, index)
    }
}

impl FromStr for Arn {
    type Err = ParseArnError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let colons = check_segments(text)?;
        Ok(Self { text: text.into(), colons })
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Where the five colons stand that part the six segments of an ARN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Colons([u32; 5]);

impl Colons {
    /// The first five colons; none inside `${…}`, where a colon belongs to the name of a condition key.
    pub(super) fn find(text: &str) -> Option<Self> {
        let mut colons = [0; 5];
        let mut slots = colons.iter_mut();
        let mut in_variable = false;
        let mut before = 0;
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                b'{' if before == b'$' => in_variable = true,
                b'}' => in_variable = false,
                b':' if !in_variable => match slots.next() {
                    Some(slot) => *slot = u32::try_from(at).ok()?,
                    None => break,
                },
                _ => {}
            }
            before = byte;
        }
        slots.next().is_none().then_some(Self(colons))
    }

    pub(super) fn segment<'t>(&self, text: &'t str, index: usize) -> &'t str {
        let start = index.checked_sub(1).and_then(|i| self.0.get(i)).map_or(0, |colon| *colon as usize + 1);
        let end = self.0.get(index).map_or(text.len(), |colon| *colon as usize);
        text.get(start..end).unwrap_or_default()
    }
}

/// The colons of a text that has the six segments of an ARN, with partition, service and resource filled in.
pub(super) fn check_segments(text: &str) -> Result<Colons, ParseArnError> {
    if !text.starts_with("arn:") {
        return Err(ParseArnError::NoPrefix(text.to_owned()));
    }
    let colons = Colons::find(text).ok_or_else(|| ParseArnError::TooFewSegments(text.to_owned()))?;
    for (index, name) in [(1, "partition"), (2, "service"), (5, "resource")] {
        if colons.segment(text, index).is_empty() {
            return Err(ParseArnError::BadSegment(text.to_owned(), name));
        }
    }
    Ok(colons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_falls_into_its_segments() {
        let arn: Arn = "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/eks/c:*".parse().unwrap();
        assert_eq!(
            [arn.partition(), arn.service(), arn.region(), arn.account(), arn.resource()],
            ["aws", "logs", "eu-west-1", "111122223333", "log-group:/aws/eks/c:*"]
        );
    }

    #[test]
    fn parts_and_text_make_the_same_arn() {
        let arn = Arn::from_parts("aws", "s3", "", "", "bucket/a:b");
        assert_eq!(arn, "arn:aws:s3:::bucket/a:b".parse().unwrap());
        assert_eq!(arn.region(), "");
    }

    #[test]
    fn texts_that_are_no_arn_are_refused_with_the_reason() {
        let error = |text: &str| text.parse::<Arn>().unwrap_err();
        assert_eq!(error("role"), ParseArnError::NoPrefix("role".into()));
        assert_eq!(error("arn:aws:s3::x"), ParseArnError::TooFewSegments("arn:aws:s3::x".into()));
        assert_eq!(error("arn::s3:::x"), ParseArnError::BadSegment("arn::s3:::x".into(), "partition"));
        assert_eq!(error("arn:aws:s3:::"), ParseArnError::BadSegment("arn:aws:s3:::".into(), "resource"));
    }
}
