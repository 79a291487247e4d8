//! The program under test.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::stage::{REGION, ROLE, Stage};

/// `trailtrim generate` into a folder; the policy files.
pub fn generate(sources: &[&Path], out: &Path, more: &[&str]) -> Result<Vec<PathBuf>, String> {
    policies(run("generate", sources, |command| _ = command.arg("--out-dir").arg(out).args(more)), out)
}

/// The same from a source that speaks AWS's APIs, as the account's owner.
pub fn generate_from_aws(stage: &Stage, source: &str, out: &Path, more: &[&str]) -> Result<Vec<PathBuf>, String> {
    let mut command = program();
    stage.environment(&mut command);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env("AWS_REGION", REGION);
    command.args(["generate", source, "--role", ROLE, "--endpoint-url", &stage.url(), "--out-dir"]).arg(out).args(more);
    policies(command.output().unwrap(), out)
}

fn policies(output: Output, out: &Path) -> Result<Vec<PathBuf>, String> {
    if !output.status.success() {
        return Err(format!("generate: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(files_of(out))
}

pub fn files_of(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// What `trailtrim replay` says of these policies, as JSON.
pub fn replay(sources: &[&Path], policies: &[PathBuf]) -> Value {
    let output = run("replay", sources, |command| {
        command.args(["--format", "json", "--exit-zero"]);
        policies.iter().for_each(|policy| _ = command.arg("--policy").arg(policy));
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The actions that the role called itself: neither inside another call nor through a service.
pub fn called(source: &Path) -> BTreeSet<String> {
    let output = run("generate", &[source], |command| _ = command.args(["--format", "json"]));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let grants = report["grants"].as_array().unwrap().iter();
    let own = grants.filter(|grant| grant["origin"] == "observed" && grant["via"].as_array().unwrap().is_empty());
    own.map(|grant| grant["action"].as_str().unwrap().to_owned()).collect()
}

/// The requests that these policies would deny: (action, resource).
pub fn denied(sources: &[&Path], policies: &[PathBuf]) -> Vec<(String, String)> {
    let replayed = replay(sources, policies);
    let text = |request: &Value, key: &str| request[key].as_str().unwrap().to_owned();
    let denied = replayed["denied"].as_array().unwrap();
    denied.iter().map(|request| (text(request, "action"), text(request, "resource"))).collect()
}

/// What access the second folder of policies has and the first has not.
pub fn added(old: &Path, new: &Path) -> Vec<Value> {
    let output = program().arg("diff").args([old, new]).args(["--format", "json"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    found["added"].as_array().unwrap().clone()
}

fn run(command: &str, sources: &[&Path], more: impl FnOnce(&mut Command)) -> Output {
    let mut program = program();
    program.arg(command).args(sources).args(["--role", ROLE]);
    more(&mut program);
    program.output().unwrap()
}

fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_trailtrim"));
    program.env_remove("TRAILTRIM_ROLE").arg("--quiet").current_dir(std::env::temp_dir());
    program
}
