//! The same against a server of AWS's APIs: MiniStack, with IAM enforced.
//!
//! It is started here, on a free port of the loopback interface, and stopped at the end. Without it (`tests/servers/install
//! ministack`) these tests say that they were skipped.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::digest_chain::{Object, Trail, gzip, save_keys};
use crate::records::{ROLE, log_file};
use crate::run::{Run, repository, trailtrim};

const ACCOUNT: &str = "111122223333";

/// The server, stopped when dropped.
struct MiniStack {
    process: Child,
    url: String,
    folder: TempDir,
    runtime: Runtime,
    client: aws_sdk_s3::Client,
    iam: aws_sdk_iam::Client,
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl MiniStack {
    /// `None`, told on standard error, where it is not installed.
    #[expect(clippy::disallowed_methods, reason = "the test is turned on by the environment")]
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn start() -> Option<Self> {
        let servers = std::env::var_os("TRAILTRIM_SERVERS").map_or(repository().join("target/servers"), PathBuf::from);
        if !servers.join("ministack/bin/ministack").exists() {
            eprintln!("SKIPPED: no MiniStack; `tests/servers/install ministack` installs it");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
        let process = Command::new(repository().join("tests/servers/ministack"))
            .args([port.as_str(), ACCOUNT, folder.path().join("server").to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let runtime = Runtime::new().unwrap();
        let config = runtime.block_on(
            aws_config::defaults(aws_config::BehaviorVersion::latest())
                .endpoint_url(&url)
                .region("eu-central-1")
                .credentials_provider(aws_sdk_s3::config::Credentials::new("test", "test", None, None, "test"))
                .load(),
        );
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        let client = aws_sdk_s3::Client::from_conf(s3);
        let iam = aws_sdk_iam::Client::new(&config);
        let server = Self { process, url, folder, runtime, client, iam };
        server.wait();
        Some(server)
    }

    fn wait(&self) {
        let begin = Instant::now();
        loop {
            let place = BucketLocationConstraint::EuCentral1;
            let place = CreateBucketConfiguration::builder().location_constraint(place).build();
            let create = self.client.create_bucket().bucket("logs").create_bucket_configuration(place);
            match self.runtime.block_on(create.send()) {
                Ok(_) => return,
                Err(error) if begin.elapsed() > Duration::from_secs(120) => panic!("no server: {error:?}"),
                Err(_) => std::thread::sleep(Duration::from_millis(200)),
            }
        }
    }

    fn put(&self, object: &Object) {
        let put = self.client.put_object().bucket("logs").key(&object.key).body(ByteStream::from(gzip(&object.text)));
        let algorithm = object.signature.as_ref().map(|_| "SHA256withRSA");
        let put = match (&object.signature, algorithm) {
            (Some(signature), Some(algorithm)) => {
                put.metadata("signature", signature).metadata("signature-algorithm", algorithm)
            }
            _ => put,
        };
        self.runtime.block_on(put.send()).unwrap();
    }

    fn delete(&self, key: &str) {
        self.runtime.block_on(self.client.delete_object().bucket("logs").key(key).send()).unwrap();
    }

    /// A role with one statement; its name.
    fn role(&self, name: &str, actions: &str) {
        let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}"#;
        let policy = format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{actions}],"Resource":"*"}}]}}"#
        );
        self.runtime.block_on(async {
            self.iam.create_role().role_name(name).assume_role_policy_document(trust).send().await.unwrap();
            let put = self.iam.put_role_policy().role_name(name).policy_name("p").policy_document(policy);
            put.send().await.unwrap();
        });
    }

    fn run(&self, arguments: &[&str]) -> Run {
        let run = trailtrim(arguments.iter().copied().chain(["--endpoint-url", &self.url]));
        run.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_REGION", "eu-central-1")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}

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
    let (disk, store) = (server.path("copy"), server.path("s.db"));
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
    let _ = store;
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
