//! The stage of a run: a server that enforces IAM, with the recorder in front of it, on free ports of the loopback
//! interface, gone when the stage is.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub const ACCOUNT: &str = "111122223333";
pub const REGION: &str = "eu-central-1";
pub const ROLE: &str = "arn:aws:iam::111122223333:role/ci/eks-runner";
pub const BUCKET: &str = "acme-tfstate";

/// Credentials of a session, as environment variables.
pub type Session = BTreeMap<String, String>;

/// Where the programs are that are no crates.
#[derive(Debug)]
pub struct Parts(PathBuf);

impl Parts {
    /// `target/servers`, or what `TRAILTRIM_SERVERS` names.
    #[expect(clippy::disallowed_methods, reason = "the installation says where it is")]
    pub fn find() -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers");
        Self(std::env::var_os("TRAILTRIM_SERVERS").map_or(own, PathBuf::from))
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Those of the parts that are not installed.
    pub fn missing(&self, parts: &[&'static str]) -> Vec<&'static str> {
        parts.iter().copied().filter(|part| !self.0.join(part).join(".pins").exists()).collect()
    }
}

/// A server and the recorder before it.
#[derive(Debug)]
pub struct Stage {
    server: Child,
    recorder: Child,
    port: u16,
    parts: PathBuf,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// Starts both and waits until they answer. The account is empty.
    pub fn start(parts: &Parts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (server_port, port) = (free_port(), free_port());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
        let log = || Stdio::from(std::fs::File::create(folder.path().join("server.log")).unwrap());
        let server = Command::new(root.join("servers/ministack"))
            .args([&server_port.to_string(), ACCOUNT])
            .arg(folder.path())
            .env("TRAILTRIM_SERVERS", parts.folder())
            .stdout(log())
            .stderr(log())
            .spawn()
            .expect("the server starts");
        let recorder = Command::new(parts.folder().join("clients/bin/python"))
            .args(["-B", "-m", "recorder", &format!("http://127.0.0.1:{server_port}"), &port.to_string(), ACCOUNT])
            .current_dir(root.join("loop"))
            .stdout(Stdio::null())
            .spawn()
            .expect("the recorder starts");
        let stage = Self { server, recorder, port, parts: parts.folder().to_owned(), _folder: folder };
        wait_for(server_port, "/_ministack/ready");
        wait_for(port, "/_recorder/denied");
        stage
    }

    /// Sets the account up, the role with these policies, or with everything; a session of the role.
    pub fn prepare(&self, policies: &[PathBuf]) -> Session {
        let (path, name) = ROLE.split_once("role").unwrap().1.rsplit_once('/').unwrap();
        let mut command = Command::new(self.parts.join("clients/bin/python"));
        self.environment(&mut command);
        let output = command
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/loop/account.py"))
            .args(["prepare", &format!("{path}/"), name, BUCKET])
            .args(policies)
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// What every client finds in its environment, and nothing of the user's own AWS settings.
    pub fn environment(&self, command: &mut Command) {
        for setting in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SHARED_CREDENTIALS_FILE", "AWS_REGION"] {
            command.env_remove(setting);
        }
        command
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", self.url())
            .env("AWS_DEFAULT_REGION", REGION)
            .env("CLUSTER", "my-cluster")
            .env("STATE_BUCKET", BUCKET)
            .env("SERVERS", std::path::absolute(&self.parts).unwrap());
    }

    /// Where the recorder listens.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes the trail so far as CloudTrail's files below a folder.
    pub fn write_trail(&self, folder: &Path) {
        self.write(&json!({ "folder": folder }));
    }

    /// The same without data events, which event history has none of.
    pub fn write_management_events(&self, folder: &Path) {
        self.write(&json!({ "folder": folder, "category": "Management" }));
    }

    /// The same into a new bucket, with signed digests.
    pub fn deliver(&self, folder: &Path, bucket: &str) {
        self.write(&json!({ "folder": folder, "bucket": bucket }));
    }

    fn write(&self, what: &Value) {
        let written = ask(self.port, "POST", "/_recorder/write", what);
        assert!(written["records"].as_u64().is_some_and(|count| count > 0), "no record: {written}");
    }

    /// What the server has denied. A call without a record could hide a denial, so there must be none.
    pub fn denied(&self) -> Vec<Value> {
        let lost = ask(self.port, "GET", "/_recorder/lost", &Value::Null);
        assert!(lost.as_array().is_some_and(Vec::is_empty), "no record of {lost}");
        ask(self.port, "GET", "/_recorder/denied", &Value::Null).as_array().unwrap().clone()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for process in [&mut self.recorder, &mut self.server] {
            // Gone already is as good.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn wait_for(port: u16, path: &str) {
    let start = Instant::now();
    while !request(port, "GET", path, "").is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
        assert!(start.elapsed() < Duration::from_secs(180), "nothing answers at port {port}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn ask(port: u16, method: &str, path: &str, content: &Value) -> Value {
    let body = if content.is_null() { String::new() } else { content.to_string() };
    let answer = request(port, method, path, &body).unwrap();
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

/// One request; the server closes the connection after the answer.
fn request(port: u16, method: &str, path: &str, body: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(Duration::from_secs(180)))?;
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
