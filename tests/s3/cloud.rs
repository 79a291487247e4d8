//! MiniStack, a server of AWS's APIs that enforces IAM: started here on a free port of the loopback interface, stopped at the end.
//!
//! Without it (`tests/servers/install ministack`) the tests that want it say that they were skipped.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::digest_chain::{Object, gzip};
use crate::run::{Run, repository, trailtrim};

/// The account that it serves.
pub const ACCOUNT: &str = "111122223333";

/// A program of a part that `tests/servers/install` installs; `None`, told on standard error, where it is not.
#[expect(clippy::disallowed_methods, reason = "the test is turned on by the environment")]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn installed(part: &str, program: &str) -> Option<PathBuf> {
    let servers = std::env::var_os("TRAILTRIM_SERVERS").map_or(repository().join("target/servers"), PathBuf::from);
    let path = servers.join(part).join("bin").join(program);
    if !path.exists() {
        eprintln!("SKIPPED: no {program}; `tests/servers/install {part}` installs it");
        return None;
    }
    Some(path)
}

/// The server, stopped when dropped.
pub struct MiniStack {
    process: Child,
    pub url: String,
    pub folder: TempDir,
    pub runtime: Runtime,
    client: aws_sdk_s3::Client,
    pub iam: aws_sdk_iam::Client,
}

impl Drop for MiniStack {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl MiniStack {
    /// `None` where it is not installed.
    pub fn start() -> Option<Self> {
        installed("ministack", "ministack")?;
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

    pub fn put(&self, object: &Object) {
        self.put_bytes(object, gzip(&object.text));
    }

    /// The object's name and metadata with these bytes, whatever they are.
    pub fn put_bytes(&self, object: &Object, bytes: Vec<u8>) {
        let put = self.client.put_object().bucket("logs").key(&object.key).body(ByteStream::from(bytes));
        let algorithm = object.signature.as_ref().map(|_| "SHA256withRSA");
        let put = match (&object.signature, algorithm) {
            (Some(signature), Some(algorithm)) => {
                let put = put.metadata("signature", signature).metadata("signature-algorithm", algorithm);
                // Of those that come late, when they were made.
                put.metadata("backfill-generation-timestamp", "2026-11-02T14:00:00Z")
            }
            _ => put,
        };
        self.runtime.block_on(put.send()).unwrap();
    }

    pub fn delete(&self, key: &str) {
        self.runtime.block_on(self.client.delete_object().bucket("logs").key(key).send()).unwrap();
    }

    /// A role with one statement; its name.
    pub fn role(&self, name: &str, actions: &str) {
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

    pub fn run(&self, arguments: &[&str]) -> Run {
        let run = trailtrim(arguments.iter().copied().chain(["--endpoint-url", &self.url]));
        run.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_REGION", "eu-central-1")
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }
}
