//! What a store does with a database that it finds, and with what engines have counted.

use std::path::Path;

use rusqlite::Connection;

use super::schema::{VERSION, of_the_first_version, version};
use super::{Brought, Store, StoreError, StoreSink};
use crate::aggregator::{Aggregator, Evidence, Selection};
use crate::catalog::Catalog;
use crate::cloudtrail::{Event, Needles, parse_record};
use crate::collector::{CollectOptions, EventSink, Input, collect};
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
    sink.finish("2026-11-21T00:00:00Z".parse().unwrap()).unwrap()
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
