//! A trail with every call of the truth rows, and what engines stumble over.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

/// Whose calls they are.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/ci/runner";

/// More S3 keys than are kept one by one.
const KEYS: usize = 2_400;

/// A directory with the trail.
pub fn everything() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut records = Vec::new();
    for call in calls() {
        for round in 0..2 {
            records.push(record(&call, round, records.len()));
        }
    }
    // The same event, delivered four times.
    let again = records[0].clone();
    records.extend([again.clone(), again.clone(), again]);
    for key in 0..KEYS {
        records.push(record(&object("GetObject", &format!("state/é\"{key}/x"), key), 0, records.len()));
    }
    for key in 0..40 {
        records.push(record(&object("PutObject", &format!("few/{key}"), key), 0, records.len()));
    }
    for (text, code) in [
        (
            "User: arn:aws:sts::111122223333:assumed-role/runner/run-N is not authorized to perform: eks:TagResource on resource: arn:aws:eks:eu-central-1:111122223333:/createaddon",
            "AccessDeniedException",
        ),
        ("Rate exceeded", "ThrottlingException"),
        ("No cluster found for name: it's 'x'.", "ResourceNotFoundException"),
    ] {
        for round in 0..3 {
            let mut failed = record(
                &json!({"event": "eks:CreateAddon", "request": {"name": "blue", "addonName": "vpc-cni", "tags": {"a": "b"}}}),
                round,
                records.len(),
            );
            failed["errorCode"] = code.into();
            failed["errorMessage"] = text.replace("run-N", &format!("run-{round}")).into();
            records.push(failed);
        }
    }
    std::fs::write(folder.path().join("trail.json"), json!({"Records": records}).to_string()).unwrap();
    folder
}

/// A trail in which the role opens sessions of another one, and somebody else does too.
pub fn with_sessions() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let other = "arn:aws:iam::111122223333:role/deploy";
    let mut records = Vec::new();
    for (round, key) in ["ASIAOPENED1", "ASIAOPENED2"].into_iter().enumerate() {
        let call = json!({
            "event": "sts:AssumeRole",
            "request": {"roleArn": other, "roleSessionName": format!("deploy-{round}"), "durationSeconds": 3600},
            "response": {"credentials": {"accessKeyId": key, "sessionToken": format!("token-{round}")}},
            "resources": [other],
        });
        records.push(record(&call, round, records.len()));
    }
    for (key, bucket) in [("ASIAOPENED1", "one"), ("ASIAOPENED2", "two"), ("ASIAELSEWHERE", "three")] {
        let call = json!({"event": "s3:GetBucketPolicy", "request": {"bucketName": bucket}});
        let mut made = record(&call, 0, records.len());
        made["userIdentity"]["accessKeyId"] = key.into();
        made["userIdentity"]["arn"] = "arn:aws:sts::111122223333:assumed-role/deploy/x".into();
        made["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] = other.into();
        records.push(made);
    }
    std::fs::write(folder.path().join("trail.json"), json!({"Records": records}).to_string()).unwrap();
    folder
}

/// The calls of the truth rows.
fn calls() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/truth");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        let text = text.replace(":R:", ":eu-central-1:").replace(":A:", ":111122223333:");
        let file: Value = toml::from_str(&text).unwrap();
        file["call"].as_array().unwrap().clone()
    };
    files.iter().flat_map(read).collect()
}

fn object(operation: &str, key: &str, index: usize) -> Value {
    json!({
        "event": format!("s3:{operation}"),
        "request": {"bucketName": "state", "Host": "state.s3.amazonaws.com", "key": key, "range": format!("bytes={index}-")},
        "response": {"x-amz-request-id": index.to_string(), "x-amz-server-side-encryption": "aws:kms",
                     "x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:eu-central-1:111122223333:key/0a1b"},
        "resources": [format!("arn:aws:s3:::state/{key}"), "arn:aws:s3:::state"],
    })
}

/// A record of a call, the round-th of its kind.
fn record(call: &Value, round: usize, index: usize) -> Value {
    let (service, name) = call["event"].as_str().unwrap().split_once(':').unwrap();
    let session = format!("run-{round}");
    let arns = call["resources"].as_array().cloned().unwrap_or_default();
    let mut request = call["request"].clone();
    if let Some(members) =
        request.as_object_mut().filter(|members| !members.is_empty() && !members.contains_key("clientToken"))
    {
        members.insert("clientToken".to_owned(), format!("token-{index}").into());
    }
    let mut identity = json!({
        "type": "AssumedRole", "principalId": format!("AROAEXAMPLE:{session}"), "accountId": "111122223333",
        "arn": format!("arn:aws:sts::111122223333:assumed-role/runner/{session}"), "accessKeyId": format!("ASIA{round}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": "111122223333", "userName": "runner"}},
    });
    if let Some(by) = call["invoked_by"].as_str() {
        identity["invokedBy"] = by.into();
    }
    let time = format!("2026-11-{:02}T{:02}:{:02}:{:02}Z", 1 + index % 20, index % 24, index / 24 % 60, index % 60);
    json!({
        "eventVersion": "1.11", "userIdentity": identity, "eventTime": time,
        "eventSource": if service.contains('.') { service.to_owned() } else { format!("{service}.amazonaws.com") },
        "eventName": name, "awsRegion": "eu-central-1", "requestParameters": request, "responseElements": call["response"],
        "resources": arns.iter().map(|arn| json!({"ARN": arn, "type": "AWS::X::Y"})).collect::<Vec<_>>(),
        "eventID": format!("{index:08x}-0000-4000-8000-000000000000"), "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333", "readOnly": name.starts_with("Get"), "eventCategory": "Management",
    })
}
