//! What a store does with a database that it finds, and with what engines have counted.

use std::path::Path;

use rusqlite::Connection;

use super::schema::{VERSION, of_the_first_version, version};
use super::{Brought, Ledger, Reading, Store, StoreError, StoreSink};
use crate::aggregator::{Aggregator, Evidence, Selection};
use crate::catalog::Catalog;
use crate::cloudtrail::{Event, Needles, parse_record};
use crate::collector::{CollectOptions, EventSink, Input, ObjectLedger, S3Object, collect};
use crate::iam::PrincipalArn;

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/runner";
const CALL: &str = r#"{"eventID":"7","eventTime":"2026-11-20T10:00:00Z","eventType":"AwsApiCall","eventSource":"eks.amazonaws.com",
    "eventName":"DescribeCluster","awsRegion":"eu-central-1","recipientAccountId":"111122223333","requestParameters":{"name":"blue"},
    "userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/runner/ci-7","accountId":"111122223333",
    "sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/ci/runner"}}}}"#;

fn selection() -> Selection {
    Selection { principals: vec![ROLE.parse().unwrap()], ..Selection::default() }
}

fn event() -> Event<'static> {
    parse_record(CALL.as_bytes()).unwrap()
}

fn bring(store: &Store, source: &str, work: impl FnOnce(&mut StoreSink<'_>)) -> Brought {
    let selection = selection();
    let mut sink = StoreSink::new(store, Catalog::embedded(), &selection, source);
    work(&mut sink);
    sink.finish(&Reading::new(source, &selection, None, "2026-11-21T00:00:00Z".parse().unwrap())).unwrap()
}

fn events_of(path: &Path) -> u64 {
    let selection = selection();
    let options = CollectOptions { wanted: selection.clone(), ..CollectOptions::default() };
    let needles = Needles::of(&selection.principals);
    let new = || Aggregator::new(Catalog::embedded(), &selection);
    let mut found = collect(&[Input::Store(path.to_owned())], &options, &needles, new).unwrap().sink.finish();
    let usage = found.remove(&ROLE.parse::<PrincipalArn>().unwrap()).unwrap();
    usage.requests.values().map(|observation| observation.evidence.events).sum()
}

#[test]
fn a_store_of_the_first_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let old = Connection::open(&path).unwrap();
    of_the_first_version(&old).unwrap();
    old.execute_batch(
        "INSERT INTO principals VALUES (1, 'arn:aws:iam::111122223333:role/ci/runner');
         INSERT INTO calls VALUES (1, 1, x'00', '{\"userIdentity\":{\"sessionContext\":{\"sessionIssuer\":{\"arn\":\"arn:aws:iam::111122223333:role/ci/runner\"}},\"type\":\"AssumedRole\"},\"eventSource\":\"eks.amazonaws.com\",\"eventName\":\"DescribeCluster\",\"awsRegion\":\"eu-central-1\",\"recipientAccountId\":\"111122223333\",\"requestParameters\":{\"name\":\"blue\"}}');
         INSERT INTO actors (id, hash, session) VALUES (1, x'00', 'ci-7');
         INSERT INTO events VALUES (x'00000000000000000000000000000001', 1, 1, 1700000000000000, 'seven');",
    )
    .unwrap();
    drop(old);
    assert_eq!(events_of(&path), 1);
    let store = Store::open(&path).unwrap();
    assert_eq!(store.with(|connection| version(connection)).unwrap(), VERSION);
    let (role, now) = (ROLE.parse().unwrap(), "2026-11-21T00:00:00Z".parse().unwrap());
    assert_eq!(store.last_audit(&role, now).unwrap(), None);
    assert_eq!(bring(&store, "a", |sink| sink.event(&event())).new, 1);
    assert_eq!(events_of(&path), 2);
}

#[test]
fn a_store_of_a_newer_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    let store = Store::create(&path).unwrap();
    store.with(|connection| connection.pragma_update(None, "user_version", VERSION + 1)).unwrap();
    drop(store);
    let refused = Store::open(&path).unwrap_err();
    assert!(matches!(refused, StoreError::Newer { found, .. } if found == VERSION + 1), "{refused}");
}

#[test]
fn an_event_counts_once_whichever_source_brings_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::create(&path).unwrap();
    let brought = |new, known| Brought { new, known, ..Brought::default() };
    assert_eq!(bring(&store, "a", |sink| sink.event(&event())), brought(1, 0));
    assert_eq!(bring(&store, "b", |sink| sink.event(&event())), brought(0, 1));
    assert_eq!(events_of(&path), 1);
    // Seen in both sources all the same.
    assert_eq!(store.coverage().unwrap().len(), 2);
}

#[test]
fn a_later_count_of_a_day_replaces_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.db");
    let store = Store::create(&path).unwrap();
    let counted = |events| Evidence { events, ..Evidence::of(event().time, Some("7")) };
    for events in [3, 5, 4] {
        bring(&store, "athena://w/d/t", |sink| sink.calls(&event(), &counted(events)));
    }
    assert_eq!(events_of(&path), 5);
    let other = Store::create(&folder.path().join("t.db")).unwrap();
    for _ in 0..2 {
        other.take_over(&store, &selection().principals).unwrap();
    }
    assert_eq!(events_of(other.path()), 5);
}

#[test]
fn days_in_a_row_are_one_interval() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(&folder.path().join("s.db")).unwrap();
    for (id, day) in [("1", 1), ("2", 2), ("3", 3), ("5", 5)] {
        let text = CALL.replace("\"7\"", &format!("\"{id}\"")).replace("11-20", &format!("11-{day:02}"));
        bring(&store, "a", |sink| sink.event(&parse_record(text.as_bytes()).unwrap()));
    }
    let covered = store.coverage().unwrap();
    let lengths: Vec<i64> = covered.iter().map(|one| one.last.0 - one.first.0 + 1).collect();
    assert_eq!(lengths, [3, 1]);
}

const NOW: &str = "2026-11-21T00:00:00Z";

/// A reading of a source from some day on, up to another moment.
fn reading(source: &str, since: Option<&str>, at: &str) -> Reading {
    let selection = Selection { since: since.map(|since| since.parse().unwrap()), ..selection() };
    Reading::new(source, &selection, None, at.parse().unwrap())
}

fn gaps(store: &Store, since: Option<&str>) -> Vec<String> {
    let selection = Selection { since: since.map(|since| since.parse().unwrap()), ..selection() };
    store.load(|_| true, &selection, false, &|_| false).unwrap().gaps
}

#[test]
fn a_gap_closes_when_its_source_is_read_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(&folder.path().join("s.db")).unwrap();
    let note = |reading: &Reading, gaps: &[&str]| {
        store.note_reading(reading, &gaps.iter().map(|gap| (*gap).to_owned()).collect()).unwrap();
    };
    let day = |day: u32| format!("2026-11-{day:02}T00:00:00Z");
    note(&reading("a", None, NOW), &["lost"]);
    note(&reading("b", None, NOW), &["other"]);
    note(&reading("a", None, "2026-11-21T00:05:00Z"), &["lost too"]);
    assert_eq!(gaps(&store, None), ["lost", "lost too", "other"]);
    // Of a part of the window the part closes: the rest may be missing still.
    note(&reading("a", Some(&day(10)), "2026-11-21T00:10:00Z"), &[]);
    assert_eq!(gaps(&store, None), ["lost", "lost too", "other"]);
    assert_eq!(gaps(&store, Some(&day(11))), ["other"]);
    // For another role nothing is known of these.
    let other = Selection { principals: vec!["other".parse().unwrap()], ..Selection::default() };
    note(&Reading::new("a", &other, None, "2026-11-22T00:00:00Z".parse().unwrap()), &[]);
    assert_eq!(gaps(&store, None).len(), 3);
    note(&reading("a", None, "2026-11-21T00:15:00Z"), &[]);
    assert_eq!(gaps(&store, None), ["other"]);
}

#[test]
fn gaps_of_an_older_store_and_of_merged_ones_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let old = Connection::open(&path).unwrap();
    of_the_first_version(&old).unwrap();
    old.execute_batch("INSERT INTO gaps VALUES ('once lost')").unwrap();
    drop(old);
    let store = Store::open(&path).unwrap();
    store.note_reading(&reading("a", None, NOW), &["lost".to_owned()].into()).unwrap();
    let other = Store::create(&folder.path().join("other.db")).unwrap();
    other.note_reading(&reading("a", None, NOW), &Default::default()).unwrap();
    for _ in 0..2 {
        other.take_over(&store, &selection().principals).unwrap();
        assert_eq!(gaps(&other, None), ["lost", "once lost"]);
    }
}

fn object(etag: &str) -> S3Object {
    let key = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/20/111122223333_CloudTrail_eu-west-1_20261120T1005Z_x.json.gz";
    S3Object { bucket: "logs".to_owned(), key: key.to_owned(), etag: etag.to_owned() }
}

#[test]
fn an_object_is_left_out_once_its_events_are_in() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(&folder.path().join("s.db")).unwrap();
    let open = |since: Option<&str>, at: &str| Ledger::open(&store, reading("a", since, at)).unwrap();
    let first = open(Some("2026-11-01T00:00:00Z"), NOW);
    first.was_read(object("1"));
    assert!(!open(Some("2026-11-01T00:00:00Z"), NOW).has(&object("1")), "written down before its events");
    first.write().unwrap();
    let later = "2026-11-25T00:00:00Z";
    assert!(open(Some("2026-11-01T00:00:00Z"), later).has(&object("1")));
    assert!(open(Some("2026-11-10T00:00:00Z"), later).has(&object("1")));
    assert!(!open(Some("2026-11-01T00:00:00Z"), later).has(&object("2")), "it was changed");
    assert!(!open(None, later).has(&object("1")), "more of it is asked for");
    let other = Selection { regions: vec!["eu-west-1".to_owned()], ..selection() };
    let other = Ledger::open(&store, Reading::new("a", &other, None, later.parse().unwrap())).unwrap();
    assert!(!other.has(&object("1")), "something else of it is asked for");
    // What is forgotten is not known any more, and the rest still is.
    store.retain_since("2026-11-15T00:00:00Z".parse().unwrap()).unwrap();
    assert!(!open(Some("2026-11-10T00:00:00Z"), later).has(&object("1")));
    assert!(open(Some("2026-11-16T00:00:00Z"), later).has(&object("1")));
}

#[test]
fn an_end_that_was_past_leaves_the_rest_of_an_object_to_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(&folder.path().join("s.db")).unwrap();
    let until = |until: &str| Selection { until: Some(until.parse().unwrap()), ..selection() };
    let at = |selection: &Selection, at: &str| {
        Ledger::open(&store, Reading::new("a", selection, None, at.parse().unwrap())).unwrap()
    };
    let first = at(&until("2026-11-20T10:01:00Z"), NOW);
    first.was_read(object("1"));
    first.write().unwrap();
    assert!(at(&until("2026-11-20T10:01:00Z"), NOW).has(&object("1")));
    assert!(!at(&until("2026-11-20T10:02:00Z"), NOW).has(&object("1")));
    assert!(!at(&selection(), NOW).has(&object("1")));
}
