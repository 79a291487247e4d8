//! Calls that are counted instead of parsed count like calls that are parsed.

use serde_json::{Value, json};

use super::*;
use crate::aggregator::{Aggregator, Selection, Usage};
use crate::catalog::Catalog;
use crate::cloudtrail::parse_record;

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/eks-runner";

/// The records of a scenario three times over, each time on another day, by another session, with other tokens.
fn repeated() -> Vec<String> {
    let text = std::fs::read_to_string(fixture("scenarios/eks-eksctl/events/part-1.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let mut records = Vec::new();
    for day in 1..=3 {
        for (at, record) in file["Records"].as_array().unwrap().iter().enumerate() {
            let mut record = record.clone();
            record["eventID"] = json!(format!("{day}-{at}"));
            record["eventTime"] = json!(format!("2026-11-0{day}T10:00:{:02}Z", at % 60));
            record["sourceIPAddress"] = json!(format!("192.0.2.{day}"));
            record["userIdentity"]["accessKeyId"] = json!(format!("ASIA{day}"));
            if let Some(request) = record["requestParameters"].as_object_mut() {
                request.insert("clientToken".to_owned(), json!(format!("token-{day}")));
            }
            records.push(record.to_string());
        }
    }
    records
}

fn assert_same(one: &Usage, other: &Usage) {
    assert_eq!(one.requests, other.requests);
    assert_eq!(one.lineage, other.lineage);
    assert_eq!(one.coverage, other.coverage);
    assert_eq!(one.records, other.records);
}

#[test]
fn calls_that_are_alike_count_as_if_each_was_parsed() {
    let folder = tempfile::tempdir().unwrap();
    let records = repeated();
    std::fs::write(folder.path().join("a.json"), format!("{{\"Records\":[{}]}}", records.join(","))).unwrap();
    let windows = [None, Some("2026-11-02T10:00:20Z".parse().unwrap())];
    for since in windows {
        let selection = Selection { principals: vec![ROLE.parse().unwrap()], since, ..Selection::default() };
        let new = || Aggregator::new(Catalog::embedded(), &selection);
        let mut plain = new();
        for record in &records {
            match parse_record(record.as_bytes()) {
                Ok(event) => plain.add(&event),
                Err(reason) => plain.skip(reason),
            }
        }
        let inputs = [Input::Path(folder.path().to_path_buf())];
        let counted = collect(&inputs, &CollectOptions::default(), &Needles::default(), new).unwrap().sink;
        let (plain, counted) = (plain.finish(), counted.finish());
        assert!(plain.len() == 1 && counted.keys().eq(plain.keys()));
        plain.values().zip(counted.values()).for_each(|(plain, counted)| assert_same(plain, counted));
    }
}
