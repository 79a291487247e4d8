//! Rows of CSV exports to records in JSON.
//!
//! The header decides. A column that holds whole records (`eventJson` of CloudTrail Lake, `@message` of CloudWatch Logs
//! Insights) is enough; else columns are the members of a record, as Athena's table and the console's event history name
//! them. The console's file knows neither the role nor the request: its rows are read, and name nobody.

use serde_json::{Map, Value};

use super::struct_text::read_struct;

/// What each column of a CSV export stands for.
#[derive(Debug, Clone)]
pub struct Columns(Vec<Column>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Column {
    /// A whole record.
    Record,
    /// A member of a record, and how its text is to be read.
    Member(&'static str, Cell),
    /// A member of `userIdentity`, by its path.
    Identity(Vec<&'static str>),
    Ignored,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cell {
    Text,
    /// JSON, or the text of a struct.
    Nested,
}

/// Members of records, by their names in lower case without blanks and the like.
const MEMBERS: [(&str, &str, Cell); 21] = [
    ("apiversion", "apiVersion", Cell::Text),
    ("awsregion", "awsRegion", Cell::Text),
    ("errorcode", "errorCode", Cell::Text),
    ("errormessage", "errorMessage", Cell::Text),
    ("eventcategory", "eventCategory", Cell::Text),
    ("eventid", "eventID", Cell::Text),
    ("eventname", "eventName", Cell::Text),
    ("eventsource", "eventSource", Cell::Text),
    ("eventtime", "eventTime", Cell::Text),
    ("eventtype", "eventType", Cell::Text),
    ("eventversion", "eventVersion", Cell::Text),
    ("readonly", "readOnly", Cell::Text),
    ("recipientaccountid", "recipientAccountId", Cell::Text),
    ("requestparameters", "requestParameters", Cell::Nested),
    ("resources", "resources", Cell::Nested),
    ("responseelements", "responseElements", Cell::Nested),
    ("sourceipaddress", "sourceIPAddress", Cell::Text),
    ("useragent", "userAgent", Cell::Text),
    ("useridentity", "userIdentity", Cell::Nested),
    ("vpcendpointid", "vpcEndpointId", Cell::Text),
    ("awsaccesskey", "accessKeyId", Cell::Text),
];

/// Columns that hold whole records.
const RECORDS: [&str; 5] = ["eventjson", "cloudtrailevent", "message", "eventrecord", "record"];

/// Members of `userIdentity` that count, in the case that records have.
const IDENTITY: [&str; 12] = [
    "type",
    "principalId",
    "arn",
    "accountId",
    "invokedBy",
    "accessKeyId",
    "userName",
    "sessionContext",
    "sessionIssuer",
    "sourceIdentity",
    "attributes",
    "ec2RoleDelivery",
];

impl Columns {
    /// Understands a header row; `None` where it is none of a CloudTrail export.
    pub fn read<'h>(header: impl IntoIterator<Item = &'h [u8]>) -> Option<Self> {
        let columns: Vec<Column> = header.into_iter().map(|name| Column::of(&String::from_utf8_lossy(name))).collect();
        let has =
            |wanted: &str| columns.iter().any(|column| matches!(column, Column::Member(name, _) if *name == wanted));
        let known = columns.contains(&Column::Record) || (has("eventName") && has("eventSource"));
        known.then_some(Self(columns))
    }

    /// Whether rows can tell whose calls they are: the console's file has the session's name only.
    pub fn name_principals(&self) -> bool {
        let names = |column: &Column| {
            matches!(column, Column::Record | Column::Member("userIdentity", _))
                || matches!(column, Column::Identity(path) if path.ends_with(&["arn"]))
        };
        self.0.iter().any(names)
    }

    /// The row as the text of an item: a record, or what wraps one.
    pub fn item<'r>(&self, row: impl IntoIterator<Item = &'r [u8]>) -> Vec<u8> {
        let mut record = Map::new();
        for (column, cell) in self.0.iter().zip(row) {
            match column {
                Column::Record => return cell.trim_ascii().to_vec(),
                Column::Member("accessKeyId", _) => put(&mut record, &["userIdentity", "accessKeyId"], text(cell)),
                Column::Member(name, Cell::Text) => put(&mut record, &[name], text(cell)),
                Column::Member(name, Cell::Nested) => put(&mut record, &[name], nested(name, cell)),
                Column::Identity(path) => {
                    let path: Vec<&str> = std::iter::once("userIdentity").chain(path.iter().copied()).collect();
                    put(&mut record, &path, text(cell));
                }
                Column::Ignored => {}
            }
        }
        Value::Object(record).to_string().into_bytes()
    }
}

impl Column {
    fn of(name: &str) -> Self {
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '.';
        let name: String = name.chars().filter(plain).map(|c| c.to_ascii_lowercase()).collect();
        if RECORDS.contains(&name.as_str()) {
            return Self::Record;
        }
        if let Some((_, member, cell)) = MEMBERS.iter().find(|(lower, _, _)| *lower == name) {
            return Self::Member(member, *cell);
        }
        if name == "username" {
            return Self::Identity(vec!["userName"]);
        }
        match name.strip_prefix("useridentity.").map(|path| path.split('.').map(identity_member).collect()) {
            Some(Some(path)) => Self::Identity(path),
            _ => Self::Ignored,
        }
    }
}

fn identity_member(lower: &str) -> Option<&'static str> {
    IDENTITY.into_iter().find(|name| name.eq_ignore_ascii_case(lower))
}

fn put(record: &mut Map<String, Value>, path: &[&str], value: Value) {
    match path {
        [name] => {
            record.insert((*name).to_owned(), value);
        }
        [name, rest @ ..] => {
            let inner = record.entry(*name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
        [] => {}
    }
}

fn text(cell: &[u8]) -> Value {
    match String::from_utf8_lossy(cell).trim() {
        "" | "null" | "-" => Value::Null,
        text => Value::String(text.to_owned()),
    }
}

fn nested(name: &str, cell: &[u8]) -> Value {
    let text = match text(cell) {
        Value::String(text) => text,
        other => return other,
    };
    let value = serde_json::from_str(&text).ok().or_else(|| read_struct(&text));
    match (value, name) {
        (Some(value), "userIdentity") => with_identity_case(value),
        (Some(value), _) => value,
        (None, _) => Value::String(text),
    }
}

/// Athena's column names are lower case, so the struct's members are too.
fn with_identity_case(value: Value) -> Value {
    let Value::Object(members) = value else { return value };
    let case = |(name, value): (String, Value)| {
        let name = identity_member(&name).map_or(name, str::to_owned);
        (name, with_identity_case(value))
    };
    Value::Object(members.into_iter().map(case).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(header: &str, row: &[&str]) -> Option<Value> {
        let columns = Columns::read(header.split(',').map(str::as_bytes))?;
        let item = columns.item(row.iter().map(|cell| cell.as_bytes()));
        Some(serde_json::from_slice(&item).unwrap())
    }

    #[test]
    fn rows_of_athena_become_records() {
        let header = "eventtime,eventsource,eventname,useridentity,requestparameters,errorcode,resources,region";
        let row = [
            "2026-03-13T08:33:30Z",
            "eks.amazonaws.com",
            "CreateCluster",
            "{type=AssumedRole, sessioncontext={sessionissuer={arn=arn:aws:iam::1:role/r}}, accesskeyid=ASIAX}",
            r#"{"name":"c"}"#,
            "",
            "[{arn=arn:aws:kms:::k, accountid=1}]",
            "x",
        ];
        let expected = json!({
            "eventTime": "2026-03-13T08:33:30Z", "eventSource": "eks.amazonaws.com", "eventName": "CreateCluster",
            "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::1:role/r"}}, "accessKeyId": "ASIAX"},
            "requestParameters": {"name": "c"}, "errorCode": null, "resources": [{"arn": "arn:aws:kms:::k", "accountid": "1"}],
        });
        assert_eq!(read(header, &row), Some(expected));
    }

    #[test]
    fn columns_with_a_path_build_the_identity() {
        let header =
            "EventName,EventSource,useridentity.sessioncontext.sessionissuer.arn,useridentity.type,useridentity.nobody";
        let expected = json!({
            "eventName": "A", "eventSource": "b",
            "userIdentity": {"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"arn": "arn:x"}}},
        });
        assert_eq!(read(header, &["A", "b", "arn:x", "AssumedRole", "z"]), Some(expected));
    }

    #[test]
    fn a_column_of_whole_records_is_enough() {
        assert_eq!(read("@timestamp,@message", &["1", r#"{"eventName":"A"}"#]), Some(json!({"eventName": "A"})));
    }

    #[test]
    fn the_consoles_file_names_sessions_only() {
        let header = "User name,AWS access key,Event time,Event source,Event name,AWS region,Error code,Read-only";
        let row =
            ["ci", "ASIAX", "2026-03-13T08:33:30Z", "eks.amazonaws.com", "ListClusters", "eu-central-1", "", "true"];
        let expected = json!({
            "userIdentity": {"userName": "ci", "accessKeyId": "ASIAX"}, "eventTime": "2026-03-13T08:33:30Z",
            "eventSource": "eks.amazonaws.com", "eventName": "ListClusters", "awsRegion": "eu-central-1", "errorCode": null,
            "readOnly": "true",
        });
        assert_eq!(read(header, &row), Some(expected));
        let columns = |header: &str| Columns::read(header.split(',').map(str::as_bytes));
        assert!(!columns(header).unwrap().name_principals());
        assert!(columns("eventname,eventsource,useridentity").unwrap().name_principals());
        assert!(columns("name,value").is_none());
    }
}
