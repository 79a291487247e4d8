//! What S3 does on bad days: the evidence is whole all the same, or the gap is told.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::digest_chain::gzip;
use crate::records::{ROLE, log_file};
use crate::run::{Finished, trailtrim};
use crate::server::{Fault, Server};

const REGIONS: [&str; 3] = ["eu-central-1", "eu-west-1", "us-east-1"];

/// Two days in three Regions of two accounts, with other things that lie beside.
fn objects() -> BTreeMap<String, Vec<u8>> {
    let mut objects = BTreeMap::new();
    let mut number = 0;
    for account in ["111122223333", "444455556666"] {
        for region in REGIONS {
            for day in ["2026/11/01", "2026/11/02", "2026/11/03", "2026/11/04"] {
                number += 1;
                objects.insert(key(account, region, day, number), gzip(log_file(number).as_bytes()));
            }
        }
        objects.insert(format!("org/AWSLogs/{account}/Config/eu-west-1/x.json"), b"{}".to_vec());
        objects.insert(format!("org/AWSLogs/{account}/CloudTrail-Digest/eu-west-1/x.json"), b"{}".to_vec());
    }
    objects
}

fn key(account: &str, region: &str, day: &str, number: usize) -> String {
    let stamp = day.replace('/', "");
    format!(
        "org/AWSLogs/o-abc/{account}/CloudTrail/{region}/{day}/\
         {account}_CloudTrail_{region}_{stamp}T1000Z_{number:016}.json.gz"
    )
}

/// `generate` over the server's bucket.
fn generate(server: &Server, source: &str, more: &[&str]) -> Finished {
    let arguments = ["generate", source, "--role", ROLE, "--format", "json", "--endpoint-url", &server.url];
    let run = trailtrim(arguments.iter().chain(more).copied());
    run.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_REGION", "eu-central-1").finish()
}

#[track_caller]
fn report(finished: &Finished) -> Value {
    assert_eq!(finished.status(), Some(0), "{}", finished.stderr());
    serde_json::from_str(&finished.stdout()).unwrap()
}

fn gaps(report: &Value) -> Vec<String> {
    report["coverage"]["gaps"].as_array().unwrap().iter().map(|gap| gap.as_str().unwrap().to_owned()).collect()
}

/// Keys that were got, by account, Region and day.
fn got(server: &Server) -> Vec<String> {
    let requests = server.requests();
    let objects =
        requests.iter().filter_map(|request| request.split_once("/CloudTrail/").filter(|_| request.contains(".gz")));
    let mut got: Vec<String> = objects
        .map(|(before, after)| {
            let account = before.rsplit('/').next().unwrap();
            format!("{account} {}", after.split('/').take(4).collect::<Vec<_>>().join("/"))
        })
        .collect();
    got.sort();
    got
}

#[test]
fn only_what_is_asked_for_is_read() {
    let server = Server::start(objects(), 3);
    let selected = ["--account", "111122223333", "--region", "eu-west-1"];
    let window = ["--since", "2026-11-02T01:00:00Z", "--until", "2026-11-03T12:00:00Z"];
    for source in ["s3://logs", "s3://logs/org", "s3://logs/org/AWSLogs/", "s3://logs/org/AWSLogs/o-abc"] {
        report(&generate(&server, source, &[selected, window].concat()));
        let expected = [
            "111122223333 eu-west-1/2026/11/02",
            "111122223333 eu-west-1/2026/11/03",
            "111122223333 us-east-1/2026/11/02",
            "111122223333 us-east-1/2026/11/03",
        ];
        assert_eq!(got(&server), expected, "{source}");
    }
}

#[test]
fn a_prefix_inside_the_tree_and_a_single_object_are_read_as_they_are() {
    let server = Server::start(objects(), 1000);
    let region = "s3://logs/org/AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1";
    for (source, expected) in [
        ("s3://logs/org/AWSLogs/o-abc/111122223333".to_owned(), 12),
        (region.to_owned(), 4),
        (format!("{region}/2026/11/02/"), 1),
        (format!("s3://logs/{}", key("111122223333", "eu-west-1", "2026/11/01", 5)), 1),
    ] {
        report(&generate(&server, &source, &[]));
        assert_eq!(got(&server).len(), expected, "{source}");
    }
}

#[test]
fn what_lies_in_no_tree_is_read_whole() {
    let plain: BTreeMap<_, _> = (0..5).map(|n| (format!("export/part-{n}.json"), log_file(n).into_bytes())).collect();
    let server = Server::start(plain, 2);
    let report = report(&generate(&server, "s3://logs/export/", &[]));
    assert_eq!(report["records"]["used"], 7);
    assert_eq!(gaps(&report), [""; 0]);
}

#[test]
fn storms_resets_and_cut_bodies_change_nothing() {
    let undisturbed = generate(&Server::start(objects(), 5), "s3://logs/org/", &[]).stdout();
    let server = Server::start(objects(), 5);
    server.fail("list-type=2", Fault::Error(503, "SlowDown", "Please reduce your request rate."), 4);
    server.fail("eu-west-1", Fault::Truncated(100), 3);
    server.fail("us-east-1", Fault::Reset, 2);
    server.fail("eu-central-1", Fault::Error(500, "InternalError", "We encountered an internal error."), 3);
    server.fail("444455556666", Fault::Slow, 4);
    assert_eq!(generate(&server, "s3://logs/org/", &[]).stdout(), undisturbed);
}

#[test]
fn an_object_that_never_comes_is_a_gap_and_the_rest_is_read() {
    let server = Server::start(objects(), 1000);
    let lost = key("111122223333", "eu-west-1", "2026/11/01", 5);
    server.fail(&lost, Fault::Truncated(50), 100);
    let report = report(&generate(&server, "s3://logs/org/", &[]));
    let gaps = gaps(&report);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
    assert!(gaps[0].starts_with(&format!("`s3://logs/{lost}`: broke off 5 times")), "{gaps:?}");
    // 24 files with a call of their own and two that they share, one file lost.
    assert_eq!(report["records"]["used"], 25);
}

#[test]
fn a_listing_that_fails_in_the_middle_is_a_gap_and_what_came_before_counts() {
    let server = Server::start(objects(), 2);
    server.fail("continuation-token=org%2FAWSLogs%2Fo-abc%2F111122223333%2FCloudTrail%2Feu-west-1%2F2026", DENIED, 100);
    let report = report(&generate(&server, "s3://logs/org/", &[]));
    let gaps = gaps(&report);
    let expected =
        "`s3://logs/org/AWSLogs/o-abc/111122223333/CloudTrail/eu-west-1/`: not allowed to call `s3:ListBucket`";
    assert!(gaps.len() == 1 && gaps[0].starts_with(expected), "{gaps:?}");
    assert_eq!(report["records"]["used"], 24);
}

const DENIED: Fault = Fault::Error(403, "AccessDenied", "Access Denied");

#[test]
fn a_key_that_may_not_be_used_is_explained() {
    let said = "User: arn:aws:sts::111122223333:assumed-role/audit/x is not authorized to perform: kms:Decrypt on the \
                resource associated with this ciphertext because no identity-based policy allows the kms:Decrypt action";
    let server = Server::start(objects(), 1000);
    server.fail(".json.gz", Fault::Error(403, "AccessDenied", said), 1000);
    let finished = generate(&server, "s3://logs/org/", &[]);
    assert_eq!(finished.status(), Some(1));
    assert!(finished.stderr().contains("not allowed to call `kms:Decrypt`"), "{}", finished.stderr());
    assert!(finished.stderr().contains("grant `kms:Decrypt`"), "{}", finished.stderr());
}

#[test]
fn a_bucket_that_may_not_be_listed_ends_the_run() {
    let server = Server::start(objects(), 1000);
    server.fail("list-type=2", DENIED, 1000);
    let finished = generate(&server, "s3://logs/org/", &[]);
    assert_eq!(finished.status(), Some(1));
    assert!(finished.stderr().contains("grant `s3:ListBucket`"), "{}", finished.stderr());
}

#[test]
fn the_requester_pays_only_when_told_to() {
    let server = Server::start(objects(), 1000);
    report(&generate(&server, "s3://logs/org/", &["--request-payer"]));
    assert!(server.requests().iter().all(|request| request.ends_with("x-amz-request-payer: requester")));
    report(&generate(&server, "s3://logs/org/", &[]));
    assert!(server.requests().iter().all(|request| !request.contains("x-amz-request-payer")));
}

#[test]
fn with_a_cache_only_new_and_changed_objects_are_got() {
    let server = Server::start(objects(), 1000);
    let folder = tempfile::tempdir().unwrap();
    let cache = ["--cache", folder.path().to_str().unwrap()];
    let first = report(&generate(&server, "s3://logs/org/", &cache));
    assert_eq!(got(&server).len(), 24);
    assert_eq!(report(&generate(&server, "s3://logs/org/", &cache)), first);
    assert_eq!(got(&server), [""; 0]);
    server.put(&key("111122223333", "eu-west-1", "2026/11/01", 5), gzip(log_file(77).as_bytes()));
    server.put(&key("111122223333", "eu-west-1", "2026/11/05", 78), gzip(log_file(78).as_bytes()));
    let third = report(&generate(&server, "s3://logs/org/", &cache));
    assert_eq!(got(&server), ["111122223333 eu-west-1/2026/11/01", "111122223333 eu-west-1/2026/11/05"]);
    assert_eq!(third["records"]["used"], 27);
}
