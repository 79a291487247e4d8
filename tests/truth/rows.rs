//! Our own truth rows, `fixtures/truth/<service>.toml`: a call and all that it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};
use trailtrim::aggregator::{Certainty, Resolution, Resolved, Resolver};
use trailtrim::catalog::Catalog;
use trailtrim::cloudtrail::parse_record;
use trailtrim::iam::Resource;

const REGION: &str = "eu-central-1";
const ACCOUNT: &str = "111122223333";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    call: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// `s3:GetObject`: event source and name.
    event: String,
    #[serde(default)]
    request: Value,
    #[serde(default)]
    response: Value,
    #[serde(default)]
    resources: Vec<String>,
    /// The service that made the call for the caller.
    invoked_by: Option<String>,
    needs: Vec<String>,
    #[serde(default)]
    sometimes: Vec<String>,
    /// ARNs of what the call makes, where the row tells.
    #[serde(default)]
    created: Vec<String>,
    /// What AWS made up of the new ARNs, where the row tells: this and nothing else.
    generated: Option<Vec<String>>,
    /// Condition keys that some need of the call has, with one of their values.
    #[serde(default)]
    context: BTreeMap<String, String>,
    /// Condition keys that no need of the call has.
    #[serde(default)]
    no_context: Vec<String>,
    why: String,
}

/// The rows that fail in a file, with what was wrong.
pub fn failures(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.replace(":R:", &format!(":{REGION}:")).replace(":A:", &format!(":{ACCOUNT}:"));
    let file: File = toml::from_str(&text).map_err(|error| format!("{}: {error}", path.display())).unwrap();
    file.call.iter().filter_map(failure).collect()
}

fn failure(row: &Row) -> Option<String> {
    let resolved = resolve(row);
    let mut faults = Vec::new();
    let is_sometimes = |certainty: &Certainty| matches!(certainty, Certainty::Sometimes(_));
    let found = |sometimes: bool| {
        let needs = resolved.needs.iter().filter(move |need| is_sometimes(&need.certainty) == sometimes);
        needs.map(|need| format!("{} {}", need.action, text(&need.resource))).collect::<BTreeSet<_>>()
    };
    for (wanted, found) in [(&row.needs, found(false)), (&row.sometimes, found(true))] {
        let wanted: BTreeSet<String> = wanted.iter().cloned().collect();
        faults.extend(wanted.difference(&found).map(|need| format!("    missing {need}")));
        faults.extend(found.difference(&wanted).map(|need| format!("    extra {need}")));
    }
    for arn in &row.created {
        if !resolved.created.iter().any(|creation| creation.arn.as_str() == arn) {
            faults.push(format!("    not created: {arn}"));
        }
    }
    if let Some(parts) = &row.generated {
        let found: BTreeSet<&String> = resolved.created.iter().flat_map(|creation| &creation.generated).collect();
        if found != parts.iter().collect() {
            faults.push(format!("    generated: {found:?}"));
        }
    }
    for (key, value) in &row.context {
        let fills = |need: &trailtrim::aggregator::Need| {
            let filled = need.context.get(&trailtrim::iam::ConditionKey::new(key));
            filled.is_some_and(|filled| filled.values().iter().any(|one| one == value))
        };
        if !resolved.needs.iter().any(fills) {
            faults.push(format!("    no need has {key} = {value}"));
        }
    }
    for key in row.no_context.iter().map(trailtrim::iam::ConditionKey::new) {
        if resolved.needs.iter().any(|need| need.context.get(&key).is_some()) {
            faults.push(format!("    some need has {key}"));
        }
    }
    let line = || format!("{} {} ({})\n{}", row.event, row.request, row.why, faults.join("\n"));
    (!faults.is_empty()).then(line)
}

fn resolve(row: &Row) -> Resolved {
    let (source, name) = row.event.split_once(':').unwrap();
    let resources: Vec<Value> = row.resources.iter().map(|arn| json!({"ARN": arn, "accountId": ACCOUNT})).collect();
    let mut record = json!({
        "eventVersion": "1.11", "eventTime": "2026-11-20T10:00:00Z", "eventType": "AwsApiCall", "eventID": "1",
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "awsRegion": REGION, "recipientAccountId": ACCOUNT,
        "requestParameters": row.request, "responseElements": row.response, "resources": resources,
        "userIdentity": {
            "type": "AssumedRole", "accountId": ACCOUNT, "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/runner/ci"),
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": format!("arn:aws:iam::{ACCOUNT}:role/ci/runner"), "accountId": ACCOUNT, "userName": "runner"}},
        },
    });
    if let Some(service) = &row.invoked_by {
        record["userIdentity"]["invokedBy"] = json!(service);
    }
    let bytes = serde_json::to_vec(&record).unwrap();
    let event = parse_record(&bytes).unwrap();
    match Resolver::new(Catalog::embedded()).resolve(&event) {
        Resolution::Resolved(resolved) => resolved,
        Resolution::NeedsNoPermission | Resolution::Unmapped => Resolved::default(),
    }
}

fn text(resource: &Resource) -> &str {
    match resource {
        Resource::Any => "*",
        Resource::Arn(arn) => arn.as_str(),
    }
}
