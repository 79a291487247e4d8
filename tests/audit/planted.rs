//! Precision and recall: faults of every kind are planted into the policy that a scenario needs; each must be found once,
//! and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use trailtrim::aggregator::Usage;
use trailtrim::audit::{Finding, FindingKind, PresentPolicies, audit};
use trailtrim::catalog::Catalog;
use trailtrim::iam::{ConditionKey, ContextValue};
use trailtrim::reducer::{ReduceOptions, reduce};

use crate::evidence::{fixtures, usage};
use crate::support::{SCENARIOS, findings, line, lines, options, policy};

#[derive(Deserialize)]
struct File {
    fault: Vec<Fault>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fault {
    name: String,
    kind: String,
    subject: String,
    scenarios: Option<Vec<String>>,
    #[serde(default)]
    statements: Vec<String>,
    add_action: Option<[String; 2]>,
    add_resource: Option<[String; 2]>,
    replace_action: Option<[String; 2]>,
    replace_resource: Option<[String; 3]>,
    remove_action: Option<String>,
    drop_condition: Option<[String; 2]>,
}

fn faults(scenario: &str) -> Vec<Fault> {
    let text = std::fs::read_to_string(fixtures().join("audit/faults.toml")).unwrap();
    let all = toml::from_str::<File>(&text).unwrap().fault;
    let here = |fault: &Fault| fault.scenarios.as_ref().is_none_or(|names| names.iter().any(|name| name == scenario));
    all.into_iter().filter(here).collect()
}

/// A policy as JSON, to be spoiled.
struct Spoiled(Vec<Value>);

impl Spoiled {
    /// What the evidence needs.
    fn needed_by(usage: &Usage) -> Self {
        let verified = reduce(usage, Catalog::embedded(), &ReduceOptions::default()).unwrap();
        let statements = verified.policies().iter().flat_map(|policy| {
            let document: Value = serde_json::from_str(&policy.document.to_json()).unwrap();
            document["Statement"].as_array().unwrap().clone()
        });
        let mut statements: Vec<Value> = statements.collect();
        for statement in &mut statements {
            for element in ["Action", "Resource"] {
                if statement[element].is_string() {
                    statement[element] = json!([statement[element]]);
                }
            }
        }
        Self(statements)
    }

    fn plant(&mut self, fault: &Fault) {
        if let Some([added, beside]) = &fault.add_action {
            self.with_action(beside).for_each(|statement| push(statement, "Action", added));
        }
        if let Some([added, beside]) = &fault.add_resource {
            push(self.with_action(beside).next().unwrap(), "Resource", added);
        }
        if let Some([action, pattern]) = &fault.replace_action {
            self.with_action(action).for_each(|statement| replace(statement, "Action", action, pattern));
        }
        if let Some([action, resource, pattern]) = &fault.replace_resource {
            let mut statements = self.with_action(action);
            let statement = statements.find(|statement| holds(statement, "Resource", resource)).unwrap();
            replace(statement, "Resource", resource, pattern);
        }
        if let Some(action) = &fault.remove_action {
            for statement in self.with_action(action) {
                let actions = statement["Action"].as_array_mut().unwrap();
                actions.retain(|one| one != action);
            }
            self.0.retain(|statement| statement["Action"].as_array().is_none_or(|actions| !actions.is_empty()));
        }
        if let Some([action, key]) = &fault.drop_condition {
            let statement = self.with_action(action).next().unwrap();
            let operators = statement["Condition"].as_object_mut().unwrap();
            operators.values_mut().for_each(|lines| drop(lines.as_object_mut().unwrap().remove(key)));
            operators.retain(|_, lines| !lines.as_object().unwrap().is_empty());
        }
        for text in &fault.statements {
            self.0.push(serde_json::from_str(text).unwrap());
        }
    }

    fn with_action<'s>(&'s mut self, action: &str) -> impl Iterator<Item = &'s mut Value> {
        let found: BTreeSet<usize> =
            self.0.iter().enumerate().filter(|(_, one)| holds(one, "Action", action)).map(|(at, _)| at).collect();
        assert!(!found.is_empty(), "no statement has {action}");
        self.0.iter_mut().enumerate().filter(move |(at, _)| found.contains(at)).map(|(_, statement)| statement)
    }

    fn audit(&self, usage: &Usage) -> Vec<Finding> {
        let text = json!({"Version": "2012-10-17", "Statement": self.0});
        findings(vec![policy("bad", &serde_json::to_string_pretty(&text).unwrap())], usage)
    }
}

fn holds(statement: &Value, element: &str, text: &str) -> bool {
    statement[element].as_array().is_some_and(|list| list.iter().any(|one| one == text))
}

fn push(statement: &mut Value, element: &str, text: &str) {
    statement[element].as_array_mut().unwrap().push(json!(text));
}

fn replace(statement: &mut Value, element: &str, old: &str, new: &str) {
    for one in statement[element].as_array_mut().unwrap() {
        if one == old {
            *one = json!(new);
        }
    }
}

/// Kinds and subjects with how often each appears.
fn counted<'f>(pairs: impl Iterator<Item = (&'f str, &'f str)>) -> BTreeMap<(&'f str, &'f str), usize> {
    let mut counts = BTreeMap::new();
    pairs.for_each(|pair| *counts.entry(pair).or_default() += 1);
    counts
}

#[test]
fn every_planted_fault_is_found_once_and_nothing_else() {
    let mut planted = 0;
    let mut kinds = BTreeSet::new();
    for (scenario, include_denied) in SCENARIOS {
        let usage = usage(scenario, include_denied);
        let faults = faults(scenario);
        let mut spoiled = Spoiled::needed_by(&usage);
        faults.iter().for_each(|fault| spoiled.plant(fault));
        let found = spoiled.audit(&usage);
        let expected = counted(faults.iter().map(|fault| (fault.kind.as_str(), fault.subject.as_str())));
        let got = counted(found.iter().map(|finding| (finding.kind.as_str(), finding.subject.as_str())));
        let missed: Vec<_> = expected.iter().filter(|(pair, number)| got.get(*pair) != Some(number)).collect();
        let extra: Vec<String> = found
            .iter()
            .filter(|finding| !expected.contains_key(&(finding.kind.as_str(), finding.subject.as_str())))
            .map(line)
            .collect();
        assert!(missed.is_empty() && extra.is_empty(), "{scenario}: missed or doubled {missed:#?}\nextra {extra:#?}");
        planted += faults.len();
        kinds.extend(faults.into_iter().map(|fault| fault.kind));
    }
    assert!(planted >= 60, "{planted}");
    // The rest is planted below: into the evidence, not the policy.
    assert_eq!(kinds.len(), FindingKind::ALL.len() - 4, "{kinds:?}");
}

#[test]
fn every_fault_is_found_when_it_stands_alone() {
    let mut alone = BTreeSet::new();
    for (turn, (scenario, include_denied)) in SCENARIOS.iter().enumerate() {
        let usage = usage(scenario, *include_denied);
        for (at, fault) in faults(scenario).into_iter().enumerate() {
            // Each fault in one scenario, in turn; together they stand in all of them above.
            let everywhere = fault.scenarios.is_none();
            if (everywhere && at % SCENARIOS.len() != turn) || !alone.insert(fault.name.clone()) {
                continue;
            }
            let mut spoiled = Spoiled::needed_by(&usage);
            spoiled.plant(&fault);
            let found = spoiled.audit(&usage);
            let [finding] = found.as_slice() else { panic!("{scenario}, {}:\n{}", fault.name, lines(&found)) };
            assert_eq!((finding.kind.as_str(), finding.subject.as_str()), (&*fault.kind, &*fault.subject));
            assert!(!finding.evidence.is_empty() && !finding.remedy.is_empty());
        }
    }
    assert!(alone.len() >= 40, "{}", alone.len());
}

#[test]
fn a_gap_in_the_evidence_is_a_finding() {
    let mut usage = usage("eks-eksctl", false);
    let spoiled = Spoiled::needed_by(&usage);
    usage.coverage.truncated = 3;
    usage.coverage.gaps.insert("trail/x.json.gz: cut off".into());
    let found = spoiled.audit(&usage);
    let [finding] = found.as_slice() else { panic!("{}", lines(&found)) };
    assert_eq!((finding.kind, finding.evidence.len()), (FindingKind::EvidenceIncomplete, 2));
}

#[test]
fn a_role_that_has_been_idle_is_dormant() {
    let usage = usage("eks-eksctl", false);
    let policies = vec![policy("x", &json!({"Statement": Spoiled::needed_by(&usage).0}).to_string())];
    let mut options = options();
    options.now = "2027-03-01T00:00:00Z".parse().unwrap();
    let found = audit(&PresentPolicies::of_identity(policies), &usage, Catalog::embedded(), &options);
    assert_eq!(found.iter().map(|finding| finding.kind).collect::<Vec<_>>(), [FindingKind::DormantRole]);
}

#[test]
fn an_action_first_used_since_the_last_audit_is_new() {
    let mut usage = usage("eks-eksctl", false);
    let spoiled = Spoiled::needed_by(&usage);
    let policies = vec![policy("x", &json!({"Statement": spoiled.0}).to_string())];
    let (audited, later) = ("2026-11-18T00:00:00Z".parse().unwrap(), "2026-11-19T00:00:00Z".parse().unwrap());
    let action: trailtrim::iam::Action = "eks:DescribeCluster".parse().unwrap();
    for (request, observation) in &mut usage.requests {
        let evidence = &mut observation.evidence;
        evidence.first_seen = if request.action == action { later } else { evidence.first_seen.min(audited) };
    }
    let found = |last_audit| {
        let options = trailtrim::audit::AuditOptions { last_audit, ..options() };
        audit(&PresentPolicies::of_identity(policies.clone()), &usage, Catalog::embedded(), &options)
    };
    let new = found(Some(audited));
    let [finding] = new.as_slice() else { panic!("{}", lines(&new)) };
    assert_eq!((finding.kind, finding.subject.as_str()), (FindingKind::NewAccess, "eks:DescribeCluster"));
    assert_eq!(lines(&found(None)), "");
    assert_eq!(lines(&found(Some(later))), "");
}

#[test]
fn roles_that_all_carried_a_boundary_must_carry_one() {
    let mut usage = usage("eks-eksctl", false);
    let boundary = "arn:aws:iam::111122223333:policy/boundary";
    usage.requests = std::mem::take(&mut usage.requests)
        .into_iter()
        .map(|(mut request, observation)| {
            if request.action == "iam:CreateRole".parse().unwrap() {
                let key = ConditionKey::new("iam:PermissionsBoundary");
                request.context.insert(key, ContextValue::One(boundary.into()));
            }
            (request, observation)
        })
        .collect();
    let mut spoiled = Spoiled::needed_by(&usage);
    assert_eq!(lines(&spoiled.audit(&usage)), "");
    for statement in spoiled.with_action("iam:CreateRole") {
        statement.as_object_mut().unwrap().remove("Condition");
    }
    let found = spoiled.audit(&usage);
    assert_eq!(found.iter().map(|one| one.kind).collect::<Vec<_>>(), [FindingKind::BoundaryNotRequired]);
}
