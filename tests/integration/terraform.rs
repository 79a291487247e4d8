//! Policies as Terraform evaluates them: the same documents again.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use hcl::{Body, Expression};
use serde_json::{Value, json};

use crate::support::{Scenario, scenarios};

/// What Terraform makes of an expression in a folder; `None` without Terraform.
fn console(folder: &Path, expression: &str) -> Option<Value> {
    let mut child = Command::new("terraform")
        .arg("console")
        .current_dir(folder)
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    child.stdin.take().unwrap().write_all(format!("jsonencode({expression})\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let quoted: Result<String, _> = serde_json::from_str(text.trim());
    assert!(quoted.is_ok(), "{quoted:?}: {text}");
    Some(serde_json::from_str(&quoted.unwrap()).unwrap())
}

/// The statements of each `aws_iam_policy_document`, as locals that need no provider; what a provider knows is given.
fn locals(text: &str) -> (String, Vec<String>) {
    let body: Body = hcl::from_str(text).unwrap();
    let mut file = String::new();
    let mut names = Vec::new();
    for block in body.blocks() {
        match (block.identifier(), block.labels().first().map(hcl::structure::BlockLabel::as_str)) {
            ("variable", _) => file.push_str(&hcl::to_string(&Body::from(block.clone())).unwrap()),
            ("data", Some("aws_iam_policy_document")) => {
                let statements: Vec<Expression> = block.body().blocks().map(as_object).collect();
                let name = format!("document_{}", names.len());
                let list = hcl::format::to_string(&Expression::from(statements)).unwrap();
                file.push_str(&format!("locals {{\n  {name} = {list}\n}}\n"));
                names.push(name);
            }
            _ => {}
        }
    }
    let known = [
        ("data.aws_caller_identity.current.account_id", "\"111122223333\""),
        ("data.aws_region.current.id", "\"eu-central-1\""),
        ("data.aws_partition.current.partition", "\"aws\""),
    ];
    (known.iter().fold(file, |file, (reference, value)| file.replace(reference, value)), names)
}

fn as_object(block: &hcl::Block) -> Expression {
    let mut object = hcl::expr::Object::new();
    let attributes = block.body().attributes();
    object.extend(attributes.map(|one| (hcl::expr::ObjectKey::from(one.key()), one.expr().clone())));
    if block.identifier() == "statement" {
        let conditions: Vec<Expression> = block.body().blocks().map(as_object).collect();
        object.insert("conditions".into(), Expression::from(conditions));
    }
    Expression::from(object)
}

/// A document in the shape of [`locals`].
fn expected(document: &Value) -> Value {
    let list = |value: &Value| match value {
        Value::Array(items) => Value::Array(items.clone()),
        one => json!([one]),
    };
    let statement = |one: &Value| {
        let conditions = one["Condition"].as_object().into_iter().flatten().flat_map(|(test, lines)| {
            let lines = lines.as_object().unwrap().iter();
            lines.map(move |(key, values)| json!({"test": test, "variable": key, "values": list(values)}))
        });
        let mut object: BTreeMap<&str, Value> = [
            ("sid", one["Sid"].clone()),
            ("effect", one["Effect"].clone()),
            ("actions", list(&one["Action"])),
            ("resources", list(&one["Resource"])),
            ("conditions", conditions.collect()),
        ]
        .into();
        object.retain(|_, value| !value.is_null());
        json!(object)
    };
    document["Statement"].as_array().unwrap().iter().map(statement).collect()
}

fn same_again(scenario: &Scenario, more: &[&str]) -> bool {
    let report: Value = serde_json::from_str(&scenario.generate(&["--format", "json"]).stdout()).unwrap();
    let text = scenario.generate(&[&["--format", "terraform"], more].concat()).stdout();
    let (file, names) = locals(&text);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), file).unwrap();
    let policies = report["policies"].as_array().unwrap();
    assert_eq!(policies.len(), names.len());
    for (policy, name) in policies.iter().zip(&names) {
        let Some(found) = console(folder.path(), &format!("local.{name}")) else { return false };
        assert_eq!(found, expected(&policy["document"]), "{}", scenario.name);
    }
    true
}

#[test]
fn terraform_gives_the_same_documents_again_with_and_without_parameters() {
    for scenario in scenarios() {
        if !same_again(&scenario, &[]) {
            return eprintln!("SKIPPED: no terraform here");
        }
        assert!(same_again(&scenario, &["--parameterize", "account,partition,region=eu-central-1"]));
    }
    let scenario = Scenario::named("eks-terraform");
    let parameters = "account,partition,region=eu-central-1,cluster=demo";
    assert!(same_again(&scenario, &["--parameterize", parameters]));
    let text = scenario.generate(&["--format", "terraform", "--parameterize", parameters]).stdout();
    let cluster = "arn:${data.aws_partition.current.partition}:eks:${data.aws_region.current.id}:${data.aws_caller_identity.current.account_id}:cluster/${var.cluster}";
    assert!(text.contains(cluster) && text.contains("default = \"demo\""), "{text}");
    let text: String = text.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(!text.contains(":111122223333:") && !text.contains("arn:aws:"), "{text}");
}

#[test]
fn terraform_finds_nothing_to_format_with_parameters() {
    let scenario = Scenario::named("eks-terraform");
    let folder = tempfile::tempdir().unwrap();
    let parameters = ["--format", "terraform", "--parameterize", "account,partition,region=eu-central-1,cluster=demo"];
    std::fs::write(folder.path().join("policy.tf"), scenario.generate(&parameters).stdout()).unwrap();
    match Command::new("terraform").args(["fmt", "-check", "-diff"]).current_dir(folder.path()).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => eprintln!("SKIPPED: no terraform here"),
    }
}

#[test]
fn parameters_that_mean_nothing_are_refused() {
    let scenario = Scenario::named("eks-terraform");
    let refused = |arguments: &[&str]| scenario.generate(arguments).expect(2).stderr();
    let format = ["--format", "terraform", "--parameterize"];
    assert!(refused(&[&format[..], &["cluster=nowhere"]].concat()).contains("`nowhere`"));
    assert!(refused(&[&format[..], &["cluster"]].concat()).contains("cluster=my-cluster"));
    assert!(refused(&["--parameterize", "account"]).contains("terraform and cloudformation"));
}
