//! CloudTrail's event history as AWS serves it: newest first, at most 50 a page, a token that belongs to its question, one
//! attribute, two requests a second for each Region.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::server::{Answer, Call, json_error};

/// The events of an account.
pub struct History {
    /// Newest first.
    events: Vec<Kept>,
    /// How many pages a token stays good for; none: for ever.
    token_life: Option<usize>,
    state: Mutex<State>,
}

struct Kept {
    time: i64,
    region: String,
    user: String,
    key: String,
    record: Value,
}

#[derive(Default)]
struct State {
    asked: BTreeMap<String, Vec<Instant>>,
    throttled: usize,
    /// Pages served, for each Region.
    pages: BTreeMap<String, usize>,
}

impl History {
    /// Takes management events only, as AWS does.
    pub fn new(records: &[Value]) -> Self {
        let mut events: Vec<Kept> = records.iter().map(kept).collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.time));
        Self { events, token_life: None, state: Mutex::default() }
    }

    /// Tokens that become invalid after so many pages.
    pub fn with_token_life(self, pages: usize) -> Self {
        Self { token_life: Some(pages), ..self }
    }

    /// How many requests were refused for coming too fast.
    pub fn throttled(&self) -> usize {
        self.state.lock().unwrap().throttled
    }

    /// `LookupEvents`
    pub fn lookup(&self, call: &Call) -> Answer {
        if self.is_too_fast(&call.region) {
            return json_error(400, "ThrottlingException", "Rate exceeded");
        }
        let asked: Value = serde_json::from_slice(&call.body).unwrap();
        let attributes = asked["LookupAttributes"].as_array().cloned().unwrap_or_default();
        if attributes.len() > 1 {
            return json_error(400, "InvalidLookupAttributesException", "You can only use one lookup attribute.");
        }
        let (since, until) = (asked["StartTime"].as_f64(), asked["EndTime"].as_f64());
        if let (Some(since), Some(until)) = (since, until)
            && since > until
        {
            return json_error(400, "InvalidTimeRangeException", "The start time is later than the end time.");
        }
        let most = asked["MaxResults"].as_u64().unwrap_or(50);
        if !(1..=50).contains(&most) {
            return json_error(400, "InvalidMaxResultsException", "Max results must be between 1 and 50.");
        }
        let question = json!([attributes, asked["StartTime"], asked["EndTime"], most]).to_string();
        let page = self.count_page(&call.region);
        let Some(start) = self.start(&asked["NextToken"], &question, page) else {
            return json_error(400, "InvalidNextTokenException", "Invalid token.");
        };
        let matching = self.events.iter().filter(|event| {
            event.region == call.region
                && since.is_none_or(|since| event.time as f64 >= since)
                && until.is_none_or(|until| event.time as f64 <= until)
                && attributes.iter().all(|attribute| event.has(attribute))
        });
        let found: Vec<&Kept> = matching.skip(start).take(most as usize + 1).collect();
        let mut answer =
            json!({"Events": found.iter().take(most as usize).map(|event| event.shown()).collect::<Vec<_>>()});
        if found.len() > most as usize {
            answer["NextToken"] = json!(format!("{page} {} {question}", start + most as usize));
        }
        Answer::json(&answer)
    }

    /// The offset that a token stands for, if it is one of ours, for this question, and still good.
    fn start(&self, token: &Value, question: &str, page: usize) -> Option<usize> {
        let Some(token) = token.as_str() else { return Some(0) };
        let mut parts = token.splitn(3, ' ');
        let (made, offset) = (parts.next()?.parse::<usize>().ok()?, parts.next()?.parse().ok()?);
        let is_alive = self.token_life.is_none_or(|life| !page.is_multiple_of(life + 1) || page == made);
        (parts.next()? == question && is_alive).then_some(offset)
    }

    fn count_page(&self, region: &str) -> usize {
        let mut state = self.state.lock().unwrap();
        let page = state.pages.entry(region.to_owned()).or_default();
        *page += 1;
        *page
    }

    fn is_too_fast(&self, region: &str) -> bool {
        let mut state = self.state.lock().unwrap();
        let asked = state.asked.entry(region.to_owned()).or_default();
        asked.retain(|at| at.elapsed() < Duration::from_secs(1));
        let too_fast = asked.len() >= 2;
        if !too_fast {
            asked.push(Instant::now());
        }
        state.throttled += usize::from(too_fast);
        too_fast
    }
}

impl Kept {
    fn has(&self, attribute: &Value) -> bool {
        let value = attribute["AttributeValue"].as_str().unwrap();
        match attribute["AttributeKey"].as_str().unwrap() {
            "Username" => self.user == value,
            "AccessKeyId" => self.key == value,
            "EventName" => self.record["eventName"] == value,
            other => panic!("the tests know no attribute {other}"),
        }
    }

    fn shown(&self) -> Value {
        json!({
            "EventId": self.record["eventID"],
            "EventName": self.record["eventName"],
            "EventTime": self.time,
            "EventSource": self.record["eventSource"],
            "Username": self.user,
            "CloudTrailEvent": self.record.to_string(),
        })
    }
}

fn kept(record: &Value) -> Kept {
    let identity = &record["userIdentity"];
    let arn = identity["arn"].as_str().unwrap_or_default();
    let time: Timestamp = record["eventTime"].as_str().unwrap().parse().unwrap();
    Kept {
        time: time.as_second(),
        region: record["awsRegion"].as_str().unwrap_or_default().to_owned(),
        // For a role, the name of the session.
        user: arn.rsplit('/').next().unwrap_or_default().to_owned(),
        key: identity["accessKeyId"].as_str().unwrap_or_default().to_owned(),
        record: record.clone(),
    }
}
