//! The table of error codes (`error_codes.toml`): what an error says about authorisation.

use std::sync::LazyLock;

use crate::data_file;
use crate::iam::Action;

/// What a row of the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Verdict {
    Allowed,
    AllowedThenFailed,
    Denied,
    Unknown,
}

/// A wording that makes any error a denial.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DenialWording {
    contains: String,
    /// The action that the wording stands for, where it names none.
    #[serde(default, deserialize_with = "optional_action")]
    pub action: Option<Action>,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader of the table"))]
    why: String,
}

/// What an error with this code, from this service, with this text, says about authorisation.
pub(super) fn verdict(source: &str, code: &str, message: &str) -> Verdict {
    let code = code.rsplit_once('#').map_or(code, |(_, code)| code).to_ascii_lowercase();
    let code = code.strip_prefix("client.").unwrap_or(&code);
    let message = message.to_ascii_lowercase();
    let row = TABLE.code.iter().find(|row| row.fits(source, code, &message));
    row.map_or(Verdict::Unknown, |row| row.outcome)
}

/// The wording in `text` that makes it a denial.
pub(super) fn denial_wording(text: &str) -> Option<&'static DenialWording> {
    if text.is_empty() {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let wordings: &'static Vec<DenialWording> = &TABLE.text;
    wordings.iter().find(|wording| text.contains(&wording.contains))
}

/// A service-linked role, whose path follows from its service.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceLinkedRole {
    name: String,
    service: String,
}

impl ServiceLinkedRole {
    /// The one that a text names.
    pub fn named_in(text: &str) -> Option<&'static Self> {
        let roles: &'static Vec<Self> = &TABLE.service_linked_role;
        let is_word = |role: &Self| {
            let behind = text.split_once(&role.name).map(|(_, behind)| behind);
            behind.is_some_and(|behind| !behind.starts_with(char::is_alphanumeric))
        };
        roles.iter().find(|role| is_word(role))
    }

    /// Path and name: `aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS`.
    pub fn path_and_name(&self) -> String {
        format!("aws-service-role/{}/{}", self.service, self.name)
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    code: Vec<CodeRow>,
    text: Vec<DenialWording>,
    service_linked_role: Vec<ServiceLinkedRole>,
}

/// Patterns and texts are lower case in memory.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeRow {
    #[serde(deserialize_with = "lower_case")]
    code: Vec<String>,
    source: Option<String>,
    #[serde(default)]
    message: Vec<String>,
    outcome: Verdict,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader of the table"))]
    why: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| data_file::sound(include_str!("error_codes.toml")));

impl CodeRow {
    fn fits(&self, source: &str, code: &str, message: &str) -> bool {
        self.code.iter().any(|pattern| matches(pattern, code))
            && self.source.as_deref().is_none_or(|wanted| wanted == source)
            && (self.message.is_empty() || self.message.iter().any(|wanted| message.contains(wanted)))
    }
}

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == text };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut text) = text.strip_prefix(start).and_then(|text| text.strip_suffix(end)) else { return false };
    for part in middle.split('*') {
        match text.find(part) {
            Some(at) => text = text.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    true
}

fn lower_case<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let patterns: Vec<String> = serde::Deserialize::deserialize(deserializer)?;
    Ok(patterns.iter().map(|pattern| pattern.to_ascii_lowercase()).collect())
}

fn optional_action<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Action>, D::Error> {
    let text: String = serde::Deserialize::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_decide_something_and_says_why() {
        for row in &TABLE.code {
            assert!(!row.why.is_empty());
            assert!(row.message.iter().all(|text| *text == text.to_ascii_lowercase()), "{:?}", row.message);
            for pattern in &row.code {
                let code = pattern.replace('*', "");
                let message = row.message.first().map_or("", String::as_str);
                let source = row.source.as_deref().unwrap_or("x.amazonaws.com");
                assert_eq!(verdict(source, &code, message), row.outcome, "`{pattern}` is hidden by a row above it");
            }
        }
        for wording in &TABLE.text {
            assert!(!wording.why.is_empty());
            assert_eq!(wording.contains, wording.contains.to_ascii_lowercase());
        }
    }

    #[test]
    fn stars_match_any_run() {
        for (pattern, text) in
            [("a*", "abc"), ("*c", "abc"), ("*b*", "abc"), ("a*c", "ac"), ("*", ""), ("a*b*c", "axbyc")]
        {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [("a", "ab"), ("a*a", "a"), ("*b*", "ac"), ("a*b*c", "acb")] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn codes_of_real_records_are_told_apart() {
        use Verdict::{Allowed, AllowedThenFailed, Denied, Unknown};
        let cases = [
            ("s3", "NoSuchBucketPolicy", "The bucket policy does not exist", AllowedThenFailed),
            ("s3", "ObjectLockConfigurationNotFoundError", "", AllowedThenFailed),
            ("s3", "ServerSideEncryptionConfigurationNotFoundError", "", AllowedThenFailed),
            ("s3", "BucketAlreadyOwnedByYou", "", AllowedThenFailed),
            ("s3", "AccessDenied", "Access Denied", Denied),
            ("s3", "SlowDown", "", Unknown),
            ("iam", "NoSuchEntityException", "", AllowedThenFailed),
            ("iam", "EntityAlreadyExistsException", "", AllowedThenFailed),
            ("iam", "DeleteConflictException", "", AllowedThenFailed),
            ("iam", "EntityTemporarilyUnmodifiableException", "", AllowedThenFailed),
            ("iam", "LimitExceededException", "Cannot exceed quota for PoliciesPerRole: 10", AllowedThenFailed),
            ("iam", "MalformedPolicyDocumentException", "", Unknown),
            ("ec2", "Client.DryRunOperation", "Request would have succeeded", Allowed),
            ("ec2", "Client.UnauthorizedOperation", "", Denied),
            ("ec2", "Client.InvalidLaunchTemplateId.NotFound", "", AllowedThenFailed),
            ("ec2", "Client.InvalidGroup.Duplicate", "", AllowedThenFailed),
            ("ec2", "Client.InvalidVpcID.Malformed", "", Unknown),
            ("ec2", "Client.RequestLimitExceeded", "", Unknown),
            ("ec2", "Client.VpcLimitExceeded", "", AllowedThenFailed),
            ("ec2", "Client.DependencyViolation", "", AllowedThenFailed),
            ("ec2", "Client.IncorrectInstanceState", "", AllowedThenFailed),
            ("ec2", "Client.AuthFailure", "", Unknown),
            ("ec2", "Client.Unsupported", "", Unknown),
            ("ec2", "Server.InternalError", "", Unknown),
            ("ec2", "Server.InsufficientInstanceCapacity", "", AllowedThenFailed),
            ("eks", "ResourceInUseException", "", AllowedThenFailed),
            ("eks", "InvalidRequestException", "", Unknown),
            ("cloudformation", "ValidationException", "Stack with id x does not exist", AllowedThenFailed),
            ("cloudformation", "ValidationException", "Template format error", Unknown),
            ("cloudtrail", "ThrottlingException", "Rate exceeded", Unknown),
            ("kinesis", "LimitExceededException", "Rate exceeded for account 1", Unknown),
            ("sns", "AuthorizationErrorException", "", Denied),
            ("sts", "ExpiredTokenException", "", Unknown),
            ("securityhub", "InvalidAccessException", "", Unknown),
            ("ce", "AccessDenied", "IAM user access not activated", Unknown),
            ("cognito-idp", "NotAuthorizedException", "Incorrect username or password.", Unknown),
            ("dynamodb", "ConditionalCheckFailedException", "", AllowedThenFailed),
            ("x", "com.amazonaws.x#AccessDeniedException", "", Denied),
            ("x", "SomethingNobodyHasSeen", "", Unknown),
        ];
        for (service, code, message, expected) in cases {
            assert_eq!(verdict(&format!("{service}.amazonaws.com"), code, message), expected, "{code}: {message}");
        }
    }
}
