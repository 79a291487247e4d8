//! The generic reading, over every action of every service and over real records.

use serde_json::{Value, json};
use trailtrim::aggregator::{Need, Resolution, Resolver};
use trailtrim::catalog::Catalog;
use trailtrim::cloudtrail::parse_record;
use trailtrim::iam::Resource;

/// What is wrong with a need, whatever the call.
fn fault(need: &Need) -> Option<String> {
    if Catalog::embedded().action(&need.action).is_none() {
        return Some(format!("the catalogue does not know {}", need.action));
    }
    let Resource::Arn(arn) = &need.resource else { return None };
    let wild = arn.service().contains(['*', '?']) || arn.service().is_empty() || arn.partition().contains(['*', '?']);
    wild.then(|| format!("{} on {arn}: a wildcard for the service", need.action))
}

fn faults_of(record: &Value) -> Vec<String> {
    let bytes = serde_json::to_vec(record).unwrap();
    let Ok(event) = parse_record(&bytes) else { return Vec::new() };
    match Resolver::new(Catalog::embedded()).resolve(&event) {
        Resolution::Resolved(resolved) => resolved.needs.iter().filter_map(fault).collect(),
        Resolution::NeedsNoPermission | Resolution::Unmapped => Vec::new(),
    }
}

fn identity() -> Value {
    json!({
        "type": "AssumedRole", "accountId": "111122223333", "arn": "arn:aws:sts::111122223333:assumed-role/runner/ci",
        "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/ci/runner", "accountId": "111122223333", "userName": "runner"}},
    })
}

#[test]
fn every_action_of_every_service_is_read_from_a_record_with_its_name() {
    let catalog = Catalog::embedded();
    let mut faults = Vec::new();
    let (mut calls, mut read) = (0_u32, 0_u32);
    for prefix in catalog.services() {
        for entry in catalog.service(prefix).into_iter().flat_map(|service| &service.actions) {
            let name = entry.action.name();
            let record = json!({
                "eventVersion": "1.11", "eventTime": "2026-11-20T10:00:00Z", "eventType": "AwsApiCall",
                "eventSource": format!("{prefix}.amazonaws.com"), "eventName": name, "awsRegion": "eu-central-1",
                "recipientAccountId": "111122223333", "userIdentity": identity(),
                "requestParameters": {"name": "some-name", "id": "some-id", "roleArn": "arn:aws:iam::111122223333:role/passed"},
            });
            let bytes = serde_json::to_vec(&record).unwrap();
            let event = parse_record(&bytes).unwrap();
            calls += 1;
            read += u32::from(!matches!(Resolver::new(catalog).resolve(&event), Resolution::Unmapped));
            faults.extend(faults_of(&record));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // Services whose event source has another name are not reached by their prefix: a handful.
    assert!(f64::from(read) > 0.99 * f64::from(calls), "{read} of {calls}");
}

#[test]
fn real_records_give_no_action_that_the_catalogue_does_not_know() {
    let Some(folder) = crate::shared("events") else { return };
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut faults = Vec::new();
    for file in files.filter(|path| path.extension().is_some_and(|end| end == "ndjson")) {
        for line in std::fs::read_to_string(file).unwrap().lines() {
            let mut record: Value = serde_json::from_str(line).unwrap();
            // Some sources took the caller out.
            if record["userIdentity"].is_null() {
                record["userIdentity"] = identity();
            }
            faults.extend(faults_of(&record));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// To which service the roles of a call are passed, in the caller's partition.
fn passed_to(partition: &str, event: &str, request: &Value) -> Vec<Option<String>> {
    let (source, name) = event.split_once(':').unwrap();
    let mut identity = identity();
    identity["sessionContext"]["sessionIssuer"]["arn"] =
        json!(format!("arn:{partition}:iam::111122223333:role/ci/runner"));
    let record = json!({
        "eventVersion": "1.11", "eventTime": "2026-11-20T10:00:00Z", "eventType": "AwsApiCall",
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "awsRegion": "cn-north-1",
        "recipientAccountId": "111122223333", "userIdentity": identity, "requestParameters": request,
    });
    let bytes = serde_json::to_vec(&record).unwrap();
    let event = parse_record(&bytes).unwrap();
    let Resolution::Resolved(resolved) = Resolver::new(Catalog::embedded()).resolve(&event) else { return Vec::new() };
    let passed = resolved.needs.iter().filter(|need| need.action.as_str() == "iam:PassRole");
    passed.map(|need| Some(need.context.get("iam:PassedToService")?.values().first()?.clone())).collect()
}

#[test]
fn principals_that_have_another_name_in_china_are_not_demanded_there() {
    let profile = json!({"instanceProfileName": "node", "roleName": "node"});
    let cluster = json!({"name": "prod", "roleArn": "arn:aws-cn:iam::111122223333:role/cluster"});
    let some = |service: &str| vec![Some(service.to_owned())];
    assert_eq!(passed_to("aws", "iam:AddRoleToInstanceProfile", &profile), some("ec2.amazonaws.com"));
    assert_eq!(passed_to("aws-cn", "iam:AddRoleToInstanceProfile", &profile), [None]);
    assert_eq!(passed_to("aws-cn", "eks:CreateCluster", &cluster), some("eks.amazonaws.com"));
}
