//! The event history gives the same policy as the files, whatever happens on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::asked::assert_allowed;
use crate::stand_ins::{Answer, Call, Delivery, History, Server, json_error};
use crate::support::{Finished, ROLE, Records, command, run, serve, succeed};

const REGIONS: &str = "eu-central-1,us-east-1";

/// Small enough for two or three pages of each Region.
const SMALL: &str = "eks-eksctl";

fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["generate", "lookup-events", "--role", ROLE, "--region", REGIONS], more].concat()
}

fn generate(server: &Server, more: &[&str]) -> Finished {
    run(command(server, &arguments(more)))
}

fn whole(records: &Records) -> Arc<History> {
    Arc::new(History::new(&records.records))
}

fn lookups(server: &Server) -> usize {
    server.calls().len()
}

/// All policies of a scenario as one text, whatever their number.
const ALL: [&str; 2] = ["--format", "terraform"];

#[test]
fn event_history_gives_the_policy_of_the_files() {
    let records = Records::of("eks-terraform");
    let history = whole(&records);
    let server = serve(Arc::clone(&history), |_| None);
    let finished = succeed(command(&server, &arguments(&[])));
    assert_eq!(finished.stdout, records.generated(&[]));
    // On a busy machine two may arrive closer to each other than they were sent; without pacing every other one is refused.
    let (throttled, asked) = (history.throttled(), lookups(&server));
    assert!(throttled * 4 <= asked, "asked too fast: {throttled} of {asked} were refused");
    assert_allowed(&["lookup-events"], &server, &[]);
    // Every page is asked for once: 294 and 75 events less the data events, 50 a page.
    let regions: Vec<String> = server.calls().into_iter().map(|call| call.region).collect();
    assert!(regions.iter().filter(|region| *region == "eu-central-1").count() >= 5, "{regions:?}");
}

#[test]
fn the_region_of_global_services_is_read_and_counts() {
    let records = Records::of(SMALL);
    let server = serve(whole(&records), |_| None);
    let asked = ["generate", "lookup-events", "--role", ROLE, "--region", "eu-central-1"];
    let finished = run(command(&server, &[&asked[..], &ALL].concat()));
    assert_eq!(finished.stdout, records.generated(&ALL), "{}", finished.stderr);
    assert!(finished.stderr.contains("us-east-1 is read too"), "{}", finished.stderr);
    // The profile's Region, when none is given.
    let mut command = command(&server, &[&["generate", "lookup-events", "--role", ROLE][..], &ALL].concat());
    command.env("AWS_REGION", "eu-central-1");
    assert_eq!(run(command).stdout, records.generated(&ALL));
}

#[test]
fn a_token_that_becomes_invalid_loses_and_doubles_nothing() {
    let records = Records::of("eks-terraform");
    let history = Arc::new(History::new(&records.records).with_token_life(2));
    let server = serve(history, |_| None);
    let finished = succeed(command(&server, &arguments(&[])));
    assert_eq!(finished.stdout, records.generated(&[]));
    let restarted = server.calls().iter().filter(|call| !asked(call).contains_key("NextToken")).count();
    assert!(restarted > 2, "no token has become invalid");
}

fn asked(call: &Call) -> serde_json::Map<String, Value> {
    serde_json::from_slice(&call.body).unwrap()
}

#[test]
fn resets_slow_bodies_and_storms_are_outlived() {
    let records = Records::of(SMALL);
    let count = AtomicUsize::new(0);
    let history = whole(&records);
    let slow = Arc::clone(&history);
    let server = serve(Arc::clone(&history), move |call| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Some(json_error(503, "ServiceUnavailable", "").delivered(Delivery::Whole)),
        1 => Some(json_error(500, "InternalError", "").delivered(Delivery::Reset)),
        2 => Some(slow.lookup(call).delivered(Delivery::Truncated)),
        3 => Some(slow.lookup(call).delivered(Delivery::Slow(Duration::from_millis(100)))),
        4 | 6 => Some(json_error(503, "ServiceUnavailable", "")),
        _ => None,
    });
    let finished = generate(&server, &ALL);
    assert_eq!(finished.stdout, records.generated(&ALL), "{}", finished.stderr);
    assert_eq!(finished.status, Some(0));
}

#[test]
fn a_session_is_asked_for_by_name() {
    let records = Records::of("eks-terraform");
    let arn = |record: &Value| record["userIdentity"]["arn"].as_str().unwrap_or_default().to_owned();
    let ours = records.records.iter().map(arn).find(|arn| arn.contains("/eks-runner/")).unwrap();
    let session = ours.rsplit('/').next().unwrap();
    let server = serve(whole(&records), |_| None);
    let finished = generate(&server, &["--session", session]);
    assert_eq!(finished.stdout, records.generated(&["--session", session]), "{}", finished.stderr);
    let first = asked(&server.calls()[0]);
    assert_eq!(first["LookupAttributes"][0]["AttributeKey"], "Username");
    assert_eq!(first["LookupAttributes"][0]["AttributeValue"], session);
}

#[test]
fn credentials_that_expire_on_the_way_leave_a_gap_that_is_told() {
    let records = Records::of("eks-terraform");
    let count = AtomicUsize::new(0);
    let server = serve(whole(&records), move |call| {
        (call.region == "eu-central-1" && count.fetch_add(1, Ordering::SeqCst) >= 3)
            .then(|| json_error(400, "ExpiredTokenException", "The security token included in the request is expired"))
    });
    let finished = generate(&server, &["--format", "json", "--require-complete"]);
    assert_eq!(finished.status, Some(4), "{}", finished.stderr);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    let gaps = report["coverage"]["gaps"].to_string();
    assert!(gaps.contains("lookup-events in eu-central-1, before 20") && gaps.contains("have expired"), "{gaps}");
    assert!(report["records"]["used"].as_u64().unwrap() > 0, "what was read counts");
}

#[test]
fn a_region_that_is_not_enabled_leaves_the_others() {
    let records = Records::of(SMALL);
    let server = serve(whole(&records), |call| {
        let said = "The security token included in the request is invalid.";
        (call.region == "eu-south-2").then(|| json_error(400, "UnrecognizedClientException", said))
    });
    let asked = ["generate", "lookup-events", "--role", ROLE, "--region", "eu-central-1,eu-south-2,us-east-1"];
    let finished = run(command(&server, &[&asked[..], &["--format", "json"]].concat()));
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert!(report["coverage"]["gaps"].to_string().contains("not valid in eu-south-2"), "{}", report["coverage"]);
}

#[test]
fn a_refusal_names_the_permission_that_the_caller_lacks() {
    let records = Records::of(SMALL);
    for (code, said, expected) in [
        ("AccessDeniedException", "User: x is not authorized", "grant `cloudtrail:LookupEvents` to the caller"),
        ("ExpiredTokenException", "expired", "sign in again"),
        ("UnrecognizedClientException", "invalid", "is not enabled for the account"),
        ("InvalidSignatureException", "Signature expired: 20261101T000000Z is now earlier than", "set the clock"),
        ("InvalidSignatureException", "The request signature we calculated does not match", "check `AWS_SECRET"),
    ] {
        let said = said.to_owned();
        let server = serve(whole(&records), move |_| Some(json_error(400, code, &said)));
        let finished = generate(&server, &[]);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""), "{code}");
        assert!(finished.stderr.contains(expected), "{code}: {}", finished.stderr);
    }
}

#[test]
fn a_cut_run_goes_on_where_it_was_and_the_next_one_asks_for_what_is_new() {
    let records = Records::of("eks-terraform");
    let cache = tempfile::tempdir().unwrap();
    let kept = ["--cache", cache.path().to_str().unwrap()];
    // Killed after some pages.
    let server = serve(whole(&records), |_| None);
    let mut child = command(&server, &arguments(&kept)).spawn().unwrap();
    while lookups(&server) < 5 {
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let before = lookups(&server);
    std::thread::sleep(Duration::from_secs(1));
    let finished = succeed(command(&server, &arguments(&kept)));
    assert_eq!(finished.stdout, records.generated(&[]));
    let after = lookups(&server) - before;
    // All that is read twice: the page that was cut in each Region, and a look at what is new.
    let pages = whole_pages(&records);
    assert!(before + after <= pages + 6, "{before} pages, then {after} of {pages}");
    std::thread::sleep(Duration::from_secs(1));
    let third = succeed(command(&server, &arguments(&kept)));
    assert_eq!(third.stdout, finished.stdout);
    assert!(lookups(&server) - before - after <= 4, "all was read again");
}

fn whole_pages(records: &Records) -> usize {
    let of = |region: &str| records.records.iter().filter(|record| record["awsRegion"] == region).count();
    REGIONS.split(',').map(|region| of(region).div_ceil(50)).sum()
}

#[test]
fn what_comes_without_its_record_is_told() {
    let server =
        Server::start(|_| Answer::json(&serde_json::json!({"Events": [{"EventId": "1", "EventTime": 1_700_000_000}]})));
    let finished = generate(&server, &[]);
    assert_eq!(finished.status, Some(3), "{}", finished.stderr);
}
