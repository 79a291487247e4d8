//! CloudTrail Lake as it answers: a statement is started, runs for a while, and its rows come in pages.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::server::{Answer, Call, json_error};

/// An event data store.
pub struct Lake {
    records: Vec<Value>,
    /// How a statement ends: `FINISHED`, `FAILED`, …; `RUNNING` for ever.
    ends: &'static str,
    polls: AtomicUsize,
    pub statement: Mutex<Option<String>>,
}

/// Rows in one answer; the real one gives up to 1,000.
const PAGE: usize = 40;

impl Lake {
    /// Holds records, of which a statement gives those that have a role or user as their caller.
    pub fn new(records: &[Value], ends: &'static str) -> Self {
        Self { records: records.to_vec(), ends, polls: AtomicUsize::new(0), statement: Mutex::default() }
    }

    /// What CloudTrail answers.
    pub fn answer(&self, call: &Call) -> Answer {
        let asked: Value = serde_json::from_slice(&call.body).unwrap();
        match call.operation.as_str() {
            "StartQuery" => {
                *self.statement.lock().unwrap() = Some(asked["QueryStatement"].as_str().unwrap().to_owned());
                Answer::json(&json!({"QueryId": "query-1"}))
            }
            "DescribeQuery" => {
                let is_done = self.polls.fetch_add(1, Ordering::SeqCst) >= 2;
                let status = if is_done { self.ends } else { "RUNNING" };
                let statistics = json!({"EventsMatched": 7, "EventsScanned": 70, "BytesScanned": 12_345_678});
                let mut answer = json!({"QueryId": "query-1", "QueryStatus": status, "QueryStatistics": statistics});
                if status == "FAILED" {
                    answer["ErrorMessage"] = json!("the statement reads too much");
                }
                Answer::json(&answer)
            }
            "GetQueryResults" => self.rows(&asked),
            "CancelQuery" => Answer::json(&json!({"QueryId": "query-1", "QueryStatus": "CANCELLED"})),
            other => json_error(400, "AccessDeniedException", &format!("not expected: {other}")),
        }
    }

    /// The role's records by the issuer in the statement: the one filter that the test needs to be real.
    fn rows(&self, asked: &Value) -> Answer {
        let statement = self.statement.lock().unwrap().clone().unwrap();
        let issuer = statement.split("sessionIssuer.arn = '").nth(1).unwrap().split('\'').next().unwrap();
        let ours = |record: &&Value| record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] == issuer;
        let start: usize = asked["NextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let found: Vec<&Value> = self.records.iter().filter(ours).skip(start).take(PAGE + 1).collect();
        let rows: Vec<Value> =
            found.iter().take(PAGE).map(|record| json!([{"eventJson": record.to_string()}])).collect();
        let mut answer = json!({"QueryStatus": "FINISHED", "QueryResultRows": rows});
        if found.len() > PAGE {
            answer["NextToken"] = json!((start + PAGE).to_string());
        }
        Answer::json(&answer)
    }
}
