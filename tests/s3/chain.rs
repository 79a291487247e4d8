//! One trail on every way that evidence can take: the bucket, its copy on disk, the event history, and a store that was
//! filled from the bucket. All give the same bytes.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aws_sdk_iam::Client;
use serde_json::{Value, json};

use crate::cloud::{ACCOUNT, MiniStack};
use crate::digest_chain::{Object, gzip};
use crate::granted::granted;
use crate::run::{Finished, trailtrim};
use crate::stand_ins::History;
use crate::support::{ROLE, Records, command, run, serve, succeed};

/// Every policy of the role as one text, and the whole report.
const FORMATS: [&str; 3] = ["policy", "terraform", "json"];

/// The records as CloudTrail delivers them: a log file for each account, Region and quarter of an hour.
fn delivered(records: &[Value]) -> Vec<Object> {
    let mut files: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for record in records {
        let text = |name: &str| record[name].as_str().unwrap();
        let (region, time) = (text("awsRegion"), text("eventTime"));
        let minute = time[14..16].parse::<u32>().unwrap() / 15 * 15;
        let day = time[..10].replace('-', "/");
        let stamp = format!("{}T{}{minute:02}Z", time[..10].replace('-', ""), &time[11..13]);
        let key = format!(
            "AWSLogs/{ACCOUNT}/CloudTrail/{region}/{day}/{ACCOUNT}_CloudTrail_{region}_{stamp}_aBcDeFgHiJkLmNoP.json.gz"
        );
        files.entry(key).or_default().push(record);
    }
    let object =
        |(key, records)| Object { key, text: json!({"Records": records}).to_string().into_bytes(), signature: None };
    files.into_iter().map(object).collect()
}

fn copy(objects: &[Object], folder: &Path) {
    for object in objects {
        let path = folder.join(&object.key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, gzip(&object.text)).unwrap();
    }
}

/// The parts of a report that come of the evidence, whichever way it took.
fn evidence(report: &str) -> String {
    let mut report: Value = serde_json::from_str(report).unwrap_or_else(|_| panic!("{report}"));
    report["scope"]["sources"].take();
    report["records"].take();
    serde_json::to_string_pretty(&report).unwrap()
}

#[track_caller]
fn assert_same(one: &str, other: &str, format: &str, way: &str) {
    if format == "json" {
        assert_eq!(evidence(one), evidence(other), "{way}");
    } else {
        assert_eq!(one, other, "{way} as {format}");
    }
}

#[test]
fn bucket_copy_history_and_store_give_the_same_bytes() {
    let Some(cloud) = MiniStack::start() else { return };
    let records = Records::of("eks-terraform");
    let objects = delivered(&records.records);
    assert!(objects.len() > 10, "{} log files", objects.len());
    objects.iter().for_each(|object| cloud.put(object));
    let (disk, store) = (cloud.path("copy"), cloud.path("s.db"));
    copy(&objects, Path::new(&disk));

    // As a role that may do what the documentation grants, and nothing else.
    cloud.role("reader", r#""s3:ListBucket","s3:GetObject""#);
    let reader = ["--assume-role", "arn:aws:iam::111122223333:role/reader"];
    let collect = [&["collect", "s3://logs", "--role", ROLE, "--store", &store], &reader[..]].concat();
    let first = cloud.run(&collect).expect(0);
    let second = cloud.run(&collect).expect(0);
    let all = format!("{} objects not read again", objects.len());
    assert!(!first.stderr().contains("not read again"), "{}", first.stderr());
    assert!(second.stderr().contains("0 events new") && second.stderr().contains(&all), "{}", second.stderr());

    let history = Arc::new(History::new(&records.records));
    let server = serve(history, |_| None);
    let generate =
        |source: &str, format: &str| trailtrim(["generate", source, "--role", ROLE, "--format", format]).finish();
    for format in FORMATS {
        let of_copy = generate(&disk, format);
        let status = of_copy.status();
        assert!(status == Some(0), "{}", of_copy.stderr());
        assert_same(&generate(&format!("store:{store}"), format).stdout(), &of_copy.stdout(), format, "the store");
        let arguments = ["generate", "s3://logs", "--role", ROLE, "--format", format];
        assert_same(&cloud.run(&arguments).stdout(), &of_copy.stdout(), format, "the bucket");
        let arguments = ["generate", "lookup-events", "--role", ROLE, "--region", "eu-central-1", "--format", format];
        let of_history = succeed(command(&server, &arguments)).stdout;
        if format == "json" {
            // It was asked in one Region, so the scope names that one and the global services'.
            let without_scope = |report: &str| {
                let mut report: Value = serde_json::from_str(report).unwrap();
                report["scope"]["regions"].take();
                report.to_string()
            };
            let [one, other] = [&of_history, &of_copy.stdout()].map(|report| without_scope(report));
            assert_same(&one, &other, format, "the event history");
        } else {
            assert_same(&of_history, &of_copy.stdout(), format, "the event history");
        }
    }
}

#[test]
fn a_store_that_event_history_filled_has_the_global_services_too() {
    let records = Records::of("eks-eksctl");
    let server = serve(Arc::new(History::new(&records.records)), |_| None);
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db").to_str().unwrap().to_owned();
    let region = ["--role", ROLE, "--region", "eu-central-1"];
    let collected = run(command(&server, &[&["collect", "lookup-events", "--store", &store], &region[..]].concat()));
    assert_eq!(collected.status, Some(0), "{}", collected.stderr);
    assert!(collected.stderr.contains("us-east-1 is read too"), "{}", collected.stderr);
    let terraform = ["--format", "terraform"];
    let source = format!("store:{store}");
    let generated = trailtrim([&["generate", &source, "--role", ROLE], &terraform[..]].concat()).expect(0);
    assert_eq!(generated.stdout(), records.generated(&terraform));
}

const INLINE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["sqs:PurgeQueue", "kms:CreateKey"], "Resource": "*"}}"#;
const MANAGED: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["eks:*", "sns:CreateTopic"], "Resource": "*"}]}"#;
const OLD: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}]}"#;

/// The role itself: a policy inside, one attached in its second version, a boundary.
async fn set_up(iam: &Client) {
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    let boundary = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    iam.create_policy().policy_name("limit").policy_document(boundary).send().await.unwrap();
    let limit = "arn:aws:iam::111122223333:policy/limit";
    let create = iam.create_role().role_name("eks-runner").path("/ci/").assume_role_policy_document(trust);
    create.permissions_boundary(limit).send().await.unwrap();
    let put = iam.put_role_policy().role_name("eks-runner").policy_name("queues").policy_document(INLINE);
    put.send().await.unwrap();
    iam.create_policy().policy_name("deploy").policy_document(OLD).send().await.unwrap();
    let deploy = "arn:aws:iam::111122223333:policy/deploy";
    let version = iam.create_policy_version().policy_arn(deploy).policy_document(MANAGED).set_as_default(true);
    version.send().await.unwrap();
    iam.attach_role_policy().role_name("eks-runner").policy_arn(deploy).send().await.unwrap();
}

/// Kind and subject of each finding, without IAM's own witness, which files do not have.
fn findings(finished: &Finished) -> Vec<String> {
    let report: Value = serde_json::from_str(&finished.stdout()).unwrap_or_else(|_| panic!("{}", finished.stderr()));
    let found = report["findings"].as_array().unwrap().iter();
    let mut found: Vec<String> = found.map(|finding| format!("{} {}", finding["kind"], finding["subject"])).collect();
    found.sort();
    found
}

#[test]
fn an_audit_of_iam_finds_what_one_of_files_does() {
    let Some(cloud) = MiniStack::start() else { return };
    cloud.runtime.block_on(set_up(&cloud.iam));
    let records = Records::of("eks-terraform");
    let (folder, store) = (records.folder().to_str().unwrap(), cloud.path("s.db"));
    trailtrim(["collect", folder, "--role", ROLE, "--store", &store]).expect(0);
    let file = |name: &str, text: &str| {
        std::fs::write(cloud.path(name), text).unwrap();
        cloud.path(name)
    };
    let [queues, deploy] = [file("queues.json", INLINE), file("deploy.json", MANAGED)];
    let source = format!("store:{store}");
    let audit = ["audit", &source, "--role", ROLE, "--format", "json", "--exit-zero"];
    let boundary =
        file("limit.json", r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#);
    let files = ["--policy", &queues, "--policy", &deploy, "--boundary", &boundary];
    let of_files = findings(&trailtrim([&audit[..], &files].concat()).expect(0));

    // As a role that may do what the documentation grants, and nothing else.
    let actions: Vec<String> = granted("iam").into_iter().map(|action| format!("\"{action}\"")).collect();
    cloud.role("auditor", &actions.join(","));
    let auditor = ["--policy", "iam", "--assume-role", "arn:aws:iam::111122223333:role/auditor"];
    let of_iam = findings(&cloud.run(&[&audit[..], &auditor].concat()).expect(0));
    assert!(of_iam.len() > 5, "{of_iam:?}");
    assert_eq!(of_iam, of_files);

    let without: Vec<String> = actions.into_iter().filter(|action| !action.contains("iam:GetPolicyVersion")).collect();
    cloud.role("blind", &without.join(","));
    let blind = ["--policy", "iam", "--assume-role", "arn:aws:iam::111122223333:role/blind"];
    let denied = cloud.run(&[&audit[..], &blind].concat()).expect(1);
    assert!(denied.stderr().contains("grant `iam:GetPolicyVersion`"), "{}", denied.stderr());
}
