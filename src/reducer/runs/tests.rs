//! What is one step of several runs, and what is not.

use super::*;
use crate::aggregator::{Coverage, CreatedResource, Lineage, RecordCounts};

/// Roles made at these hours.
fn usage(made: &[(&str, i64)]) -> Usage {
    let mut lineage = Lineage::default();
    for (name, hour) in made {
        let arn: Arn = format!("arn:aws:iam::111122223333:role/{name}").parse().unwrap();
        let created = CreatedResource {
            resource_type: "role".to_owned(),
            tags: BTreeMap::new(),
            created_at: Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap(),
            generated: Default::default(),
            operation: "iam.amazonaws.com:CreateRole".into(),
            event_id: None,
        };
        lineage.created.insert(arn, created);
    }
    Usage {
        principal: "arn:aws:iam::111122223333:role/ci".parse().unwrap(),
        requests: BTreeMap::new(),
        lineage,
        assumed: Default::default(),
        coverage: Coverage::default(),
        records: RecordCounts::default(),
    }
}

fn pattern(made: &[(&str, i64)], name: &str) -> Option<String> {
    changing_names(&usage(made)).remove(name).map(|rule| rule.pattern)
}

#[test]
fn a_random_part_that_changes_between_runs_becomes_question_marks() {
    let made = [("eks-node-a1b2c3", 0), ("eks-node-9f8e7d", 5)];
    assert_eq!(pattern(&made, "eks-node-a1b2c3").unwrap(), "eks-node-??????");
}

#[test]
fn numbers_of_different_length_become_a_star() {
    let made = [("deploy-99871-role", 0), ("deploy-100012-role", 5)];
    assert_eq!(pattern(&made, "deploy-99871-role").unwrap(), "deploy-*-role");
}

#[test]
fn two_names_of_one_run_are_two_things() {
    assert_eq!(pattern(&[("eks-node-a1b2c3", 0), ("eks-node-9f8e7d", 0), ("x", 9)], "eks-node-a1b2c3"), None);
}

#[test]
fn another_word_is_another_thing() {
    assert_eq!(pattern(&[("blue-cluster", 0), ("green-cluster", 5)], "blue-cluster"), None);
    assert_eq!(pattern(&[("eks-node1", 0), ("eks-node2", 5)], "eks-node1"), None);
    assert_eq!(pattern(&[("report-2025", 0), ("report-2026", 5)], "report-2025"), None);
    assert_eq!(pattern(&[("eu-west-app", 0), ("us-east-app", 5), ("ap-south-app", 10)], "eu-west-app"), None);
}

#[test]
fn random_words_are_believed_after_three_runs() {
    let two = [("eks-witty-lemur", 0), ("eks-calm-otter", 5)];
    let three = [two[0], two[1], ("eks-brave-heron", 10)];
    assert_eq!(pattern(&two, "eks-calm-otter"), None);
    assert_eq!(pattern(&three, "eks-calm-otter").unwrap(), "eks-*-?????");
}

#[test]
fn a_name_that_comes_back_stays() {
    let mut usage = usage(&[("eks-node-a1b2c3", 0), ("eks-node-9f8e7d", 5)]);
    let arn: Arn = "arn:aws:iam::111122223333:instance-profile/eks-node-a1b2c3".parse().unwrap();
    let again = CreatedResource {
        created_at: Timestamp::from_second(1_800_000_000 + 5 * 3_600).unwrap(),
        ..usage.lineage.created.values().next().unwrap().clone()
    };
    usage.lineage.created.insert(arn, again);
    assert!(changing_names(&usage).is_empty());
}
