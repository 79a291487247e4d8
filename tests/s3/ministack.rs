//! The same against a server of AWS's APIs, with IAM enforced.

use std::path::Path;

use crate::cloud::{ACCOUNT, MiniStack};
use crate::digest_chain::{Trail, save_keys};
use crate::records::{ROLE, log_file};
use crate::run::trailtrim;

/// Two Regions with validation.
fn trails() -> Vec<Trail> {
    let regions = ["eu-central-1", "us-east-1"];
    let trails = regions.iter().enumerate().map(|(index, region)| {
        let mut trail = Trail::new("logs", "org/", ACCOUNT, region, "2026-11-02T08:01:31Z");
        for hour in 0..5 {
            trail.hour(&[&log_file(10 * index + 2 * hour), &log_file(10 * index + 2 * hour + 1)]);
        }
        trail
    });
    trails.collect()
}

/// What `aws s3 sync` would make of the bucket.
fn copy(trails: &[Trail], folder: &Path) {
    trails.iter().for_each(|trail| trail.copy_to(folder));
}

#[test]
fn a_bucket_gives_what_its_copy_gives() {
    let Some(server) = MiniStack::start() else { return };
    let trails = trails();
    trails.iter().flat_map(Trail::objects).for_each(|object| server.put(object));
    let disk = server.path("copy");
    copy(&trails, Path::new(&disk));
    let role = ["--role", ROLE];
    let of_copy = trailtrim(["generate", &disk].into_iter().chain(role)).stdout();
    assert_eq!(server.run(&[&["generate", "s3://logs"], &role[..]].concat()).stdout(), of_copy);

    // As the role of the account that keeps the logs, with no more than the documentation grants.
    server.role("reader", r#""s3:ListBucket","s3:GetObject""#);
    let reader = ["--assume-role", "arn:aws:iam::111122223333:role/reader"];
    assert_eq!(server.run(&[&["generate", "s3://logs/org"], &role[..], &reader].concat()).stdout(), of_copy);
    server.role("lister", r#""s3:ListBucket""#);
    let lister = ["--assume-role", "arn:aws:iam::111122223333:role/lister"];
    let denied = server.run(&[&["generate", "s3://logs/org"], &role[..], &lister].concat()).expect(1);
    assert!(denied.stderr().contains("grant `s3:GetObject`"), "{}", denied.stderr());

    digests(&server, &trails, &of_copy);
}

/// Proves the bucket, then damages it.
fn digests(server: &MiniStack, trails: &[Trail], of_copy: &str) {
    let keys = save_keys(server.folder.path());
    let window = ["--since", "2026-11-02T08:05:00Z", "--until", "2026-11-02T13:00:00Z", "--require-complete"];
    let verify = ["--role", ROLE, "--verify-digests", "--digest-keys", keys.to_str().unwrap()];
    let arguments = [&["generate", "s3://logs/org/"], &verify[..], &window].concat();
    assert_eq!(server.run(&arguments).stdout(), of_copy);
    let tree = "s3://logs/org/AWSLogs/111122223333/";
    assert_eq!(server.run(&[&["generate", tree], &verify[..], &window].concat()).stdout(), of_copy);

    let deleted = &trails[0].logs[3];
    server.delete(&deleted.key);
    let json = [&arguments[..], &["--format", "json"]].concat();
    let report = server.run(&json).expect(4).stdout();
    let said =
        format!("`s3://logs/{}`: log file was deleted; `s3://logs/{}` lists it", deleted.key, trails[0].digests[1].key);
    assert!(report.contains(&said), "{report}");

    server.put(deleted);
    server.run(&arguments).expect(0);
    let mut unsigned = trails[1].digests[2].clone();
    unsigned.signature = trails[1].digests[1].signature.clone();
    server.put(&unsigned);
    let report = server.run(&json).expect(4).stdout();
    assert!(report.contains(&format!("`s3://logs/{}`: signature of the digest was changed", unsigned.key)), "{report}");
}
