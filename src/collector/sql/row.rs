//! A row of the result: a call with its evidence.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json, value::RawValue};

use super::statement::COLUMNS;
use crate::aggregator::Evidence;
use crate::cloudtrail::{HIDDEN, read_time};

/// One row, by the names of its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// In the order of [`COLUMNS`].
    values: Vec<Option<String>>,
}

/// Why a row says nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    #[error("{found} columns where the statement asks for {}", COLUMNS.len())]
    Columns { found: usize },
    #[error("column `{column}` holds `{value}`")]
    Value { column: &'static str, value: String },
}

impl Row {
    /// A row as the engine gave it, in the order of the columns.
    pub fn new(values: Vec<Option<String>>) -> Result<Self, RowError> {
        match values.len() == COLUMNS.len() {
            true => Ok(Self { values }),
            false => Err(RowError::Columns { found: values.len() }),
        }
    }

    fn get(&self, column: &'static str) -> Option<&str> {
        let at = COLUMNS.iter().position(|name| *name == column)?;
        self.values.get(at)?.as_deref()
    }

    fn wrong(&self, column: &'static str) -> RowError {
        RowError::Value { column, value: self.get(column).unwrap_or_default().to_owned() }
    }

    /// The call as a record in CloudTrail's own shape, without an id.
    pub fn record(&self) -> Result<String, RowError> {
        let mut record = Map::new();
        let mut set = |name: &str, column: &'static str| {
            if let Some(text) = self.get(column) {
                record.insert(name.to_owned(), text.into());
            }
        };
        set("eventTime", "first_seen");
        set("eventSource", "eventsource");
        set("eventName", "eventname");
        set("awsRegion", "awsregion");
        set("recipientAccountId", "recipientaccountid");
        set("apiVersion", "apiversion");
        set("errorCode", "errorcode");
        set("errorMessage", "errormessage");
        set("readOnly", "readonly");
        set("eventCategory", "category");
        record.insert("eventType".to_owned(), "AwsApiCall".into());
        record.insert("userIdentity".to_owned(), self.identity());
        if self.get("hidden").is_some() {
            record.insert("additionalEventData".to_owned(), HIDDEN.into());
        }
        let arns = self.get("resources").unwrap_or_default().lines().filter(|arn| !arn.is_empty());
        let resources: Vec<Value> = arns.map(|arn| json!({"ARN": arn})).collect();
        if !resources.is_empty() {
            record.insert("resources".to_owned(), resources.into());
        }
        let mut text = Value::Object(record).to_string();
        for (name, payload, column) in [
            ("requestParameters", self.request(), "request"),
            ("responseElements", self.payload("response"), "response"),
        ] {
            let Some(payload) = payload else { continue };
            // Whatever the engine made of it, one payload can't break out into the record.
            let whole: &RawValue = serde_json::from_str(&payload).map_err(|_| self.wrong(column))?;
            text.pop();
            text.push_str(&format!(",\"{name}\":{whole}}}"));
        }
        Ok(text)
    }

    fn identity(&self) -> Value {
        let mut identity = Map::new();
        let mut set = |name: &str, value: Option<Value>| value.map(|value| identity.insert(name.to_owned(), value));
        set("type", self.get("kind").map(Value::from));
        set("accountId", self.get("caller_account").map(Value::from));
        set("accessKeyId", self.get("access_key").map(Value::from));
        set("invokedBy", self.get("invokedby").map(Value::from));
        // The id of a role is read for its form alone, which tells a session's name behind it.
        set("principalId", self.get("session").map(|session| format!("AROA:{session}").into()));
        set("sessionContext", self.get("principal").map(|arn| json!({"sessionIssuer": {"arn": arn}})));
        Value::Object(identity)
    }

    fn payload(&self, column: &'static str) -> Option<String> {
        // An empty list of ARNs stands for a response of which nothing is read.
        self.get(column).filter(|text| *text != "[]").map(str::to_owned)
    }

    /// The request with the member that grows put back.
    fn request(&self) -> Option<String> {
        let request = self.payload("request");
        let (Some(name), Some(value)) = (self.get("growing"), self.get("grown")) else { return request };
        let start = request.as_deref().unwrap_or("{}").trim_end().strip_suffix('}').unwrap_or("{").to_owned();
        let comma = if start.ends_with('{') { "" } else { "," };
        Some(format!("{start}{comma}{}:{}}}", Value::from(name), Value::from(value)))
    }

    /// How often and when, day by day, and a few ids. The first has the earliest time and the ids; together they have
    /// first, last and number.
    pub fn evidence(&self) -> Result<Vec<Evidence>, RowError> {
        let time = |column| self.get(column).and_then(read_time).ok_or_else(|| self.wrong(column));
        let (first, last) = (time("first_seen")?, time("last_seen")?);
        let days = self.get("days").unwrap_or_default().split(',');
        let mut evidence = Vec::new();
        for day in days {
            let counted = day.split_once('=').and_then(|(day, count)| Some((day, count.parse::<u64>().ok()?)));
            let (day, events) = counted.ok_or_else(|| self.wrong("days"))?;
            // A time that begins in no known way is counted with the first day.
            let start = format!("{day}T00:00:00Z").parse::<Timestamp>().unwrap_or(first);
            let end = start.checked_add(A_DAY).unwrap_or(last);
            let (first_seen, last_seen) = (first.max(start), last.min(end).max(first.max(start)));
            evidence.push(Evidence { events, first_seen, last_seen, samples: [].into() });
        }
        evidence.sort_by_key(|one| one.first_seen);
        if let Some(one) = evidence.first_mut() {
            let texts = ["samples", "more_samples"].into_iter().filter_map(|column| self.get(column));
            let samples = texts.flat_map(str::lines).filter_map(|sample| sample.split_once('|'));
            let samples = samples.filter_map(|(time, id)| Some((read_time(time)?, id.into())));
            let none = Evidence { events: 0, samples: samples.collect(), ..one.clone() };
            one.merge(&none);
        }
        Ok(evidence)
    }
}

/// To the last second of the day.
const A_DAY: SignedDuration = SignedDuration::from_secs(86_399);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cloudtrail::parse_record;

    fn row(values: &[(&str, &str)]) -> Row {
        let value =
            |column: &&str| values.iter().find(|(name, _)| name == column).map(|(_, value)| (*value).to_owned());
        Row::new(COLUMNS.iter().map(value).collect()).unwrap()
    }

    const CALL: [(&str, &str); 9] = [
        ("eventsource", "s3.amazonaws.com"),
        ("eventname", "GetObject"),
        ("awsregion", "eu-west-1"),
        ("kind", "AssumedRole"),
        ("principal", "arn:aws:iam::111122223333:role/ci"),
        ("first_seen", "2026-11-01T10:00:00Z"),
        ("last_seen", "2026-11-03T09:00:00Z"),
        ("days", "2026-11-01=3,2026-11-03=1"),
        ("samples", "2026-11-01T10:00:00Z|b\n2026-11-03T09:00:00Z|a"),
    ];

    #[test]
    fn a_row_is_a_record_without_an_id() {
        let grown = [
            ("request", "{\"bucketName\":\"b\"}"),
            ("growing", "key"),
            ("grown", "a\"b/c"),
            ("resources", "arn:aws:s3:::b"),
        ];
        let text = row(&[&CALL[..], &grown[..]].concat()).record().unwrap();
        let event = parse_record(text.as_bytes()).unwrap();
        assert_eq!((event.id.as_deref(), &*event.name), (None, "GetObject"));
        assert_eq!(
            event.caller.principal.as_ref().map(ToString::to_string).as_deref(),
            Some("arn:aws:iam::111122223333:role/ci")
        );
        assert!(text.contains(r#""requestParameters":{"bucketName":"b","key":"a\"b/c"}"#), "{text}");
        assert_eq!(event.resources.len(), 1);
    }

    #[test]
    fn evidence_adds_up_day_by_day() {
        let evidence = row(&CALL).evidence().unwrap();
        assert_eq!(evidence.iter().map(|one| one.events).collect::<Vec<_>>(), [3, 1]);
        let mut all = evidence[0].clone();
        all.merge(&evidence[1]);
        assert_eq!(all.first_seen.to_string(), "2026-11-01T10:00:00Z");
        assert_eq!(all.last_seen.to_string(), "2026-11-03T09:00:00Z");
        assert_eq!(all.samples.len(), 2);
    }

    #[test]
    fn a_payload_that_is_no_json_is_refused() {
        let broken = [("request", "{\"a\":1},\"userIdentity\":{}")];
        assert!(row(&[&CALL[..], &broken[..]].concat()).record().is_err());
        assert!(Row::new(vec![None]).is_err());
    }
}
