//! The other evaluator, as a process of its own that answers line by line, and ours behind the same face.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use trailtrim::iam::{Context, ContextValue, Decision, Evaluator, PolicyDocument, Request, Resource, evaluate};

/// How many cases are under way at once; few enough for the pipes to hold them.
const BATCH: usize = 8;

/// The answer to a case: `allow`, `deny`, `implicit deny`, or `refused: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub verdict: String,
    /// Context keys that it left out of account, because the action does not take them.
    pub ignored: Vec<String>,
}

pub struct Oracle {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Oracle {
    /// Starts node; `folder` holds `node_modules`.
    pub fn start(folder: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/simulate.mjs");
        let mut command = Command::new("node");
        command.arg(script).arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("node starts");
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        Self { process, input, output }
    }

    pub fn ask_all(&mut self, cases: &[Value]) -> Vec<Answer> {
        cases.chunks(BATCH).flat_map(|batch| self.ask_batch(batch)).collect()
    }

    pub fn ask(&mut self, case: &Value) -> Answer {
        self.ask_batch(std::slice::from_ref(case)).remove(0)
    }

    fn ask_batch(&mut self, batch: &[Value]) -> Vec<Answer> {
        for case in batch {
            writeln!(self.input, "{case}").unwrap();
        }
        self.input.flush().unwrap();
        batch.iter().map(|_| self.read()).collect()
    }

    fn read(&mut self) -> Answer {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("node answered `{line}`"));
        let verdict = match answer["refused"].as_str() {
            Some(reason) => format!("refused: {reason}"),
            None => answer["decision"].as_str().expect("a known decision").to_owned(),
        };
        Answer { verdict, ignored: texts(&answer["ignored"]) }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It ends with its input at the latest; there is nobody to tell if it ended before.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Our own verdict. The two ways to evaluate must agree.
pub fn ours(case: &Value) -> String {
    let policies: Vec<_> = case["policies"].as_array().unwrap().iter().map(document).collect();
    let request = request(&case["request"]);
    let decision = evaluate(&policies, &request);
    assert_eq!(Evaluator::new(&policies).evaluate(&request), decision, "{case}");
    let verdict = match decision {
        Decision::Allow { .. } => "allow",
        Decision::Deny { .. } => "deny",
        Decision::ImplicitDeny => "implicit deny",
    };
    verdict.to_owned()
}

fn document(policy: &Value) -> PolicyDocument {
    PolicyDocument::parse(&policy.to_string()).unwrap_or_else(|error| panic!("{error}: {policy}"))
}

fn request(request: &Value) -> Request {
    let resource = match request["resource"].as_str().unwrap() {
        "*" => Resource::Any,
        arn => Resource::Arn(arn.parse().unwrap()),
    };
    let mut context = Context::new();
    for (key, value) in request["context"].as_object().unwrap() {
        let value = match value {
            Value::String(text) => ContextValue::One(text.clone()),
            list => ContextValue::many(texts(list)),
        };
        context.insert(key.as_str(), value);
    }
    Request { action: request["action"].as_str().unwrap().parse().unwrap(), resource, context }
}

/// One text or a list of them.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
