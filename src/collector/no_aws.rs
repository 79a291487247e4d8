//! Stands in for `aws/` in builds without the feature `aws`: their command line knows no remote source, and a program that
//! uses the library gets an error.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::digests::{Book, PublicKeys};
use super::files::{CollectOptions, Input};
use super::problem::FileProblem;
use super::remote::{Arrival, AwsOptions};
use super::remote_error::{RemoteError, RemoteErrorKind};
use super::role::{PolicyInIam, RoleInIam};
use crate::iam::{Arn, PrincipalSelector};

/// The remote sources of a run: none.
pub enum Remote {}

impl Remote {
    pub fn start(inputs: &[Input], _options: &CollectOptions, _book: Option<&Arc<Book>>) -> Result<Self, RemoteError> {
        let place = inputs.iter().find(|input| input.is_remote()).map(Input::to_string).unwrap_or_default();
        Err(RemoteError { place, kind: no_feature() })
    }

    pub fn next(&self) -> Option<Arrival> {
        match *self {}
    }
}

/// CloudTrail's public keys: none, which the digests will tell.
pub fn public_keys(
    _options: &AwsOptions,
    _regions: &BTreeMap<String, (Timestamp, Timestamp)>,
    _now: Option<Timestamp>,
) -> (PublicKeys, Vec<FileProblem>) {
    (PublicKeys::default(), Vec::new())
}

/// Asks IAM for a role: not in this build.
pub fn read_role(selector: &PrincipalSelector, _options: &AwsOptions) -> Result<RoleInIam, RemoteError> {
    Err(RemoteError { place: format!("iam: {selector}"), kind: no_feature() })
}

/// Asks IAM for a managed policy: not in this build.
pub fn read_policy(arn: &Arn, _options: &AwsOptions) -> Result<PolicyInIam, RemoteError> {
    Err(RemoteError { place: format!("iam: {arn}"), kind: no_feature() })
}

fn no_feature() -> RemoteErrorKind {
    RemoteErrorKind::Other("this build can't ask AWS (feature `aws`)".to_owned())
}

/// Has STS decode denials: not in this build.
pub fn decode_denials(_messages: &[String], _options: &AwsOptions) -> Result<BTreeMap<String, String>, RemoteError> {
    Err(RemoteError { place: "--decode-denials".to_owned(), kind: no_feature() })
}
