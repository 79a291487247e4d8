//! The SDK's errors as ours, in one place.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::config::http::HttpResponse;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use crate::collector::remote_error::RemoteErrorKind;

/// What was asked: the IAM action of the operation, and where.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// `cloudtrail:LookupEvents`
    pub action: &'a str,
    /// The Region that was asked; may be empty.
    pub region: &'a str,
}

/// What went wrong with a call.
pub fn kind_of<E>(error: &SdkError<E, HttpResponse>, call: Call<'_>) -> RemoteErrorKind
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(credentials) = find::<CredentialsError>(error) {
        return of_credentials(credentials);
    }
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let said = error.message().unwrap_or_default();
            of_answer(error.code().unwrap_or_default(), said, status, call)
        }
        SdkError::TimeoutError(_) => RemoteErrorKind::Unreachable { cause: "no answer in time".to_owned() },
        SdkError::ResponseError(response) => {
            let status = response.raw().status().as_u16();
            if status >= 400 { of_answer("", "", status, call) } else { unreachable(error) }
        }
        _ => unreachable(error),
    }
}

/// What went wrong, by the code and the words of an answer.
fn of_answer(code: &str, said: &str, status: u16, call: Call<'_>) -> RemoteErrorKind {
    let (action, said) = (call.action.to_owned(), said.to_owned());
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AuthorizationError"
        | "AuthorizationErrorException"
        | "NotAuthorized"
        | "Forbidden"
        | "AllAccessDisabled" => RemoteErrorKind::AccessDenied { action, said },
        "ExpiredToken" | "ExpiredTokenException" | "ExpiredTokenIdentifier" | "TokenRefreshRequired" => {
            RemoteErrorKind::ExpiredCredentials
        }
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "AuthFailure"
        | "InvalidAccessKeyId"
        | "InvalidToken"
        | "MissingAuthenticationToken"
        | "OptInRequired" => RemoteErrorKind::UnknownCredentials { region: region_or(call.region) },
        "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => RemoteErrorKind::ClockSkew { said },
        "SignatureDoesNotMatch" | "InvalidSignatureException" | "IncompleteSignature" => {
            if names_times(&said) {
                RemoteErrorKind::ClockSkew { said }
            } else {
                RemoteErrorKind::WrongSecret
            }
        }
        "InvalidNextTokenException" | "InvalidNextToken" | "InvalidPaginationToken" => RemoteErrorKind::InvalidToken,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "SlowDown"
        | "RequestThrottled"
        | "RequestThrottledException" => RemoteErrorKind::Throttled { action },
        "" if status == 403 => RemoteErrorKind::AccessDenied { action, said },
        "" if status == 429 => RemoteErrorKind::Throttled { action },
        _ if status >= 500 => RemoteErrorKind::Unavailable { action, said },
        _ if status == 404 || is_not_found(code) => RemoteErrorKind::NotFound { action, said },
        "" => RemoteErrorKind::Refused { action, code: format!("HTTP status {status}"), said },
        _ => RemoteErrorKind::Refused { action, code: code.to_owned(), said },
    }
}

/// `NoSuchEntity`, `NoSuchBucket`, `EventDataStoreNotFoundException`.
fn is_not_found(code: &str) -> bool {
    code.starts_with("NoSuch") || code.contains("NotFound")
}

/// AWS answers a wrong clock and a wrong secret with one code; only for the clock it names times.
fn names_times(said: &str) -> bool {
    ["Signature expired", "not yet current", "is now earlier than", "is still later than"]
        .iter()
        .any(|words| said.contains(words))
}

fn region_or(region: &str) -> String {
    if region.is_empty() { "this Region".to_owned() } else { region.to_owned() }
}

/// What went wrong with the search for credentials.
pub fn of_credentials(error: &CredentialsError) -> RemoteErrorKind {
    let chain = chain(error);
    // An error of the service that hands out credentials: the token of a web identity or the role to assume.
    if chain.contains("ExpiredToken") || chain.contains("token has expired") {
        return RemoteErrorKind::ExpiredCredentials;
    }
    if chain.contains("AccessDenied") {
        let said = chain.rsplit(": ").next().unwrap_or_default().to_owned();
        return RemoteErrorKind::AccessDenied { action: "sts:AssumeRole".to_owned(), said };
    }
    // The SDK tells of each place in turn, over many lines.
    if chain.contains("no credentials found in chain") {
        tracing::debug!("{chain}");
        return RemoteErrorKind::NoCredentials { cause: "none of the usual places has any".to_owned() };
    }
    RemoteErrorKind::NoCredentials { cause: chain.split_whitespace().collect::<Vec<_>>().join(" ") }
}

fn unreachable(error: &(dyn Error + 'static)) -> RemoteErrorKind {
    RemoteErrorKind::Unreachable { cause: chain(error) }
}

/// The causes of an error from the outside in, each once.
fn chain(error: &dyn Error) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut next: Option<&dyn Error> = Some(error);
    while let Some(error) = next {
        let text = error.to_string();
        if !parts.iter().any(|part| part.contains(&text)) {
            parts.push(text);
        }
        next = error.source();
    }
    parts.join(": ")
}

/// The first cause of this type.
fn find<'e, T: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: Call<'_> = Call { action: "cloudtrail:LookupEvents", region: "eu-south-1" };

    #[test]
    fn answers_become_errors_with_advice() {
        for (code, said, status, expected) in [
            ("AccessDeniedException", "", 400, "not allowed to call `cloudtrail:LookupEvents`"),
            ("", "", 403, "not allowed to call `cloudtrail:LookupEvents`"),
            ("ExpiredTokenException", "", 400, "the credentials have expired"),
            ("UnrecognizedClientException", "The security token", 400, "the credentials are not valid in eu-south-1"),
            ("SignatureDoesNotMatch", "Signature expired: 2026", 403, "this machine's clock differs"),
            ("SignatureDoesNotMatch", "The request signature we", 403, "the signature does not match the access key"),
            ("InvalidNextTokenException", "", 400, "the place where the last answer ended"),
            ("ThrottlingException", "Rate exceeded", 400, "AWS slowed us down"),
            ("NoSuchEntity", "The role x", 404, "`cloudtrail:LookupEvents` found nothing: The role x"),
            ("InternalError", "", 500, "AWS could not answer"),
            ("", "", 400, "was refused with `HTTP status 400`"),
        ] {
            let kind = of_answer(code, said, status, CALL);
            assert!(kind.to_string().contains(expected), "{code} {status}: {kind}");
            assert!(!kind.advice().is_empty());
        }
    }

    #[test]
    fn what_the_caller_lacks_is_named_in_the_advice() {
        let kind = of_answer("AccessDenied", "", 403, Call { action: "s3:ListBucket", region: "" });
        assert!(kind.advice().contains("grant `s3:ListBucket`"), "{}", kind.advice());
    }
}
