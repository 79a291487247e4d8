//! Scenarios as evidence: every record of a folder, each event once.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;
use trailtrim::aggregator::{Aggregator, Selection, Usage};
use trailtrim::catalog::Catalog;
use trailtrim::cloudtrail::{SkipReason, parse_record};

/// A folder of the fixtures.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// What the role of a scenario did. `include_denied`: what AWS denied is a request, too.
pub fn usage(scenario: &str, include_denied: bool) -> Usage {
    let folder = fixtures().join("scenarios").join(scenario);
    let selection = Selection {
        principals: vec!["arn:aws:iam::111122223333:role/ci/eks-runner".parse().unwrap()],
        include_denied,
        ..Selection::default()
    };
    let mut aggregator = Aggregator::new(Catalog::embedded(), &selection);
    let mut seen = BTreeSet::new();
    for record in records(&folder.join("events")) {
        let id = record["eventID"].as_str().map(str::to_owned);
        if id.is_some_and(|id| !seen.insert(id)) {
            aggregator.skip(SkipReason::Duplicate);
            continue;
        }
        let bytes = serde_json::to_vec(&record).unwrap();
        match parse_record(&bytes) {
            Ok(event) => aggregator.add(&event),
            Err(reason) => aggregator.skip(reason),
        }
    }
    aggregator.finish().into_values().next().expect("the scenario has its role")
}

fn records(folder: &Path) -> Vec<Value> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.iter().flat_map(|path| if path.is_dir() { records(path) } else { records_of_file(path) }).collect()
}

fn records_of_file(path: &Path) -> Vec<Value> {
    let bytes = std::fs::read(path).unwrap();
    let text = if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        text
    } else {
        String::from_utf8(bytes).unwrap()
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(mut file)) => match file.remove("Records") {
            Some(Value::Array(records)) => records,
            _ => Vec::new(),
        },
        _ => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
    }
}
