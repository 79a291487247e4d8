//! The formats hold the same facts, and other programs can read them.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::{placeholders, repository, scenarios, trailtrim};

#[test]
fn the_report_is_what_its_schema_promises() {
    let schema = std::fs::read_to_string(repository().join("docs/report.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for scenario in scenarios() {
        let report: Value = serde_json::from_str(&scenario.generate(&["--format", "json"]).stdout()).unwrap();
        let problems: Vec<String> =
            validator.iter_errors(&report).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(problems.is_empty(), "{}: {problems:#?}", scenario.name);
    }
}

/// A trail in which one call was denied so often, each time with an encoded message of its own.
fn denied_again_and_again(times: usize) -> Value {
    let record = |id: usize| {
        json!({
            "eventVersion": "1.09", "eventTime": "2026-11-01T10:00:00Z", "eventID": id.to_string(), "eventType": "AwsApiCall",
            "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "awsRegion": "eu-west-1",
            "recipientAccountId": "111122223333",
            "userIdentity": {
                "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/ci/run", "accountId": "111122223333",
                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ci"}}
            },
            "errorCode": "Client.UnauthorizedOperation",
            "errorMessage": format!("You are not authorized to perform this operation. Encoded authorization failure message: m{id}x"),
        })
    };
    let mut allowed = record(times);
    allowed["eventName"] = json!("DescribeVpcs");
    allowed["errorCode"] = Value::Null;
    allowed["errorMessage"] = Value::Null;
    let records: Vec<Value> = (0..times).map(record).chain([allowed]).collect();
    json!({ "Records": records })
}

#[test]
fn denials_that_differ_in_what_aws_encoded_are_one_line_for_people_and_all_there_for_programs() {
    let folder = tempfile::tempdir().unwrap();
    let trail = folder.path().join("trail.json");
    std::fs::write(&trail, denied_again_and_again(30).to_string()).unwrap();
    let generate = |format: &str| {
        let run = ["generate", trail.to_str().unwrap(), "--role", "ci", "--no-config", "--format", format];
        trailtrim(run).expect(0).stdout()
    };
    let text = generate("text");
    assert!(text.contains("    ec2.amazonaws.com RunInstances, 30 events, last 2026-11-01\n"), "{text}");
    assert_eq!((text.matches("RunInstances").count(), text.matches("--decode-denials").count()), (1, 1), "{text}");
    assert_eq!(generate("markdown").matches("RunInstances").count(), 1);
    let report: Value = serde_json::from_str(&generate("json")).unwrap();
    let messages: BTreeSet<&str> = report["coverage"]["denied"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["encoded_message"].as_str().unwrap())
        .collect();
    assert_eq!(messages.len(), 30);
}

#[test]
fn every_grant_is_in_every_account_of_them() {
    for scenario in scenarios() {
        let report: Value = serde_json::from_str(&scenario.generate(&["--format", "json"]).stdout()).unwrap();
        let grants = report["grants"].as_array().unwrap();
        let csv = scenario.generate(&["--format", "csv"]).stdout();
        assert_eq!(csv::Reader::from_reader(csv.as_bytes()).records().count(), grants.len(), "{}", scenario.name);
        let shown = ["text", "markdown"].map(|format| scenario.generate(&["--format", format]).stdout());
        for grant in grants {
            let (_, action) = grant["action"].as_str().unwrap().split_once(':').unwrap();
            let resource = grant["resource"].as_str().unwrap();
            for text in &shown {
                assert!(text.contains(action) && text.contains(resource), "{}: {action} on {resource}", scenario.name);
            }
        }
    }
}

#[test]
fn every_widening_is_in_the_text_with_its_rule() {
    for scenario in scenarios() {
        let report: Value = serde_json::from_str(&scenario.generate(&["--format", "json"]).stdout()).unwrap();
        let text = scenario.generate(&["--format", "text"]).stdout();
        let (_, section) = text.split_once("Where the policy is wider than the evidence\n").unwrap();
        for widening in report["widenings"].as_array().unwrap() {
            for part in ["rule", "resource", "action"] {
                assert!(section.contains(widening[part].as_str().unwrap()), "{}: {widening}", scenario.name);
            }
        }
    }
}

#[test]
fn text_is_wrapped_but_for_names_that_do_not_fit() {
    for scenario in scenarios() {
        for line in scenario.generate(&["--format", "text"]).stdout().lines().filter(|line| line.chars().count() > 80) {
            let words = line.split_whitespace().filter(|word| word.len() > 3).count();
            assert!(words <= 2, "{}: {line}", scenario.name);
        }
    }
}

#[test]
fn terraform_finds_nothing_to_format() {
    if Command::new("terraform").arg("version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
        return eprintln!("SKIPPED: no terraform here");
    }
    let folder = tempfile::tempdir().unwrap();
    for scenario in scenarios() {
        let text = scenario.generate(&["--format", "terraform"]).stdout();
        std::fs::write(folder.path().join("policy.tf"), text).unwrap();
        let output =
            Command::new("terraform").args(["fmt", "-check", "-diff"]).current_dir(folder.path()).output().unwrap();
        assert!(
            output.status.success(),
            "{}: {}",
            scenario.name,
            placeholders(&String::from_utf8_lossy(&output.stdout))
        );
    }
}
