//! Calls that are counted instead of parsed count like calls that are parsed.

use std::collections::BTreeSet;
use std::io::Read as _;

use serde_json::{Value, json};

use super::*;
use crate::aggregator::{Aggregator, DISTINCT_KEPT, Evidence, RecordCounts, Selection, Usage, distill};
use crate::catalog::Catalog;
use crate::cloudtrail::{Found, RecordHead, Splitter, Step, parse_record, read_caller, visit_records};
use crate::collector::operations::Operations;

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/eks-runner";

/// The records of a scenario, and one of a call that no action is known for, three times over, each time on another day, by another session, with other tokens.
fn repeated(scenario: &str) -> Vec<String> {
    let mut once = Vec::new();
    for file in trail_files(&fixture(&format!("scenarios/{scenario}/events"))) {
        let text = inflated(std::fs::read(file).unwrap());
        let (mut rest, mut splitter) = (text.as_slice(), Splitter::default());
        while let Step::Item { text: item, .. } = splitter.next(&mut rest, true) {
            visit_records(item, &mut |found| {
                if let Found::Record(record) = found {
                    once.extend(serde_json::from_slice::<Value>(record));
                }
            });
        }
    }
    let mut unmapped = once.iter().find(|record| record["userIdentity"].to_string().contains(ROLE)).unwrap().clone();
    unmapped["eventName"] = json!("DoWhatIsNew");
    once.push(unmapped);
    let again = |day: usize, at: usize| {
        let mut record = once[at].clone();
        record["eventID"] = json!(format!("{day}-{at}"));
        record["eventTime"] = json!(format!("2026-11-0{day}T10:00:{:02}Z", at % 60));
        record["sourceIPAddress"] = json!(format!("192.0.2.{day}"));
        record["userIdentity"]["accessKeyId"] = json!(format!("ASIA{day}"));
        if let Some(request) = record["requestParameters"].as_object_mut() {
            request.insert("clientToken".to_owned(), json!(format!("token-{day}")));
        }
        record.to_string()
    };
    // The last come first.
    let times = (1..=3).rev().flat_map(|day| (0..once.len()).map(move |at| (day, at)));
    times.map(|(day, at)| again(day, at)).collect()
}

fn assert_same(one: &Usage, other: &Usage) {
    assert_eq!(one.requests, other.requests);
    assert_eq!(one.lineage, other.lineage);
    assert_eq!(one.coverage, other.coverage);
    assert_eq!(one.records, other.records);
}

/// The usages from files, whose calls are counted, must be those from records that are parsed one by one; how many records
/// were used, and which did not count for which reasons.
fn assert_counted_as_parsed(records: &[String], selection: &Selection) -> RecordCounts {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.json"), format!("{{\"Records\":[{}]}}", records.join(","))).unwrap();
    let new = || Aggregator::new(Catalog::embedded(), selection);
    let mut plain = new();
    for record in records {
        match parse_record(record.as_bytes()) {
            Ok(event) => plain.add(&event),
            Err(reason) => plain.skip(reason),
        }
    }
    let inputs = [Input::Path(folder.path().to_path_buf())];
    let counted = collect(&inputs, &CollectOptions::default(), &Needles::default(), new).unwrap().sink;
    let counts = counted.counts().clone();
    let (plain, counted) = (plain.finish(), counted.finish());
    assert!(!plain.is_empty() && counted.keys().eq(plain.keys()));
    plain.values().zip(counted.values()).for_each(|(plain, counted)| assert_same(plain, counted));
    counts
}

#[test]
fn calls_that_are_alike_count_as_if_each_was_parsed() {
    let windows = [None, Some("2026-11-02T10:00:20Z".parse().unwrap())];
    let mut skipped = BTreeSet::new();
    for scenario in ["eks-addon-denied", "eks-eksctl", "eks-terraform", "eks-terraform-platform"] {
        let records = repeated(scenario);
        for (since, include_denied) in windows.into_iter().flat_map(|since| [(since, false), (since, true)]) {
            let principals = vec![ROLE.parse().unwrap()];
            let selection = Selection { principals, since, include_denied, ..Selection::default() };
            let counts = assert_counted_as_parsed(&records, &selection);
            assert!(counts.used >= 10, "{scenario}: {counts:?}");
            skipped.extend(counts.skipped.into_keys());
        }
    }
    // Calls come again whatever became of them.
    let reasons = [SkipReason::Denied, SkipReason::OutcomeUnknown, SkipReason::NeedsNoPermission, SkipReason::Unmapped];
    reasons.iter().for_each(|reason| assert!(skipped.contains(reason), "{reason:?} is not among {skipped:?}"));
}

#[test]
fn calls_on_more_things_than_are_kept_count_before_and_after_they_become_a_pattern() {
    let record = |at: usize| {
        // Each object three times: all once, then all twice.
        let object = if at < DISTINCT_KEPT + 10 { at } else { (at - DISTINCT_KEPT - 10) / 2 };
        json!({
            "eventTime": format!("2026-11-01T{:02}:{:02}:{:02}Z", at / 3600, at / 60 % 60, at % 60),
            "eventSource": "s3.amazonaws.com", "eventName": "PutObject", "awsRegion": "eu-central-1",
            "eventID": format!("event-{at}"), "requestParameters": {"bucketName": "logs", "key": format!("{object:06}")},
            "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE}}},
        })
        .to_string()
    };
    let records: Vec<String> = (0..3 * (DISTINCT_KEPT + 10)).map(record).collect();
    let selection = Selection { principals: vec![ROLE.parse().unwrap()], ..Selection::default() };
    assert_eq!(assert_counted_as_parsed(&records, &selection).used, records.len() as u64);
}

#[test]
fn callers_who_take_turns_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let role = |letter: char| format!("arn:aws:iam::111122223333:role/ci/runner-{letter}");
    let record = |at: usize| {
        json!({
            "eventTime": "2026-11-01T10:00:00Z", "eventSource": "eks.amazonaws.com", "eventName": "DescribeCluster",
            "awsRegion": "eu-central-1", "eventID": format!("event-{at}"), "requestParameters": {"name": "demo"},
            "userIdentity": {
                "type": "AssumedRole",
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": role(if at.is_multiple_of(3) { 'a' } else { 'b' })}},
            },
        })
    };
    let records: Vec<Value> = (0..90).map(record).collect();
    std::fs::write(folder.path().join("a.json"), json!({"Records": records}).to_string()).unwrap();
    let selection =
        Selection { principals: ['a', 'b'].map(|one| role(one).parse().unwrap()).into(), ..Selection::default() };
    let new = || Aggregator::new(Catalog::embedded(), &selection);
    let inputs = [Input::Path(folder.path().to_path_buf())];
    let found = collect(&inputs, &CollectOptions::default(), &Needles::default(), new).unwrap().sink.finish();
    let calls = |usage: &Usage| usage.requests.values().map(|one| one.evidence.events).sum::<u64>();
    assert_eq!(found.values().map(calls).collect::<Vec<_>>(), [30, 60]);
}

/// The record as it is handed on when its like was counted.
fn in_brief(record: &[u8]) -> Option<Vec<u8>> {
    let head = RecordHead::read(record, |_| true).ok()?;
    let identity = distill::identity(&read_caller(head.identity?)?).to_string();
    let mut brief = format!("{{\"eventTime\":\"{}\",\"userIdentity\":{identity},", head.time).into_bytes();
    let mut operations = Operations::default();
    let operation = operations.get(&head.source, &head.name)?;
    let write = |side, payload: &[u8], call: &mut Vec<u8>| operation.write(side, payload, call);
    head.write_call(write, &mut brief);
    Some(brief)
}

/// All that a record tells, by itself.
fn told(record: &[u8], evidence: &Evidence) -> String {
    let event = parse_record(record).unwrap_or_else(|reason| panic!("{reason:?}: {}", record.escape_ascii()));
    let principals = event.caller.principal.iter().filter_map(|arn| arn.as_str().parse().ok()).collect();
    let selection = Selection { principals, include_denied: true, ..Selection::default() };
    let mut aggregator = Aggregator::new(Catalog::embedded(), &selection);
    aggregator.add_counted(&event, evidence);
    format!("{:?}", aggregator.finish())
}

/// How many records of a text there are, and how many bytes shorter they are in brief.
fn hold_in_brief(name: &str, text: &[u8]) -> (usize, usize) {
    let (mut records, mut shorter) = (0, 0);
    let mut rest = text;
    let mut splitter = Splitter::default();
    while let Step::Item { text: item, .. } = splitter.next(&mut rest, true) {
        visit_records(item, &mut |found| {
            let Found::Record(record) = found else { return };
            let Ok(event) = parse_record(record) else { return };
            let Some(brief) = in_brief(record) else { return };
            let evidence = Evidence::of(event.time, event.id.as_deref());
            assert_eq!(told(&brief, &evidence), told(record, &evidence), "{name}: {}", brief.escape_ascii());
            records += 1;
            shorter += record.len().saturating_sub(brief.len());
        });
    }
    (records, shorter)
}

#[test]
fn a_call_in_brief_tells_what_the_record_tells() {
    let scenarios = std::fs::read_dir(fixture("scenarios")).unwrap().map(|entry| entry.unwrap().path().join("events"));
    let own: Vec<PathBuf> = scenarios.flat_map(|folder| trail_files(&folder)).collect();
    let public: Vec<PathBuf> = corpus::public_files().into_iter().collect();
    // Public records are there where the tests over them are turned on.
    for (files, least) in [(own, 800), (public, 1_000)].into_iter().filter(|(files, _)| !files.is_empty()) {
        let mut all = (0, 0);
        for file in files {
            let text = inflated(std::fs::read(&file).unwrap());
            let (records, shorter) = hold_in_brief(&file.display().to_string(), &text);
            all = (all.0 + records, all.1 + shorter);
        }
        assert!(all.0 > least && all.1 > all.0 * 100, "{all:?}");
    }
}

/// The files of records below a folder.
fn trail_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let trail = |path: &PathBuf| path.extension().is_some_and(|end| end == "json" || end == "ndjson" || end == "gz");
    files.into_iter().filter(trail).chain(folders.iter().flat_map(|folder| trail_files(folder))).collect()
}

fn inflated(text: Vec<u8>) -> Vec<u8> {
    let mut plain = Vec::new();
    match flate2::read::MultiGzDecoder::new(text.as_slice()).read_to_end(&mut plain) {
        Ok(_) => plain,
        Err(_) => text,
    }
}
