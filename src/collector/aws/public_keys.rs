//! CloudTrail's public keys, which each Region has of its own.

use std::collections::BTreeMap;

use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::config::{Builder, Region};
use aws_sdk_cloudtrail::primitives::DateTime;
use jiff::Timestamp;

use super::error::{Call, kind_of};
use super::session::Session;
use crate::collector::digests::{LATEST_DIGEST, PublicKeys, later};
use crate::collector::problem::{FileProblem, ProblemKind};
use crate::collector::remote::AwsOptions;
use crate::collector::remote_error::RemoteErrorKind;

/// Asks for the keys that were in use in these Regions at these times; late digests are signed up to now.
pub fn public_keys(
    options: &AwsOptions,
    regions: &BTreeMap<String, (Timestamp, Timestamp)>,
    now: Option<Timestamp>,
) -> (PublicKeys, Vec<FileProblem>) {
    let mut keys = PublicKeys::default();
    let mut problems = Vec::new();
    let problem = |region: &str, kind| FileProblem {
        file: format!("public keys of {region}"),
        byte: None,
        kind: ProblemKind::Remote(kind),
        count: 1,
    };
    match Session::new(options) {
        Ok(session) => session.runtime.block_on(async {
            for (region, (first, last)) in regions {
                let end = now.unwrap_or(*last).max(later(*last, LATEST_DIGEST));
                match of_region(&session, region, *first, end).await {
                    Ok(found) => keys.extend(found),
                    Err(kind) => problems.push(problem(region, kind)),
                }
            }
        }),
        Err(kind) => problems.extend(regions.keys().map(|region| problem(region, kind.clone()))),
    }
    (keys, problems)
}

async fn of_region(
    session: &Session,
    region: &str,
    first: Timestamp,
    end: Timestamp,
) -> Result<PublicKeys, RemoteErrorKind> {
    let config = Builder::from(&session.config).region(Region::new(region.to_owned())).build();
    let client = Client::from_conf(config);
    let mut keys = PublicKeys::default();
    let mut token = None;
    loop {
        let sent = client
            .list_public_keys()
            .start_time(DateTime::from_secs(first.as_second()))
            .end_time(DateTime::from_secs(end.as_second()))
            .set_next_token(token)
            .send()
            .await;
        let page = sent.map_err(|error| kind_of(&error, Call { action: "cloudtrail:ListPublicKeys", region }))?;
        for key in page.public_key_list.unwrap_or_default() {
            if let (Some(fingerprint), Some(value)) = (key.fingerprint, key.value) {
                keys.insert(fingerprint, value.into_inner());
            }
        }
        token = page.next_token;
        if token.is_none() {
            return Ok(keys);
        }
    }
}
