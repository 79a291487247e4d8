//! Records of a role, as log files hold them.

use serde_json::{Value, json};

/// The role that the tests ask for.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/ci/deploy";

/// A log file with a call of the role that no other has, and calls at other times, so that each window has one.
pub fn log_file(number: usize) -> String {
    let at = |number: usize, time: &str| {
        let mut record = record(number);
        record["eventTime"] = json!(time);
        record
    };
    let early = at(900, "2026-11-02T08:35:00Z");
    let late = at(901, "2026-11-02T12:05:00Z");
    json!({"Records": [record(number), early, late]}).to_string()
}

/// A call of the role; another number is another call, on another resource.
pub fn record(number: usize) -> Value {
    json!({
        "eventVersion": "1.09",
        "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "eventTime": "2026-11-02T10:00:00Z",
        "eventSource": "dynamodb.amazonaws.com",
        "eventName": "DescribeTable",
        "eventType": "AwsApiCall",
        "awsRegion": "eu-central-1",
        "recipientAccountId": "111122223333",
        "requestParameters": {"tableName": format!("table-{number}")},
        "responseElements": null,
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE:run",
            "arn": "arn:aws:sts::111122223333:assumed-role/deploy/run",
            "accountId": "111122223333",
            "sessionContext": {"sessionIssuer": {
                "type": "Role",
                "arn": ROLE,
                "accountId": "111122223333",
                "userName": "deploy"
            }}
        }
    })
}
