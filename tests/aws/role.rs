//! The policies of a role from IAM: the same findings as from files, at their places in IAM.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::asked::assert_allowed;
use crate::stand_ins::{Account, Policy, Role, Server, xml_error};
use crate::support::{Finished, ROLE, Records, command, run};

const MANAGED: &str = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \
                       \"Action\": [\n        \"eks:*\",\n        \"sns:CreateTopic\"\n      ],\n      \"Resource\": \"*\"\n    }\n  ]\n}";
const INLINE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["sqs:PurgeQueue", "kms:CreateKey"], "Resource": "*"}}"#;
const BOUNDARY: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

fn account() -> Account {
    let policy = |name: &str, document: &str| Policy { name: name.to_owned(), document: document.to_owned() };
    let arn = |name: &str| format!("arn:aws:iam::111122223333:policy/ci/{name}");
    let role = Role {
        arn: ROLE.to_owned(),
        inline: vec![policy("queues", INLINE), policy("more-queues", INLINE)],
        attached: vec![arn("deploy"), "arn:aws:iam::aws:policy/ReadSomething".to_owned()],
        boundary: Some(arn("limit")),
        last_used: Some("2026-11-20T00:00:00Z".to_owned()),
    };
    let managed = vec![policy("deploy", MANAGED), policy("ReadSomething", INLINE), policy("limit", BOUNDARY)];
    let mut account = Account::new(role, managed);
    account.accessed = vec![
        ("sns", None, vec![]),
        ("sqs", Some("2099-01-01T00:00:00Z".to_owned()), vec![("PurgeQueue", Some("2099-01-01T00:00:00Z".to_owned()))]),
    ];
    account
}

fn audit(server: &Server, records: &Records, more: &[&str]) -> Finished {
    let folder = records.folder().to_str().unwrap();
    run(command(server, &[&["audit", folder, "--role", ROLE, "--format", "json", "--exit-zero"], more].concat()))
}

fn findings(finished: &Finished) -> Vec<Value> {
    let report: Value = serde_json::from_str(&finished.stdout).unwrap_or_else(|_| panic!("{}", finished.stderr));
    report["findings"].as_array().unwrap().clone()
}

/// Kind and subject, and how many there are of each.
fn kinds(findings: &[Value]) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for finding in findings {
        *kinds.entry(format!("{} {}", finding["kind"], finding["subject"])).or_default() += 1;
    }
    kinds
}

#[test]
fn policies_from_iam_give_the_findings_of_files() {
    let records = Records::of("eks-terraform");
    let account = account();
    let server = Server::start(move |call| account.answer(call));
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let files = [
        file("queues.json", INLINE),
        file("more-queues.json", INLINE),
        file("deploy.json", MANAGED),
        file("ReadSomething.json", INLINE),
    ];
    let mut arguments: Vec<&str> = files.iter().flat_map(|file| ["--policy", file.as_str()]).collect();
    let boundary = file("boundary.json", BOUNDARY);
    arguments.extend(["--boundary", &boundary]);
    let of_files = findings(&audit(&server, &records, &arguments));
    assert!(server.calls().is_empty(), "files need no AWS");
    let of_iam = findings(&audit(&server, &records, &["--policy", "iam"]));
    assert!(of_iam.len() > 5, "{of_iam:?}");
    assert_eq!(kinds(&of_iam), kinds(&of_files));
    let eks = of_iam.iter().find(|finding| finding["subject"] == "eks:*").unwrap();
    assert_eq!(eks["place"]["file"], "iam:arn:aws:iam::111122223333:policy/ci/deploy");
    assert_eq!(eks["place"]["line"], 7);
    let inline = of_iam.iter().find(|finding| finding["place"]["policy"] == "queues").unwrap();
    assert_eq!(inline["place"]["file"], format!("iam:{ROLE}/queues"));
    assert_allowed(&["iam"], &server, &[]);
}

#[test]
fn iams_own_record_confirms_or_doubts() {
    let records = Records::of("eks-terraform");
    let account = account();
    let server = Server::start(move |call| account.answer(call));
    let found = findings(&audit(&server, &records, &["--policy", "iam"]));
    let of = |subject: &str| found.iter().find(|finding| finding["subject"] == subject).unwrap();
    assert!(of("sns")["evidence"].to_string().contains("IAM's own record agrees"), "{}", of("sns"));
    assert_eq!(of("sns")["confidence"], "high");
    let doubted = found.iter().find(|finding| finding["evidence"].to_string().contains("IAM saw a call on 2099-01-01"));
    assert_eq!(doubted.unwrap()["confidence"], "low");
}

#[test]
fn without_the_second_witness_the_audit_goes_on() {
    let records = Records::of("eks-eksctl");
    let account = account();
    let server = Server::start(move |call| match call.operation.as_str() {
        "GenerateServiceLastAccessedDetails" => xml_error(403, "AccessDenied", "User: x is not authorized"),
        _ => account.answer(call),
    });
    let finished = audit(&server, &records, &["--policy", "iam"]);
    assert!(!findings(&finished).is_empty());
    assert!(finished.stderr.contains("GenerateServiceLastAccessedDetails"), "{}", finished.stderr);
}

#[test]
fn a_role_that_is_not_there_or_not_readable_is_said() {
    let records = Records::of("eks-eksctl");
    for (code, status, expected) in [
        ("AccessDenied", 403, "grant `iam:GetRole`"),
        ("NoSuchEntity", 404, "check the name, the account"),
        ("InvalidClientTokenId", 403, "check the access key"),
    ] {
        let server = Server::start(move |_| xml_error(status, code, "said"));
        let finished = audit(&server, &records, &["--policy", "iam"]);
        assert_eq!((finished.status, finished.stdout.as_str()), (Some(1), ""), "{code}");
        assert!(finished.stderr.contains(expected), "{code}: {}", finished.stderr);
    }
    // The credentials are those of another account.
    let mut other = account();
    other.role.arn = "arn:aws:iam::999999999999:role/ci/eks-runner".to_owned();
    let server = Server::start(move |call| other.answer(call));
    let finished = audit(&server, &records, &["--policy", "iam"]);
    assert!(finished.stderr.contains("which is another role"), "{}", finished.stderr);
}

#[test]
fn a_managed_policy_can_be_named_by_its_arn() {
    let records = Records::of("eks-eksctl");
    let account = account();
    let server = Server::start(move |call| account.answer(call));
    let found = findings(&audit(&server, &records, &["--policy", "arn:aws:iam::111122223333:policy/ci/deploy"]));
    assert!(
        found.iter().any(|finding| finding["place"]["file"] == "iam:arn:aws:iam::111122223333:policy/ci/deploy"),
        "{found:?}"
    );
}
