//! Why AWS did not give what was asked of it, in words and with advice.
//!
//! Holds texts only, so that every build can show it. `aws/error.rs` makes it out of the SDK's errors.

/// What went wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("`{place}`: {kind}")]
pub struct RemoteError {
    /// The source, or the part of it: `lookup-events in eu-west-1`.
    pub place: String,
    pub kind: RemoteErrorKind,
}

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum RemoteErrorKind {
    /// The action is one that our own caller lacks.
    #[error("not allowed to call `{action}`{}", words(.said))]
    AccessDenied { action: String, said: String },
    #[error("the credentials have expired")]
    ExpiredCredentials,
    #[error("no credentials: {cause}")]
    NoCredentials { cause: String },
    /// AWS does not know the key, or not in this Region.
    #[error("the credentials are not valid in {region}")]
    UnknownCredentials { region: String },
    #[error("the signature does not match the access key")]
    WrongSecret,
    #[error("this machine's clock differs from that of AWS{}", words(.said))]
    ClockSkew { said: String },
    #[error("no Region given")]
    NoRegion,
    #[error("AWS slowed us down until we gave up (`{action}`)")]
    Throttled { action: String },
    #[error("the place where the last answer ended is no longer known to AWS")]
    InvalidToken,
    #[error("can't reach AWS: {cause}")]
    Unreachable { cause: String },
    #[error("AWS could not answer `{action}`{}", words(.said))]
    Unavailable { action: String, said: String },
    #[error("`{action}` found nothing{}", words(.said))]
    NotFound { action: String, said: String },
    #[error("`{action}` was refused with `{code}`{}", words(.said))]
    Refused { action: String, code: String, said: String },
    /// An engine did not carry out our statement.
    #[error("{said}")]
    Query { said: String, advice: String },
    /// Anything else, in words.
    #[error("{0}")]
    Other(String),
}

impl RemoteErrorKind {
    /// What to do about it.
    pub fn advice(&self) -> String {
        match self {
            Self::AccessDenied { action, .. } => format!(
                "grant `{action}` to the caller (the book's page on permissions has the whole policy), act as another \
                 role with `--assume-role`, or read the records from files"
            ),
            Self::ExpiredCredentials => {
                "sign in again (`aws sso login`, or new keys), then repeat the command".to_owned()
            }
            Self::NoCredentials { .. } => {
                "choose a profile with `--profile`, sign in with `aws sso login`, or set `AWS_ACCESS_KEY_ID` and \
                 `AWS_SECRET_ACCESS_KEY`"
                    .to_owned()
            }
            Self::UnknownCredentials { region } => format!(
                "if they work in other Regions, {region} is not enabled for the account: leave it out of `--region`; \
                 else check the access key and session token"
            ),
            Self::WrongSecret => "check `AWS_SECRET_ACCESS_KEY`, or the profile that holds the key".to_owned(),
            Self::ClockSkew { .. } => "set the clock of this machine (AWS accepts a few minutes)".to_owned(),
            Self::NoRegion => "name it with `--region`, or as `region` of the profile, or in `AWS_REGION`".to_owned(),
            Self::Throttled { .. } => "something else in the account asks as well; try again later".to_owned(),
            Self::InvalidToken => "repeat the command".to_owned(),
            Self::Unreachable { .. } => "check the network, the proxy (`HTTPS_PROXY`) and `--endpoint-url`".to_owned(),
            Self::Unavailable { .. } => "try again later; AWS's health page tells of outages".to_owned(),
            Self::NotFound { .. } => "check the name, the account and the Region".to_owned(),
            Self::Query { advice, .. } => advice.clone(),
            Self::Refused { code, .. } if code == "InvalidObjectState" => {
                "the object is archived: restore it first (`aws s3api restore-object`), or leave its time out with \
                 `--since`"
                    .to_owned()
            }
            Self::Refused { .. } | Self::Other(_) => "`-vv` shows what was asked and answered".to_owned(),
        }
    }
}

/// AWS's own words, where there are some.
fn words(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}
