//! Events to usage, from small records.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::catalog::Catalog;
use crate::cloudtrail::{SkipReason, parse_record};
use crate::iam::{Action, ConditionKey, PrincipalArn, Resource};

const ROLE: &str = "arn:aws:iam::111122223333:role/ci/eks-runner";

/// A call of the role, in the shape of a real record.
fn call(id: &str, source: &str, name: &str, request: Value, response: Value) -> Value {
    json!({
        "eventVersion": "1.11", "eventID": id, "eventTime": "2026-11-01T10:00:00Z", "eventType": "AwsApiCall",
        "eventSource": format!("{source}.amazonaws.com"), "eventName": name, "awsRegion": "eu-central-1",
        "recipientAccountId": "111122223333", "requestParameters": request, "responseElements": response,
        "userIdentity": {
            "type": "AssumedRole", "accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE",
            "arn": "arn:aws:sts::111122223333:assumed-role/eks-runner/gha-1",
            "sessionContext": {"sessionIssuer": {"type": "Role", "arn": ROLE, "accountId": "111122223333", "userName": "eks-runner"}},
        },
    })
}

fn selection() -> Selection {
    Selection { principals: vec![ROLE.parse().unwrap()], ..Selection::default() }
}

fn aggregator<'a>(selection: &'a Selection, records: &[Value]) -> Aggregator<'a> {
    let mut aggregator = Aggregator::new(Catalog::embedded(), selection);
    for record in records {
        let bytes = serde_json::to_vec(record).unwrap();
        match parse_record(&bytes) {
            Ok(event) => aggregator.add(&event),
            Err(reason) => aggregator.skip(reason),
        }
    }
    aggregator
}

fn usage(selection: &Selection, records: &[Value]) -> Usage {
    let principal: PrincipalArn = ROLE.parse().unwrap();
    aggregator(selection, records).finish().remove(&principal).unwrap()
}

fn resources(usage: &Usage, action: &str) -> Vec<String> {
    let action: Action = action.parse().unwrap();
    let of_action = usage.requests.keys().filter(|request| request.action == action);
    of_action
        .map(|request| match &request.resource {
            Resource::Any => "*".to_owned(),
            Resource::Arn(arn) => arn.to_string(),
        })
        .collect()
}

#[test]
fn a_created_id_is_lineage_and_the_vpc_it_is_put_into_is_not() {
    let record = call(
        "1",
        "ec2",
        "CreateSubnet",
        json!({"vpcId": "vpc-0a1b2c3d"}),
        json!({"subnet": {"subnetId": "subnet-0e4f", "vpcId": "vpc-0a1b2c3d"}}),
    );
    let usage = usage(&selection(), &[record]);
    assert_eq!(usage.lineage.generated_ids.keys().collect::<Vec<_>>(), ["subnet-0e4f"]);
    assert!(usage.lineage.attachments.contains(&("subnet-0e4f".to_owned(), "vpc-0a1b2c3d".to_owned())));
}

#[test]
fn an_id_is_generated_as_a_whole_though_the_request_holds_its_kind() {
    let tags = json!({"items": [{"resourceType": "vpc", "tags": [{"key": "Env", "value": "dev"}]}]});
    let request = json!({"cidrBlock": "10.0.0.0/16", "tagSpecificationSet": tags});
    let record = call("1", "ec2", "CreateVpc", request, json!({"vpc": {"vpcId": "vpc-0a1b2c3d"}}));
    let usage = usage(&selection(), &[record]);
    assert_eq!(usage.lineage.generated_ids.keys().collect::<Vec<_>>(), ["vpc-0a1b2c3d"]);
}

#[test]
fn a_node_group_needs_its_role_passed_to_eks() {
    let request =
        json!({"name": "blue", "nodegroupName": "default", "nodeRole": "arn:aws:iam::111122223333:role/blue-node"});
    let usage = usage(&selection(), &[call("1", "eks", "CreateNodegroup", request, Value::Null)]);
    assert_eq!(resources(&usage, "iam:PassRole"), ["arn:aws:iam::111122223333:role/blue-node"]);
    let pass = usage.requests.iter().find(|(request, _)| request.action.name() == "PassRole").unwrap();
    let key = ConditionKey::new("iam:PassedToService");
    assert_eq!(pass.0.context.get(&key).unwrap().values(), ["eks.amazonaws.com"]);
    assert_eq!(pass.1.origin, Origin::Derived);
}

#[test]
fn a_role_named_without_its_path_gets_the_path_that_another_record_shows() {
    let created = call(
        "1",
        "iam",
        "CreateRole",
        json!({"roleName": "node", "path": "/eks/"}),
        json!({"role": {"arn": "arn:aws:iam::111122223333:role/eks/node"}}),
    );
    let read = call("2", "iam", "GetRole", json!({"roleName": "node"}), Value::Null);
    let usage = usage(&selection(), &[read, created]);
    assert_eq!(resources(&usage, "iam:GetRole"), ["arn:aws:iam::111122223333:role/eks/node"]);
}

/// A launch through an instance profile; with the profile's role put in, where there is one.
fn launch(roles: &[(&str, &str)]) -> Vec<Value> {
    let run = call("1", "ec2", "RunInstances", json!({"iamInstanceProfile": {"name": "node-profile"}}), Value::Null);
    let puts = roles.iter().enumerate().map(|(index, (profile, role))| {
        let request = json!({"instanceProfileName": profile, "roleName": role});
        call(&format!("put-{index}"), "iam", "AddRoleToInstanceProfile", request, Value::Null)
    });
    std::iter::once(run).chain(puts).collect()
}

fn passed_to_ec2(records: &[Value]) -> Vec<String> {
    let usage = usage(&selection(), records);
    let launches = usage.requests.iter().filter(|(request, observation)| {
        request.action.name() == "PassRole" && observation.operations.contains("ec2.amazonaws.com:RunInstances")
    });
    let roles = launches.filter_map(|(request, _)| match &request.resource {
        Resource::Arn(arn) => Some(arn.resource().to_owned()),
        Resource::Any => None,
    });
    roles.collect()
}

#[test]
fn the_role_of_an_instance_profile_is_the_one_that_the_log_shows_being_put_in() {
    assert_eq!(passed_to_ec2(&launch(&[("node-profile", "node"), ("other-profile", "other")])), ["role/node"]);
}

#[test]
fn the_role_of_an_instance_profile_that_was_there_before_is_any_role() {
    assert_eq!(passed_to_ec2(&launch(&[("other-profile", "other")])), ["role/*"]);
}

#[test]
fn a_denied_call_is_told_and_not_granted_unless_asked() {
    let mut record = call("1", "eks", "DescribeCluster", json!({"name": "blue"}), Value::Null);
    record["errorCode"] = json!("AccessDenied");
    record["errorMessage"] = json!(
        "User: arn:aws:sts::111122223333:assumed-role/eks-runner/gha-1 is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:eu-central-1:111122223333:cluster/blue"
    );
    let plain = usage(&selection(), std::slice::from_ref(&record));
    assert!(plain.requests.is_empty());
    assert_eq!(plain.coverage.denied.len(), 1);
    assert_eq!(plain.records.skipped[&SkipReason::Denied], 1);
    let asked = Selection { include_denied: true, ..selection() };
    let granted = usage(&asked, &[record]);
    assert_eq!(resources(&granted, "eks:DescribeCluster"), ["arn:aws:eks:eu-central-1:111122223333:cluster/blue"]);
    assert!(granted.requests.values().all(|observation| observation.origin == Origin::Denied));
}

#[test]
fn a_denial_by_an_scp_is_never_granted() {
    let mut record = call("1", "eks", "DescribeCluster", json!({"name": "blue"}), Value::Null);
    record["errorCode"] = json!("AccessDenied");
    record["errorMessage"] = json!(
        "User: x is not authorized to perform: eks:DescribeCluster on resource: arn:aws:eks:eu-central-1:111122223333:cluster/blue with an explicit deny in a service control policy"
    );
    let asked = Selection { include_denied: true, ..selection() };
    assert!(usage(&asked, &[record]).requests.is_empty());
}

#[test]
fn what_aws_names_in_a_denial_corrects_the_same_check_elsewhere() {
    let request = |addon: &str| json!({"name": "blue", "addonName": addon, "tags": {"Env": "dev"}});
    let mut denied = call("1", "eks", "CreateAddon", request("vpc-cni"), Value::Null);
    denied["errorCode"] = json!("AccessDenied");
    denied["errorMessage"] = json!(
        "User: x is not authorized to perform: eks:TagResource on resource: arn:aws:eks:eu-central-1:111122223333:/createaddon"
    );
    let allowed = call("2", "eks", "CreateAddon", request("coredns"), Value::Null);
    let usage = usage(&selection(), &[allowed, denied]);
    assert_eq!(resources(&usage, "eks:TagResource"), ["arn:aws:eks:eu-central-1:111122223333:/createaddon"]);
}

#[test]
fn another_role_with_a_similar_name_is_another_principal() {
    let mut record = call("1", "eks", "DescribeCluster", json!({"name": "blue"}), Value::Null);
    record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] =
        json!("arn:aws:iam::111122223333:role/ci/eks-runner-2");
    let selection = selection();
    let aggregator = aggregator(&selection, &[record]);
    assert_eq!(aggregator.counts().skipped[&SkipReason::OtherPrincipal], 1);
    assert_eq!(aggregator.other_principals()[0].0.to_string(), "arn:aws:iam::111122223333:role/ci/eks-runner-2");
}

#[test]
fn an_opened_session_is_remembered_with_its_key() {
    let record = call(
        "1",
        "sts",
        "AssumeRole",
        json!({"roleArn": "arn:aws:iam::111122223333:role/cdk-deploy"}),
        json!({"credentials": {"accessKeyId": "ASIAOTHER"}}),
    );
    let usage = usage(&selection(), &[record]);
    let (role, keys) = usage.assumed.first_key_value().unwrap();
    assert_eq!(role.to_string(), "arn:aws:iam::111122223333:role/cdk-deploy");
    assert_eq!(keys.iter().collect::<Vec<_>>(), ["ASIAOTHER"]);
}

#[test]
fn more_objects_than_are_kept_become_their_common_beginning_in_any_split() {
    let record = |index: u32| {
        call(
            &index.to_string(),
            "s3",
            "PutObject",
            json!({"bucketName": "logs", "key": format!("2026/{index:06}")}),
            Value::Null,
        )
    };
    let records: Vec<Value> = (0..5_100).map(record).collect();
    let selection = selection();
    let whole = usage(&selection, &records);
    assert_eq!(resources(&whole, "s3:PutObject"), ["arn:aws:s3:::logs/2026/00*"]);
    let mut parts = aggregator(&selection, &records[3_000..]);
    parts.merge(aggregator(&selection, &records[..3_000]));
    let principal: PrincipalArn = ROLE.parse().unwrap();
    assert_eq!(parts.finish().remove(&principal).unwrap().requests, whole.requests);
}

#[test]
fn the_order_of_records_and_their_split_over_threads_never_show() {
    let records: Vec<Value> = [
        call("1", "ec2", "CreateVpc", json!({"cidrBlock": "10.0.0.0/16"}), json!({"vpc": {"vpcId": "vpc-0aa1"}})),
        call("2", "ec2", "DeleteVpc", json!({"vpcId": "vpc-0aa1"}), Value::Null),
        call("3", "ec2", "CreateVpc", json!({"cidrBlock": "10.0.0.0/16"}), json!({"vpc": {"vpcId": "vpc-0aa2"}})),
        call("4", "eks", "DescribeCluster", json!({"name": "blue"}), Value::Null),
        call("5", "eks", "DescribeCluster", json!({"name": "blue"}), Value::Null),
    ]
    .to_vec();
    let selection = selection();
    let forward = usage(&selection, &records);
    let backward: Vec<Value> = records.iter().rev().cloned().collect();
    let mut split = aggregator(&selection, &backward[..2]);
    split.merge(aggregator(&selection, &backward[2..]));
    let principal: PrincipalArn = ROLE.parse().unwrap();
    let split = split.finish().remove(&principal).unwrap();
    assert_eq!(split.requests, forward.requests);
    assert_eq!(split.lineage, forward.lineage);
    assert_eq!(split.coverage, forward.coverage);
    assert_eq!(split.records, forward.records);
}
