//! The second judge. The server checks actions well and resources loosely; so each trail is put to the policies again,
//! request by request, with resources and conditions: by trailtrim's evaluator and by one that is not ours.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::oracle::{Answer, Oracle};
use crate::{policy, trailtrim};

/// What the other evaluator said of a trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Second {
    /// Requests that were put to it.
    pub asked: usize,
    pub allowed: usize,
    /// It takes no such resource for the action, although AWS's denials name it (`tests/oracle/disagreements.toml`).
    pub refused: usize,
    pub denied: Vec<String>,
}

/// The folder with the other evaluator, where it is installed.
#[expect(clippy::disallowed_methods, reason = "the same switch as for tests/oracle")]
pub fn folder() -> Option<PathBuf> {
    std::env::var_os("TRAILTRIM_ORACLE").map(PathBuf::from)
}

/// Puts every request of a trail to both evaluators; nothing when the other one is not installed.
pub fn second(trail: &Path, policies: &[PathBuf], scratch: &Path) -> Option<Second> {
    let mut oracle = Oracle::start(&folder()?);
    let documents: Vec<Value> = policies.iter().map(|file| policy::read(file)).collect();
    let requests = requests(trail, scratch);
    let case = |request: &Value| json!({ "policies": documents, "request": request });
    let answers = oracle.ask_all(&requests.iter().map(case).collect::<Vec<_>>());
    let mut second = Second { asked: requests.len(), ..Second::default() };
    for (request, Answer { verdict, .. }) in requests.iter().zip(answers) {
        match verdict.as_str() {
            "allow" => second.allowed += 1,
            "refused: must.use.wildcard" | "refused: no.resource.types" => second.refused += 1,
            verdict => second.denied.push(format!("{verdict}: {request}")),
        }
    }
    Some(second)
}

/// Every request of a trail, as the other evaluator takes it: what a policy that allows none of them would deny.
fn requests(trail: &Path, scratch: &Path) -> Vec<Value> {
    let nothing = scratch.join("nothing.json");
    let statement = json!({ "Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*" });
    std::fs::write(&nothing, json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()).unwrap();
    let replayed = trailtrim::replay(&[trail], &[nothing]);
    replayed["denied"].as_array().unwrap().iter().map(request).collect()
}

fn request(denied: &Value) -> Value {
    let context: Map<String, Value> = denied["context"].as_object().unwrap().iter().map(one_or_many).collect();
    json!({ "action": denied["action"], "resource": concrete(denied["resource"].as_str().unwrap()), "context": context })
}

/// AWS decides on whole ARNs: what no record told of one is made up.
fn concrete(resource: &str) -> String {
    if resource == "*" { resource.to_owned() } else { resource.replace('*', "0a1b2c3d4e5f60718") }
}

/// A list of one value is a single value, but for keys that take several.
fn one_or_many((key, values): (&String, &Value)) -> (String, Value) {
    let several = key.eq_ignore_ascii_case("aws:TagKeys") || key.eq_ignore_ascii_case("aws:CalledVia");
    let value = match values.as_array().map(Vec::as_slice) {
        Some([one]) if !several => one.clone(),
        _ => values.clone(),
    };
    (key.clone(), value)
}
