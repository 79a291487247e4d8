//! The rows name real actions, and the life of common things is whole.

use super::*;

#[test]
fn every_action_of_the_rows_exists() {
    let catalog = Catalog::embedded();
    let missing: Vec<_> = Rows::load().all_actions().filter(|action| catalog.action(action).is_none()).collect();
    assert!(missing.is_empty(), "not in the catalogue: {missing:?}");
}

#[test]
fn every_extra_acts_on_its_type_or_on_anything() {
    let catalog = Catalog::embedded();
    for row in Rows::load().extra() {
        for action in &row.add {
            let entry = catalog.action(action).unwrap();
            let fits = entry.resource_types.is_empty() || entry.resource_type(&row.kind).is_some();
            assert!(fits, "{action} does not take {}", row.kind);
        }
    }
}

fn life(arn: &str, kind: &str, operation: &str) -> Vec<String> {
    let arn: Arn = arn.parse().unwrap();
    let created = CreatedResource {
        resource_type: kind.to_owned(),
        tags: Default::default(),
        created_at: jiff::Timestamp::UNIX_EPOCH,
        generated: Default::default(),
        operation: operation.into(),
        event_id: None,
    };
    let thing = Thing::new(&arn, &created);
    let catalog = Catalog::embedded();
    let concerned = catalog.actions(arn.service()).iter().filter(|entry| thing.concerns(entry, catalog).is_some());
    concerned.map(|entry| entry.action.name().to_owned()).collect()
}

#[test]
fn a_node_group_is_read_updated_tagged_and_deleted() {
    let actions = life(
        "arn:aws:eks:eu-central-1:111122223333:nodegroup/blue/ng/1",
        "nodegroup",
        "eks.amazonaws.com:CreateNodegroup",
    );
    for wanted in [
        "DescribeNodegroup",
        "UpdateNodegroupConfig",
        "UpdateNodegroupVersion",
        "DeleteNodegroup",
        "TagResource",
        "UntagResource",
    ] {
        assert!(actions.iter().any(|name| name == wanted), "{wanted} is missing in {actions:?}");
    }
    assert!(!actions.iter().any(|name| name.contains("Cluster")), "{actions:?}");
}

#[test]
fn a_role_loses_neither_its_boundary_nor_gains_a_policy() {
    let actions = life("arn:aws:iam::111122223333:role/x", "role", "iam.amazonaws.com:CreateRole");
    assert!(actions.iter().any(|name| name == "DeleteRole") && actions.iter().any(|name| name == "TagRole"));
    for unwanted in ["PutRolePolicy", "AttachRolePolicy", "DeleteRolePermissionsBoundary", "PassRole"] {
        assert!(!actions.iter().any(|name| name == unwanted), "{unwanted} in {actions:?}");
    }
}

#[test]
fn changes_are_undone() {
    let undo = |action: &str| -> Vec<String> {
        let found = Rows::load().undo(&action.parse().unwrap(), Catalog::embedded());
        found.into_iter().map(|(action, _)| action.to_string()).collect()
    };
    assert_eq!(undo("iam:AddRoleToInstanceProfile"), ["iam:RemoveRoleFromInstanceProfile"]);
    assert_eq!(undo("iam:AttachRolePolicy"), ["iam:DetachRolePolicy"]);
    assert_eq!(undo("ec2:AuthorizeSecurityGroupIngress"), ["ec2:RevokeSecurityGroupIngress"]);
    assert_eq!(undo("ec2:RunInstances"), ["ec2:TerminateInstances"]);
    assert_eq!(undo("ec2:AssociateRouteTable"), ["ec2:DisassociateRouteTable"]);
}
