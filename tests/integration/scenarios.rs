//! Every scenario through every format, and the laws that hold for each of them.

use std::collections::BTreeMap;

use serde_json::Value;
use trailtrim::report::Format;

use crate::support::{Scenario, formats, placeholders, repository, scenarios, trailtrim};

#[test]
fn every_scenario_in_every_format_is_as_it_was() {
    for scenario in scenarios() {
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(scenario.folder.join("expected"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        let _bound = settings.bind_to_scope();
        let documents = report(&scenario, &[scenario.events()])["policies"].as_array().unwrap().len();
        for format in formats() {
            let run = scenario.generate(&["--format", &format]).finish();
            // Several documents are too many for standard output in this format alone.
            let expected = if format == "policy" && documents > 1 { 5 } else { 0 };
            assert_eq!(run.status(), Some(expected), "{} as {format}: {}", scenario.name, run.stderr());
            insta::assert_snapshot!(format.clone(), placeholders(&run.stdout()));
        }
        insta::assert_snapshot!("summary", scenario.generate(&["--format", "json"]).expect(0).stderr());
    }
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    for scenario in scenarios() {
        for format in formats() {
            let [one, many] =
                ["1", "7"].map(|threads| scenario.generate(&["--format", &format, "--threads", threads]).finish());
            assert_eq!(one.status(), many.status(), "{} as {format}", scenario.name);
            assert_eq!(one.stdout(), many.stdout(), "{} as {format}", scenario.name);
        }
    }
}

#[test]
fn the_order_of_the_sources_changes_only_their_list() {
    for scenario in scenarios() {
        let mut files = scenario.files();
        let forwards = report(&scenario, &files);
        files.reverse();
        let half = files.len() / 2;
        files.rotate_left(half);
        assert_eq!(forwards, report(&scenario, &files), "{}", scenario.name);
        assert_eq!(forwards, report(&scenario, &[scenario.events()]), "{}", scenario.name);
    }
}

#[test]
fn reading_a_source_twice_adds_nothing_but_duplicates() {
    let scenario = Scenario::named("eks-terraform");
    let once = report(&scenario, &[scenario.events()]);
    let twice = report(&scenario, &[scenario.events(), format!("{}/", scenario.events())]);
    assert_eq!(once["policies"], twice["policies"]);
    assert_eq!(once["grants"], twice["grants"]);
    assert_eq!(twice["records"]["used"], once["records"]["used"]);
}

/// What policies would deny of a trail, and what they leave open, beside what AWS denied then.
fn refused(events: &str, role: &str, policies: &str) -> Vec<Value> {
    let run = ["replay", events, "--role", role, "--policy", policies, "--format", "json", "--no-config"];
    let mut replay: Value = serde_json::from_str(&trailtrim(run).expect(0).stdout()).unwrap();
    let mut refused: Vec<Value> = ["denied", "undecided"]
        .into_iter()
        .flat_map(|verdict| replay[verdict].take().as_array().cloned().unwrap_or_default())
        .collect();
    refused.retain(|one| one["denied_then"] != true);
    refused
}

#[test]
fn a_policy_allows_its_own_run_and_the_next_one_which_has_other_ids() {
    let next = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("python3")
        .arg(repository().join("fixtures/make_scenarios.py"))
        .arg("--other-ids")
        .arg(next.path())
        .status();
    if !made.is_ok_and(|status| status.success()) {
        return eprintln!("SKIPPED: no python3 here");
    }
    for name in ["eks-terraform", "eks-terraform-platform", "eks-eksctl"] {
        let scenario = Scenario::named(name);
        let policies = tempfile::tempdir().unwrap();
        let policies = policies.path().to_str().unwrap();
        scenario.generate(&["--out-dir", policies]).expect(0);
        let other = next.path().join("scenarios").join(name).join("events");
        for events in [scenario.events(), other.to_str().unwrap().to_owned()] {
            let refused = refused(&events, &scenario.role(), policies);
            assert!(refused.is_empty(), "{events}: {refused:#?}");
        }
    }
}

#[test]
fn every_record_is_used_or_skipped_for_a_reason() {
    for scenario in scenarios() {
        let records = &report(&scenario, &[scenario.events()])["records"];
        let skipped: BTreeMap<String, u64> = serde_json::from_value(records["skipped"].clone()).unwrap();
        let sum = records["used"].as_u64().unwrap() + skipped.values().sum::<u64>();
        assert_eq!(records["read"].as_u64().unwrap(), sum, "{}", scenario.name);
    }
}

#[test]
fn the_records_are_told_apart_as_the_scenario_says() {
    for scenario in scenarios() {
        let facts = &facts(&scenario)["records"];
        let records = &report(&scenario, &[scenario.events()])["records"];
        let count = |records: &Value, reason: &str| records["skipped"][reason].as_u64().unwrap_or(0);
        for reason in ["denied", "outcome-unknown"] {
            assert_eq!(count(records, reason), count(facts, reason), "{}: {reason}", scenario.name);
        }
        let counted = |records: &Value| {
            records["used"].as_u64().unwrap() + count(records, "needs-no-permission") + count(records, "unmapped")
        };
        assert_eq!(counted(records), counted(facts), "{}", scenario.name);
    }
}

#[test]
fn what_others_did_is_never_granted() {
    for scenario in scenarios() {
        let facts = facts(&scenario);
        let report = report(&scenario, &[scenario.events()]);
        let granted: Vec<&str> =
            report["grants"].as_array().unwrap().iter().filter_map(|grant| grant["action"].as_str()).collect();
        for call in facts["calls_of_others_only"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let action = call.replacen(".amazonaws.com:", ":", 1);
            assert!(!granted.contains(&action.as_str()), "{}: {action}", scenario.name);
        }
    }
}

#[test]
fn each_policy_fits_and_the_proof_holds() {
    for scenario in scenarios() {
        let report = report(&scenario, &[scenario.events()]);
        let proof = &report["proof"];
        assert_eq!(proof["requests"], proof["allowed"], "{}", scenario.name);
        assert_eq!(proof["removable"], 0, "{}", scenario.name);
        assert!(proof["grants_tested"].as_u64().unwrap() > 0, "{}", scenario.name);
        for policy in report["policies"].as_array().unwrap() {
            let compact = serde_json::to_string(&policy["document"]).unwrap();
            assert_eq!(policy["characters"], compact.chars().count(), "{}", scenario.name);
            assert!(policy["characters"].as_u64() <= policy["limit"].as_u64(), "{}", scenario.name);
        }
    }
}

#[test]
fn all_formats_are_tried() {
    use clap::ValueEnum as _;
    assert_eq!(formats().len(), Format::value_variants().len());
}

/// What the scenario's author says of it.
fn facts(scenario: &Scenario) -> Value {
    serde_json::from_str(&std::fs::read_to_string(scenario.folder.join("facts.json")).unwrap()).unwrap()
}

/// The report without the list of sources, which is as typed.
fn report(scenario: &Scenario, sources: &[String]) -> Value {
    let text = scenario.generate_from(sources, &["--format", "json"]).stdout();
    let mut report: Value = serde_json::from_str(&text).unwrap();
    report["scope"]["sources"].take();
    report
}
