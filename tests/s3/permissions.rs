//! On a trail in S3 the program asks for what `docs/policies/` grants, and for nothing else.

use std::collections::BTreeMap;

use crate::asked::assert_allowed;
use crate::bucket::{Stored, get, list};
use crate::digest_chain::{Trail, gzip, public_keys};
use crate::records::{ROLE, log_file};
use crate::stand_ins::{Answer, Server, json_error};
use crate::support::{command, succeed};

/// A bucket with a validated trail, CloudTrail with the keys, and a role that may be assumed.
fn start() -> Server {
    let mut trail = Trail::new("logs", "", "111122223333", "eu-central-1", "2026-11-02T08:01:31Z");
    (0..3).for_each(|hour| trail.hour(&[&log_file(hour)]));
    let stored = |signature: &String| {
        let value = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        vec![value("signature", signature), value("signature-algorithm", "SHA256withRSA")]
    };
    let objects: BTreeMap<String, Stored> = trail
        .objects()
        .map(|object| {
            let metadata = object.signature.as_ref().map(stored).unwrap_or_default();
            (object.key.clone(), Stored { bytes: gzip(&object.text), metadata })
        })
        .collect();
    Server::start(move |call| match (call.service.as_str(), call.operation.as_str()) {
        ("s3", "ListBucket") => list(call, &objects),
        ("s3", "GetObject") => get(call, &objects),
        ("cloudtrail", "ListPublicKeys") => Answer::json(&serde_json::from_str(&public_keys()).unwrap()),
        ("sts", "AssumeRole") => Answer::xml(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAASSUMED</AccessKeyId>\
             <SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
             <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
                .to_owned(),
        ),
        (service, operation) => json_error(403, "AccessDenied", &format!("not expected: {service} {operation}")),
    })
}

const GENERATE: [&str; 4] = ["generate", "s3://logs", "--role", ROLE];

/// S3 asks KMS itself, in the caller's name.
const BY_S3: &str = "kms:Decrypt";

#[test]
fn a_trail_is_listed_and_read() {
    let server = start();
    succeed(command(&server, &GENERATE));
    assert_allowed(&["s3"], &server, &[BY_S3]);
}

#[test]
fn a_trail_of_another_account_is_read_as_its_reader() {
    let server = start();
    let reader = ["--assume-role", "arn:aws:iam::999988887777:role/reader"];
    succeed(command(&server, &[&GENERATE[..], &reader].concat()));
    assert_allowed(&["s3", "assume-role"], &server, &[BY_S3]);
    assert!(server.calls().iter().all(|call| (call.operation == "AssumeRole") != (call.key == "ASIAASSUMED")));
}

#[test]
fn the_keys_for_the_digests_are_asked_for_where_they_are_not_given() {
    let server = start();
    let verify = ["--verify-digests", "--require-complete", "--since", "2026-11-02T08:10:00Z"];
    let window = ["--until", "2026-11-02T11:00:00Z"];
    succeed(command(&server, &[&GENERATE[..], &verify, &window].concat()));
    assert_allowed(&["s3", "verify-digests"], &server, &[BY_S3]);
    let asked = server.calls().into_iter().find(|call| call.operation == "ListPublicKeys").unwrap();
    assert_eq!(asked.region, "eu-central-1", "each Region has keys of its own");
}
