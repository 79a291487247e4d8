//! Amazon Resource Names.

/// An ARN: `arn:partition:service:region:account:resource`, checked to have its six segments. Region and account may be
/// empty. A `*` in it is taken literally: AWS itself authorises some calls on a name such as
/// `arn:aws:eks:eu-central-1:111122223333:cluster/*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(String);

/// Why a text is no ARN.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseArnError {
    #[error("`{0}` does not start with `arn:`")]
    NoPrefix(String),
    #[error("`{0}` has fewer than the six segments of an ARN")]
    TooFewSegments(String),
    #[error("`{0}` has an empty or malformed {1} segment")]
    BadSegment(String, &'static str),
}

impl Arn {
    /// Puts an ARN together from its segments.
    pub fn from_parts(partition: &str, service: &str, region: &str, account: &str, resource: &str) -> Self {
        Self(format!("arn:{partition}:{service}:{region}:{account}:{resource}"))
    }
}
