//! How right the resolver is, measured against two tables that are not in this repository: calls with the permissions
//! that they need (`truth/sample.json`), and calls that AWS denied with the action and resource that AWS named
//! (`truth/denials.ndjson`). Turned on by `TRAILTRIM_SHARED=<folder that holds truth/>`; says so when skipped.

#![expect(clippy::print_stdout, reason = "the scores are what these tests are run for")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

mod generic;
mod rows;
mod score;

use std::path::PathBuf;

use serde_json::{Value, json};
use trailtrim::aggregator::{Resolution, Resolver};
use trailtrim::catalog::Catalog;
use trailtrim::cloudtrail::parse_record;

use score::{Permission, Score};

/// The folder with the tables, or a line that says what is skipped.
#[expect(clippy::disallowed_methods, reason = "the test is turned on by the environment")]
fn shared(file: &str) -> Option<PathBuf> {
    let path = std::env::var_os("TRAILTRIM_SHARED").map(|folder| PathBuf::from(folder).join(file));
    let found = path.filter(|path| path.exists());
    if found.is_none() {
        println!("skipped: TRAILTRIM_SHARED does not name a folder with {file}");
    }
    found
}

/// The permissions that the resolver sees in one record.
fn granted(record: &Value) -> Vec<Permission> {
    let bytes = serde_json::to_vec(record).unwrap();
    let event = parse_record(&bytes).expect("a record of the table is an event");
    match Resolver::new(Catalog::embedded()).resolve(&event) {
        Resolution::Resolved(resolved) => resolved.needs.iter().map(Permission::of).collect(),
        Resolution::NeedsNoPermission | Resolution::Unmapped => Vec::new(),
    }
}

/// A CloudTrail record around one row of the truth table.
fn record(row: &Value, meta: &Value) -> Value {
    let account = meta["account"].clone();
    let text = account.as_str().unwrap();
    let mut identity = json!({
        "type": "AssumedRole", "principalId": "AROAEXAMPLE:ci", "accountId": account,
        "arn": format!("arn:aws:sts::{text}:assumed-role/runner/ci"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{text}:role/ci/runner"), "accountId": account, "userName": "runner"}},
    });
    if let Some(service) = row["user_identity_invoked_by"].as_str() {
        identity["invokedBy"] = json!(service);
    }
    json!({
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": "2026-11-20T10:00:00Z",
        "eventSource": row["event_source"], "eventName": row["event_name"], "awsRegion": meta["region"],
        "requestParameters": row["request_parameters"], "responseElements": row["response_elements"],
        "resources": row["resources"], "eventID": row["id"], "eventType": "AwsApiCall", "readOnly": row["read_only"],
        "recipientAccountId": account, "eventCategory": row["event_category"], "apiVersion": row["api_version"],
    })
}

#[test]
fn calls_of_the_truth_table_get_what_they_need_and_nothing_else() {
    let Some(path) = shared("truth/sample.json") else { return };
    let table: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut score = Score::default();
    for row in table["entries"].as_array().unwrap() {
        let needed = row["required"].as_array().unwrap();
        score.add(row["id"].as_str().unwrap(), &granted(&record(row, &table["meta"])), needed);
    }
    println!("{score}");
    assert!(score.recall() >= 0.99, "recall {}", score.recall());
    assert!(score.exact() >= 0.95, "exact {}", score.exact());
}

#[test]
fn denied_calls_get_the_very_resource_that_aws_named() {
    let Some(path) = shared("truth/denials.ndjson") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let (mut rows, mut named, mut tight) = (0_u32, 0_u32, 0_u32);
    for line in text.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let (action, resource) = (row["action"].as_str().unwrap(), row["resource"].as_str().unwrap());
        let granted = granted(&row["event"]);
        let hit = granted.iter().any(|permission| permission.is_action(action) && permission.allows(resource));
        let exact = granted.iter().any(|permission| permission.is_action(action) && permission.pattern() == resource);
        if !exact {
            let label = if hit { "wider" } else { "MISSED" };
            println!("{label} {action} on {resource}: {granted:?}");
        }
        rows += 1;
        named += u32::from(hit);
        tight += u32::from(exact);
    }
    println!("denials: {rows}, named {named}, as tight as AWS {tight}");
    assert!(f64::from(named) >= 0.95 * f64::from(rows));
    assert!(f64::from(tight) >= 0.85 * f64::from(rows));
}

#[test]
fn every_truth_row_of_ours_holds_exactly() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/truth");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let failures: Vec<String> = files.iter().flat_map(|path| rows::failures(path)).collect();
    assert!(failures.is_empty(), "{} rows fail:\n{}", failures.len(), failures.join("\n"));
}
