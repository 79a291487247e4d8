//! Another judge of digests: `aws cloudtrail validate-logs` over the same bucket, whole and with every kind of damage.
//!
//! Needs MiniStack and the AWS command line (`tests/servers/install ministack clients`).

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::cloud::{ACCOUNT, MiniStack, installed};
use crate::digest_chain::{Object, Trail, gzip, public_keys, save_keys};
use crate::records::{ROLE, log_file};
use crate::stand_ins::{Answer, Server};

/// What somebody does to a bucket.
type Damage = fn(&MiniStack, &Trail);

const DAMAGES: [(&str, Damage); 16] = [
    ("whole", |_, _| {}),
    ("log-changed", |cloud, trail| cloud.put_bytes(&trail.logs[2], gzip(log_file(99).as_bytes()))),
    ("log-deleted", |cloud, trail| cloud.delete(&trail.logs[1].key)),
    ("log-cut", |cloud, trail| {
        let bytes = gzip(&trail.logs[2].text);
        cloud.put_bytes(&trail.logs[2], bytes[..bytes.len() / 2].to_vec());
    }),
    ("log-with-more-behind", |cloud, trail| {
        let bytes = [gzip(&trail.logs[2].text), b"something".to_vec()].concat();
        cloud.put_bytes(&trail.logs[2], bytes);
    }),
    ("log-with-another-member", |cloud, trail| {
        let bytes = [gzip(&trail.logs[2].text), gzip(log_file(99).as_bytes())].concat();
        cloud.put_bytes(&trail.logs[2], bytes);
    }),
    ("digest-changed", |cloud, trail| cloud.put(&changed(&trail.digests[2]))),
    ("first-digest-changed", |cloud, trail| cloud.put(&changed(&trail.digests[0]))),
    ("newest-digest-changed", |cloud, trail| cloud.put(&changed(trail.digests.last().unwrap()))),
    ("digest-deleted", |cloud, trail| cloud.delete(&trail.digests[2].key)),
    ("digest-moved", |cloud, trail| {
        let moved = Object { key: trail.digests[2].key.clone(), ..trail.digests[1].clone() };
        cloud.put(&moved);
    }),
    ("digest-cut", |cloud, trail| {
        let bytes = gzip(&trail.digests[2].text);
        cloud.put_bytes(&trail.digests[2], bytes[..bytes.len() / 2].to_vec());
    }),
    ("signature-of-another", |cloud, trail| {
        let other = Object { signature: trail.digests[1].signature.clone(), ..trail.digests.last().unwrap().clone() };
        cloud.put(&other);
    }),
    ("signed-by-another", |cloud, trail| {
        let last = trail.digests.last().unwrap();
        let ours = last.signature.as_ref().unwrap();
        let forged = Object { signature: Some("ab".repeat(ours.len() / 2)), ..changed(last) };
        cloud.put(&forged);
    }),
    ("two-damages", |cloud, trail| {
        cloud.delete(&trail.digests[1].key);
        cloud.delete(&trail.logs[0].key);
        cloud.put_bytes(&trail.logs[4], gzip(log_file(99).as_bytes()));
    }),
    ("all-logs-changed", |cloud, trail| {
        trail.logs.iter().for_each(|log| cloud.put_bytes(log, gzip(log_file(99).as_bytes())));
    }),
];

/// A digest that lists no log file any more.
fn changed(digest: &Object) -> Object {
    let mut document: Value = serde_json::from_slice(&digest.text).unwrap();
    document["logFiles"] = Value::Array(Vec::new());
    Object { text: document.to_string().into_bytes(), ..digest.clone() }
}

/// Five hours, a pause of one, two more hours.
fn trail(prefix: &str) -> Trail {
    let texts: Vec<String> = (0..6).map(log_file).collect();
    let mut trail = Trail::new("logs", &format!("{prefix}/"), ACCOUNT, "eu-central-1", "2026-11-02T05:01:31Z");
    trail.hour(&[&texts[0], &texts[1]]);
    trail.hour(&[]);
    trail.hour(&[&texts[2]]);
    trail.hour(&[&texts[3]]);
    trail
}

/// Places that the AWS command line calls valid, and those that it calls invalid.
fn of_aws(aws: &Path, cloud: &MiniStack, keys: &Server, prefix: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let trail = format!("arn:aws:cloudtrail:eu-central-1:{ACCOUNT}:trail/main");
    let window = ["--start-time", "2026-11-02T05:01:31Z", "--end-time", "2026-11-02T13:00:00Z"];
    let mut command = Command::new(aws);
    command.args(["cloudtrail", "validate-logs", "--verbose", "--trail-arn", &trail]).args(window);
    command.args(["--s3-bucket", "logs", "--s3-prefix", prefix, "--region", "eu-central-1"]);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("HOME", cloud.folder.path());
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
    command.env("AWS_ENDPOINT_URL_S3", &cloud.url).env("AWS_ENDPOINT_URL_CLOUDTRAIL", keys.url());
    let output = command.output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let verdicts = said.lines().filter_map(|line| {
        let mut parts = line.split('\t');
        let (_, place, verdict) = (parts.next()?, parts.next()?, parts.next()?);
        Some((place.to_owned(), verdict == "valid"))
    });
    let (valid, invalid): (Vec<_>, Vec<_>) = verdicts.partition(|(_, is_valid)| *is_valid);
    assert!(!valid.is_empty() || !invalid.is_empty(), "{said}");
    let places = |verdicts: Vec<(String, bool)>| verdicts.into_iter().map(|(place, _)| place).collect();
    (places(valid), places(invalid))
}

/// Places that we say something against, with what.
fn of_ours(cloud: &MiniStack, prefix: &str) -> BTreeSet<(String, String)> {
    let keys = save_keys(cloud.folder.path());
    let source = format!("s3://logs/{prefix}/");
    let arguments = ["generate", &source, "--role", ROLE, "--format", "json", "--verify-digests"];
    let keys = ["--digest-keys", keys.to_str().unwrap()];
    let window = ["--since", "2026-11-02T05:05:00Z", "--until", "2026-11-02T10:59:00Z"];
    let finished = cloud.run(&[&arguments[..], &keys, &window].concat()).finish();
    let report: Value = serde_json::from_str(&finished.stdout()).unwrap_or_else(|_| panic!("{}", finished.stderr()));
    let gaps = report["coverage"]["gaps"].as_array().unwrap().iter().map(|gap| gap.as_str().unwrap());
    let gap = |gap: &str| {
        let (place, said) = gap.strip_prefix('`').unwrap().split_once("`: ").unwrap();
        (place.to_owned(), said.to_owned())
    };
    gaps.map(gap).collect()
}

#[test]
fn what_the_aws_command_line_calls_invalid_we_do_not_prove_either() {
    let Some(aws) = installed("clients", "aws") else { return };
    let Some(cloud) = MiniStack::start() else { return };
    let keys = Server::start(|_| Answer::json(&serde_json::from_str(&public_keys()).unwrap()));
    for (name, damage) in DAMAGES {
        let mut trail = trail(name);
        // A chain that was broken and begins anew.
        trail.pause(1);
        trail.hour(&[&log_file(5)]);
        trail.objects().for_each(|object| cloud.put(object));
        damage(&cloud, &trail);
        let (valid, invalid) = of_aws(&aws, &cloud, &keys, name);
        let ours = of_ours(&cloud, name);
        let restart = format!("s3://logs/{}", trail.digests.last().unwrap().key);
        let is_restart = |(place, said): &&(String, String)| *place == restart && said.contains("starts anew");
        let places: BTreeSet<String> =
            ours.iter().filter(|gap| !is_restart(gap)).map(|(place, _)| place.clone()).collect();
        // Where a digest is not to be trusted, the command line says nothing of its log files, and we say so.
        let not_covered: BTreeSet<String> = ours
            .iter()
            .filter(|(_, said)| said.contains("without a digest to trust"))
            .map(|(place, _)| place.clone())
            .collect();
        let told: BTreeSet<String> = places.difference(&not_covered).cloned().collect();
        assert_eq!(told, invalid, "{name}: {ours:?}");
        assert!(valid.is_disjoint(&places), "{name}: {ours:?}");
        assert_eq!(invalid.is_empty(), name == "whole", "{name}");
        assert_eq!(ours.iter().filter(is_restart).count(), 1, "{name}: a pause is a gap: {ours:?}");
    }
}
