//! Runs the program against a server, with test credentials and nothing of this machine's.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use assert_cmd::cargo::cargo_bin;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use tempfile::TempDir;

use crate::stand_ins::{Answer, Call, History, Server, json_error};

/// The role of the scenarios.
pub const ROLE: &str = "arn:aws:iam::111122223333:role/ci/eks-runner";

/// How a run ended.
#[derive(Debug)]
pub struct Finished {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A command of the program that sees no AWS but this server.
pub fn command(server: &Server, arguments: &[&str]) -> Command {
    let mut command = without_credentials(&server.url(), arguments);
    command.env("AWS_ACCESS_KEY_ID", "AKIATESTTESTTESTTEST").env("AWS_SECRET_ACCESS_KEY", "secret");
    command
}

/// The same without credentials; neither files nor the metadata service of this machine are looked at.
pub fn without_credentials(url: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(cargo_bin("trailtrim"));
    command.env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command.env("AWS_EC2_METADATA_DISABLED", "true").env("HOME", "/nonexistent");
    command.env("AWS_CONFIG_FILE", "/nonexistent").env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent");
    command.args(arguments).args(["--endpoint-url", url]);
    command
}

/// Runs it to its end.
pub fn run(mut command: Command) -> Finished {
    let output = command.output().unwrap();
    Finished {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The same, and it must end well.
#[track_caller]
pub fn succeed(command: Command) -> Finished {
    let finished = run(command);
    assert_eq!(finished.status, Some(0), "{}", finished.stderr);
    finished
}

/// The records of a scenario that event history has, moved so that the newest is an hour old.
pub struct Records {
    pub records: Vec<Value>,
    folder: TempDir,
}

impl Records {
    pub fn of(scenario: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios").join(scenario).join("events");
        let mut records = Vec::new();
        read_all(&root, &mut records);
        records.retain(|record| record["managementEvent"] != false && record["eventCategory"] != "Data");
        assert!(records.len() > 50, "{scenario} is too small");
        to_the_present(&mut records);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("trail.json"), serde_json::json!({"Records": records}).to_string()).unwrap();
        Self { records, folder }
    }

    /// The folder with the records as a file.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What `generate` writes of the records as files.
    #[track_caller]
    pub fn generated(&self, more: &[&str]) -> String {
        let mut command = Command::new(cargo_bin("trailtrim"));
        command.env_clear().current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
        succeed_with(command.args(["generate", "--role", ROLE]).arg(self.folder()).args(more)).stdout
    }
}

fn succeed_with(command: &mut Command) -> Finished {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Finished {
        status: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn read_all(folder: &Path, records: &mut Vec<Value>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            read_all(&path, records);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let mut text = Vec::new();
        match bytes.starts_with(b"\x1f\x8b") {
            true => drop(std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(&bytes[..]), &mut text)),
            false => text = bytes,
        }
        let Ok(file) = serde_json::from_slice::<Value>(&text) else { continue };
        records.extend(file["Records"].as_array().cloned().unwrap_or_default().into_iter().filter(Value::is_object));
    }
}

fn to_the_present(records: &mut [Value]) {
    let time = |record: &Value| record["eventTime"].as_str().unwrap().parse::<Timestamp>().unwrap();
    let newest = records.iter().map(time).max().unwrap();
    #[expect(clippy::disallowed_methods, reason = "event history ends at the present")]
    let by = Timestamp::now().checked_sub(1.hour()).unwrap().as_second() - newest.as_second();
    for record in records {
        let moved = time(record).as_second() + by;
        record["eventTime"] = Value::from(Timestamp::from_second(moved).unwrap().to_string());
    }
}

/// A server with only an event history; `fault` may answer instead.
pub fn serve(history: Arc<History>, fault: impl Fn(&Call) -> Option<Answer> + Send + Sync + 'static) -> Server {
    Server::start(move |call| match (fault(call), call.operation.as_str()) {
        (Some(answer), _) => answer,
        (None, "LookupEvents") => history.lookup(call),
        (None, other) => json_error(400, "AccessDeniedException", &format!("not expected: {other} at {}", call.path)),
    })
}
