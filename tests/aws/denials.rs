//! Denials that AWS encoded, decoded by STS or from a file.

use serde_json::{Value, json};

use crate::asked::assert_allowed;
use crate::stand_ins::{Server, decode, xml_error};
use crate::support::{Finished, ROLE, command, run};

/// A trail in which RunInstances is denied with an encoded message, twice, and one message can't be decoded.
fn trail() -> tempfile::TempDir {
    let record = |id: &str, name: &str, error: Option<&str>| {
        let mut record = json!({
            "eventVersion": "1.09", "eventTime": "2026-11-01T10:00:00Z", "eventID": id, "eventType": "AwsApiCall",
            "eventSource": "ec2.amazonaws.com", "eventName": name, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
            "userIdentity": {
                "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/eks-runner/run", "accountId": "111122223333",
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": "111122223333", "userName": "eks-runner"}}
            },
            "requestParameters": {"vpcSet": {}, "filterSet": {}}, "readOnly": true
        });
        if let Some(message) = error {
            record["errorCode"] = json!("Client.UnauthorizedOperation");
            record["errorMessage"] = json!(format!(
                "You are not authorized to perform this operation. Encoded authorization failure message: {message}"
            ));
        }
        record
    };
    let records = [
        record("1", "DescribeVpcs", None),
        record("2", "RunInstances", Some("encoded-one")),
        record("3", "RunInstances", Some("encoded-two")),
        record("4", "StopInstances", Some("of-another-account")),
    ];
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("trail.json"), json!({"Records": records}).to_string()).unwrap();
    folder
}

fn message() -> String {
    json!({
        "allowed": false, "explicitDeny": false, "matchedStatements": {"items": []}, "failures": {"items": []},
        "context": {
            "principal": {"id": "AROA1:run", "arn": "arn:aws:sts::111122223333:assumed-role/eks-runner/run"},
            "action": "ec2:RunInstances", "resource": "arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-0123456789abcdef0",
            "conditions": {"items": []}
        }
    })
    .to_string()
}

fn generate(server: &Server, trail: &tempfile::TempDir, more: &[&str]) -> Finished {
    let folder = trail.path().to_str().unwrap();
    run(command(server, &[&["generate", folder, "--role", ROLE, "--format", "json"], more].concat()))
}

fn denied(finished: &Finished) -> Vec<Value> {
    let report: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{}", finished.stderr));
    report["coverage"]["denied"].as_array().unwrap().clone()
}

fn subnet(denied: &[Value]) -> Option<&Value> {
    denied
        .iter()
        .find(|call| call["resource"].as_str().is_some_and(|resource| resource.ends_with("subnet-0123456789abcdef0")))
}

#[test]
fn sts_decodes_what_the_text_hides() {
    let trail = trail();
    let server = Server::start(|call| decode(call, &[("encoded-one", message()), ("encoded-two", message())]));
    let plain = denied(&generate(&server, &trail, &[]));
    assert!(subnet(&plain).is_none() && server.calls().is_empty(), "nothing is asked unless told to");
    let finished = generate(&server, &trail, &["--decode-denials", "--include-denied"]);
    let calls = denied(&finished);
    let told = subnet(&calls).unwrap();
    assert_eq!((&told["action"], &told["count"]), (&json!("ec2:RunInstances"), &json!(2)));
    assert!(finished.stderr.contains("can't be decoded"), "{}", finished.stderr);
    let report: Value = serde_json::from_str(&finished.stdout).unwrap();
    assert!(report["grants"].to_string().contains("subnet-0123456789abcdef0"), "granted with --include-denied");
    assert_allowed(&["decode-denials"], &server, &[]);
}

#[test]
fn decoded_messages_are_read_from_a_file_too() {
    let trail = trail();
    let file = trail.path().join("../decoded-denials-of-the-test.json");
    let message: Value = serde_json::from_str(&message()).unwrap();
    std::fs::write(&file, json!({"encoded-one": message, "encoded-two": message.to_string()}).to_string()).unwrap();
    let server = Server::start(|_| xml_error(500, "InternalError", "nobody should ask"));
    let option = format!("--decode-denials={}", file.display());
    let calls = denied(&generate(&server, &trail, &[&option]));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(subnet(&calls).unwrap()["count"], 2);
    assert!(server.calls().is_empty());
}

#[test]
fn who_may_not_decode_is_told_what_is_missing() {
    let server = Server::start(|_| xml_error(403, "AccessDenied", "User: x is not authorized"));
    let finished = generate(&server, &trail(), &["--decode-denials"]);
    assert_eq!(finished.status, Some(1));
    assert!(finished.stderr.contains("grant `sts:DecodeAuthorizationMessage`"), "{}", finished.stderr);
}
