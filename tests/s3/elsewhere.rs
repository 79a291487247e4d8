//! Buckets in another Region than the caller, objects in an archive, credentials that do not last, a clock that is wrong.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::bucket::{Stored, get, list, s3_error};
use crate::digest_chain::gzip;
use crate::records::{ROLE, log_file};
use crate::stand_ins::{Answer, Call, Server};
use crate::support::{Finished, command, run};

const OBJECTS: usize = 12;

fn objects() -> BTreeMap<String, Stored> {
    let object = |number: usize| {
        let key = format!(
            "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/02/\
             111122223333_CloudTrail_eu-west-1_20261102T10{number:02}Z_{number:016}.json.gz"
        );
        (key, Stored { bytes: gzip(log_file(number).as_bytes()), metadata: Vec::new() })
    };
    (0..OBJECTS).map(object).collect()
}

/// A bucket; `fault` may answer instead.
fn start(fault: impl Fn(&Call) -> Option<Answer> + Send + Sync + 'static) -> Server {
    let objects = objects();
    Server::start(move |call| match (fault(call), call.operation.as_str()) {
        (Some(answer), _) => answer,
        (None, "ListBucket") => list(call, &objects),
        (None, _) => get(call, &objects),
    })
}

fn generate(server: &Server, more: &[&str]) -> Finished {
    let mut command = command(server, &[&["generate", "s3://logs", "--role", ROLE, "--format", "json"], more].concat());
    command.env("AWS_REGION", "eu-central-1");
    run(command)
}

fn report(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{}", finished.stderr))
}

#[test]
fn a_bucket_of_another_region_is_read_there() {
    let server = start(|call| {
        let mut elsewhere =
            s3_error(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed");
        elsewhere.headers.push(("x-amz-bucket-region".to_owned(), "eu-west-1".to_owned()));
        (call.region != "eu-west-1").then_some(elsewhere)
    });
    let finished = generate(&server, &["--require-complete"]);
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    assert_eq!(report(&finished)["records"]["used"], OBJECTS + 2);
    let wrong = server.calls().iter().filter(|call| call.region != "eu-west-1").count();
    assert_eq!(wrong, 1, "asked where it is not again and again");
}

#[test]
fn credentials_that_expire_among_the_objects_leave_a_gap_and_what_was_read() {
    let read = AtomicUsize::new(0);
    let server = start(move |call| {
        let is_late = call.operation == "GetObject" && read.fetch_add(1, Ordering::SeqCst) >= 3;
        is_late.then(|| s3_error(400, "ExpiredToken", "The provided token has expired."))
    });
    let finished = generate(&server, &["--require-complete"]);
    assert_eq!(finished.status, Some(4), "{}", finished.stderr);
    let report = report(&finished);
    let gaps = report["coverage"]["gaps"].to_string();
    assert!(gaps.contains("the credentials have expired") && gaps.contains("9 times"), "{gaps}");
    // Three files with a call of their own, and two that they share.
    assert_eq!(report["records"]["used"], 5);
}

#[test]
fn a_store_takes_in_later_what_a_fault_has_kept_from_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db").to_str().unwrap().to_owned();
    let collect = |server: &Server| run(command(server, &["collect", "s3://logs", "--role", ROLE, "--store", &store]));
    let gaps = || -> Value {
        let source = format!("store:{store}");
        let arguments = ["generate", &source, "--role", ROLE, "--format", "json", "--no-config"];
        let report: Value = serde_json::from_str(&crate::run::trailtrim(arguments).expect(0).stdout()).unwrap();
        report["coverage"]["gaps"].clone()
    };
    let is_last = |call: &Call| call.operation == "GetObject" && call.path.contains("0000000000000011");
    let broken = start(move |call| is_last(call).then(|| s3_error(403, "AccessDenied", "Access Denied")));
    assert_eq!(collect(&broken).status, Some(0));
    assert!(gaps().to_string().contains("s3:GetObject"), "{}", gaps());
    let whole = start(|_| None);
    let second = collect(&whole);
    assert!(
        second.stderr.contains("1 event new") && second.stderr.contains("11 objects not read"),
        "{}",
        second.stderr
    );
    assert_eq!(gaps(), serde_json::json!([]));
    let gets = whole.calls().iter().filter(|call| call.operation == "GetObject").count();
    assert_eq!(gets, 1, "what was read is read again");
}

#[test]
fn what_can_not_be_had_comes_with_advice() {
    for (status, code, said, expected) in [
        (
            403,
            "InvalidObjectState",
            "The operation is not valid for the object's storage class",
            "aws s3api restore-object",
        ),
        (
            403,
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time is too large.",
            "set the clock",
        ),
        (
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
            "check the access key",
        ),
        (
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match",
            "check `AWS_SECRET_ACCESS_KEY`",
        ),
        (404, "NoSuchBucket", "The specified bucket does not exist", "check the name, the account and the Region"),
    ] {
        let server = start(move |call| {
            let is_meant = (call.operation == "GetObject") == (code == "InvalidObjectState");
            is_meant.then(|| s3_error(status, code, said))
        });
        let finished = generate(&server, &[]);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""), "{code}: {}", finished.stderr);
        assert!(finished.stderr.contains(expected), "{code}: {}", finished.stderr);
    }
}
