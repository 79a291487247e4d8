//! Policy documents, as far as the loop changes them: for the server, and with one action less.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

/// Whether the server checks an action on the ARN that AWS checks it on. EC2, EKS, KMS and Systems Manager have other
/// ARNs there or none, as have IAM's calls on all but roles.
fn checked_like_aws(action: &str) -> bool {
    match action.split_once(':') {
        Some(("ec2" | "eks" | "kms" | "ssm", _)) => false,
        Some(("iam", name)) => name.contains("Role") && !name.contains("ServiceLinked"),
        _ => true,
    }
}

pub fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

/// Writes changed copies of policy files into a folder.
pub fn rewritten(files: &[PathBuf], folder: &Path, change: impl Fn(&Value) -> Value) -> Vec<PathBuf> {
    std::fs::create_dir_all(folder).unwrap();
    let copy = |file: &PathBuf| {
        let copy = folder.join(file.file_name().unwrap());
        std::fs::write(&copy, serde_json::to_string_pretty(&change(&read(file))).unwrap()).unwrap();
        copy
    };
    files.iter().map(copy).collect()
}

/// Every action that the files name.
pub fn actions(files: &[PathBuf]) -> BTreeSet<String> {
    let documents = files.iter().map(|file| read(file));
    documents.flat_map(|document| statements(&document).iter().flat_map(texts_of_actions).collect::<Vec<_>>()).collect()
}

/// The same actions as the server can check them: on everything where it checks other ARNs than AWS, on the same
/// resources for the rest; without conditions, for most of whose keys it has no value.
pub fn widened(document: &Value) -> Value {
    let mut wide = BTreeSet::new();
    let mut kept = Vec::new();
    for statement in statements(document) {
        let (keep, widen): (Vec<String>, Vec<String>) =
            texts_of_actions(statement).into_iter().partition(|action| checked_like_aws(action));
        wide.extend(widen);
        if !keep.is_empty() {
            let mut statement = statement.clone();
            statement["Action"] = json!(keep);
            statement.as_object_mut().unwrap().remove("Condition");
            kept.push(statement);
        }
    }
    if !wide.is_empty() {
        kept.push(json!({ "Effect": "Allow", "Action": wide, "Resource": "*" }));
    }
    json!({ "Version": document["Version"], "Statement": kept })
}

/// Without an action; a statement that has no other goes.
pub fn without(document: &Value, action: &str) -> Value {
    let keep = |statement: &Value| {
        let rest: Vec<String> = texts_of_actions(statement).into_iter().filter(|one| one != action).collect();
        let mut statement = statement.clone();
        statement["Action"] = json!(rest);
        (!rest.is_empty()).then_some(statement)
    };
    let statements: Vec<Value> = statements(document).iter().filter_map(keep).collect();
    json!({ "Version": document["Version"], "Statement": statements })
}

/// Characters as IAM counts them.
pub fn characters(files: &[PathBuf]) -> usize {
    let count = |file: &PathBuf| std::fs::read_to_string(file).unwrap().chars().filter(|c| !c.is_whitespace()).count();
    files.iter().map(count).sum()
}

fn statements(document: &Value) -> &[Value] {
    document["Statement"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn texts_of_actions(statement: &Value) -> Vec<String> {
    crate::oracle::texts(&statement["Action"])
}
