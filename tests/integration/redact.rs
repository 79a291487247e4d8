//! A redacted report holds nothing that must not be shown, in any format, and is still the same report.

use std::collections::BTreeSet;
use std::io::Read as _;

use serde_json::Value;

use crate::support::{Scenario, formats, repository, scenarios, trailtrim};

/// What must not be shown to everybody, from the records themselves: accounts, sessions, addresses, ids, and what requests
/// name.
fn secrets(scenario: &Scenario) -> BTreeSet<String> {
    let mut secrets = BTreeSet::new();
    for file in scenario.files() {
        let bytes = std::fs::read(repository().join(file)).unwrap();
        let mut text = String::new();
        match bytes.starts_with(&[0x1f, 0x8b]) {
            true => drop(flate2::read::MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text)),
            false => text = String::from_utf8_lossy(&bytes).into_owned(),
        }
        // A delivered file, or a record a line.
        let values: Vec<Value> = serde_json::Deserializer::from_str(&text).into_iter().map_while(Result::ok).collect();
        for record in
            values.iter().flat_map(|value| value["Records"].as_array().cloned().unwrap_or(vec![value.clone()]))
        {
            let identity = &record["userIdentity"];
            for value in [&identity["accountId"], &identity["accessKeyId"], &record["eventID"]] {
                secrets.extend(value.as_str().map(str::to_owned));
            }
            if let Some(session) = identity["arn"].as_str().and_then(|arn| arn.rsplit('/').next()) {
                secrets.insert(session.to_owned());
            }
            named("", &record["requestParameters"], &mut secrets);
            named("", &record["responseElements"], &mut secrets);
        }
    }
    // Sessions of service-linked roles, too, have names that AWS gives them.
    let is_of_aws =
        |text: &String| text.contains("amazonaws") || text.starts_with("AWSServiceRole") || text.starts_with("Amazon");
    // `default` and the like are everybody's words.
    let is_own = |text: &String| text.contains(|c: char| c.is_ascii_digit() || c == '-');
    secrets.into_iter().filter(|secret| secret.len() >= 6 && is_own(secret) && !is_of_aws(secret)).collect()
}

/// Values of members for names and ids.
fn named(member: &str, value: &Value, secrets: &mut BTreeSet<String>) {
    const NAMES: [&str; 12] = [
        "name",
        "clusterName",
        "nodegroupName",
        "roleName",
        "bucketName",
        "repositoryName",
        "logGroupName",
        "tableName",
        "instanceProfileName",
        "vpcId",
        "subnetId",
        "groupId",
    ];
    match value {
        Value::String(text) if NAMES.contains(&member) && !text.contains([':', '/', ' ']) => {
            secrets.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| named(member, item, secrets)),
        Value::Object(members) => members.iter().for_each(|(name, member)| named(name, member, secrets)),
        _ => {}
    }
}

fn left<'s>(text: &str, secrets: &'s BTreeSet<String>) -> Vec<&'s str> {
    secrets.iter().map(String::as_str).filter(|secret| text.contains(secret)).collect()
}

#[test]
fn nothing_secret_is_left_in_any_format() {
    for scenario in scenarios() {
        let secrets = secrets(&scenario);
        for format in formats() {
            let run =
                |more: &[&str]| scenario.generate(&[&["--format", &format, "--no-config"], more].concat()).finish();
            let (open, redacted) = (run(&[]), run(&["--redact"]));
            assert_eq!(open.status(), redacted.status());
            assert_eq!(left(&redacted.stdout(), &secrets), Vec::<&str>::new(), "{} as {format}", scenario.name);
            if format == "json" {
                assert!(!left(&open.stdout(), &secrets).is_empty(), "{}: the secrets are none", scenario.name);
            }
        }
    }
}

#[test]
fn nothing_secret_is_left_in_findings_and_accounts() {
    let scenario = Scenario::named("eks-terraform");
    let (secrets, role, events) = (secrets(&scenario), scenario.role(), scenario.events());
    let fixed = ["--no-config", "--role", &role, "--policy", "fixtures/policies/seed.json", "--exit-zero"];
    for format in ["text", "json", "markdown", "html", "sarif", "junit"] {
        let arguments = [&["audit", &events, "--format", format, "--redact"][..], &fixed].concat();
        let text = trailtrim(arguments).expect(0).stdout();
        assert_eq!(left(&text, &secrets), Vec::<&str>::new(), "audit as {format}");
    }
    for format in ["text", "json"] {
        let replay = [&["replay", &events, "--format", format, "--redact"][..], &fixed].concat();
        let explain = ["explain", &events, "--format", format, "--redact", "--no-config", "--role", &role, "eks:*"];
        for arguments in [replay, explain.to_vec()] {
            let text = trailtrim(&arguments).expect(0).stdout();
            assert_eq!(left(&text, &secrets), Vec::<&str>::new(), "{} as {format}", arguments[0]);
        }
    }
}

/// A folder whose names, programs, tags and Sids all have one word that must not be seen, with a policy and a broken file.
fn whispering() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("hush").tempdir().unwrap();
    let denied = "User: arn:aws:sts::111122223333:assumed-role/hush-runner/hushsession is not authorized to perform: \
                  eks:TagResource on resource: arn:aws:eks:eu-central-1:111122223333:/createaddon because no identity-based \
                  policy allows the eks:TagResource action";
    let record = |(index, name): (usize, &str)| {
        let mut record = serde_json::json!({
            "eventVersion": "1.09", "eventID": format!("00000000-0000-4000-8000-{index:012}"), "eventType": "AwsApiCall",
            "eventTime": "2026-11-02T10:00:00Z", "eventSource": "eks.amazonaws.com", "eventName": name,
            "awsRegion": "eu-central-1", "recipientAccountId": "111122223333", "sourceIPAddress": "10.20.30.40",
            "userAgent": "hushbuilder/7.1 (hushhost) app/hush aws-sdk-go-v2/1.39 Terraform/1.11.0",
            "requestParameters": {"name": "hushcluster", "nodegroupName": "hushnodes", "addonName": "vpc-cni",
                "nodeRole": "arn:aws:iam::111122223333:role/hushnoderole", "tags": {"hushtag": "hushvalue"}},
            "userIdentity": {"type": "AssumedRole", "accountId": "111122223333", "accessKeyId": "ASIAHUSHHUSHHUSHHUSH",
                "arn": "arn:aws:sts::111122223333:assumed-role/hush-runner/hushsession",
                "sessionContext": {"sourceIdentity": "hushperson", "sessionIssuer": {"type": "Role",
                    "arn": "arn:aws:iam::111122223333:role/ci/hush-runner", "accountId": "111122223333"}}}
        });
        if name == "CreateAddon" {
            record["errorCode"] = "AccessDenied".into();
            record["errorMessage"] = denied.into();
        }
        record
    };
    let names = ["DescribeCluster", "CreateNodegroup", "ListAddons", "CreateAddon"];
    let records: Vec<Value> = names.into_iter().enumerate().map(record).collect();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("events")).unwrap();
    write("events/hushfile.json", &serde_json::json!({"Records": records}).to_string());
    write("events/hushbroken.json", "{\"Records\":[{\"eventVersion\":");
    let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [{
        "Sid": "HushAccess", "Effect": "Allow", "Action": ["eks:*", "iam:PassRole"], "Resource": ["*", "arn:aws:s3:::hushbucket/*"],
        "Condition": {"StringEquals": {"aws:ResourceTag/hushtag": "hushvalue"}}
    }]});
    write("hushpolicy.json", &policy.to_string());
    folder
}

#[test]
fn paths_programs_tags_and_sids_are_not_told_either() {
    let folder = whispering();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (events, policy) = (path("events"), path("hushpolicy.json"));
    let fixed =
        ["--role", "arn:aws:iam::111122223333:role/ci/hush-runner", "--redact", "--quiet", "--no-config", "--format"];
    let policies = ["--policy", &policy];
    let mut shown = Vec::new();
    let all = formats();
    for format in &all {
        shown.push([&["generate", &events][..], &fixed, &[format]].concat());
    }
    for format in ["text", "json", "markdown", "html", "sarif", "junit"] {
        shown.push([&["audit", &events, "--exit-zero"][..], &policies, &fixed, &[format]].concat());
    }
    for format in ["text", "json"] {
        shown.push([&["replay", &events][..], &policies, &fixed, &[format]].concat());
        shown.push([&["explain", &events][..], &fixed, &[format, "eks:*"]].concat());
    }
    for arguments in shown {
        let text = trailtrim(&arguments).finish().stdout();
        assert!(text.len() > 100, "{arguments:?} says nothing");
        // The page's own word for what only screen readers say.
        let text = text.replace("class=\"hush\"", "").replace(".hush {", "").to_lowercase();
        for secret in ["hush", "111122223333", "10.20.30.40"] {
            let at = text.find(secret).map(|at| text.chars().skip(at.saturating_sub(80)).take(160).collect::<String>());
            assert_eq!(at, None, "{arguments:?}");
        }
    }
}

#[test]
fn a_redacted_policy_has_the_form_of_the_policy() {
    for scenario in scenarios() {
        let report = |more: &[&str]| -> Value {
            let more = [&["--format", "json", "--no-config"], more].concat();
            serde_json::from_str(&scenario.generate(&more).stdout()).unwrap()
        };
        let (open, redacted) = (report(&[]), report(&["--redact"]));
        assert_eq!(redacted, report(&["--redact"]), "{}: not the same again", scenario.name);
        let documents = |report: &Value| report["policies"].as_array().unwrap().clone();
        assert_eq!(documents(&open).len(), documents(&redacted).len());
        for (one, other) in documents(&open).iter().zip(documents(&redacted)) {
            let text = other["document"].to_string();
            let parsed = trailtrim::iam::PolicyDocument::parse_with_lines(&text);
            assert!(parsed.is_ok(), "{}: {:?}", scenario.name, parsed.err());
            assert_eq!(form(&one["document"]), form(&other["document"]), "{}", scenario.name);
        }
        assert_eq!(open["grants"].as_array().unwrap().len(), redacted["grants"].as_array().unwrap().len());
        assert_eq!(open["records"], redacted["records"]);
    }
}

/// What stays of a resource: its service, wildcards and steps.
type Shape = (String, usize, usize);

/// Of each statement: the actions as they are, and of each resource its service and how many wildcards and steps it has.
fn form(document: &Value) -> Vec<(Value, BTreeSet<Shape>)> {
    let list = |value: &Value| match value {
        Value::Array(items) => items.clone(),
        one => vec![one.clone()],
    };
    let resource = |value: &Value| {
        let text = value.as_str().unwrap();
        let count = |mark: &str| text.matches(mark).count();
        (text.split(':').nth(2).unwrap_or_default().to_owned(), count("*") + count("?"), count("/") + count(":"))
    };
    let statements = list(&document["Statement"]);
    statements
        .iter()
        .map(|one| (one["Action"].clone(), list(&one["Resource"]).iter().map(resource).collect()))
        .collect()
}
