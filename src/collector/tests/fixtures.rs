//! `fixtures/cloudtrail/`: what `expected.json` says of each file comes out.

use serde_json::Value;

use super::*;
use crate::cloudtrail::{Denial, PolicyType, parse_record};
use crate::iam::{PrincipalSelector, Resource};

fn expected() -> (String, Vec<(String, Value)>) {
    let text = std::fs::read_to_string(fixture("cloudtrail/expected.json")).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let files = expected["files"].as_object().unwrap();
    let role = expected["role"].as_str().unwrap().to_owned();
    (role, files.iter().map(|(file, what)| (file.clone(), what.clone())).collect())
}

#[test]
fn every_file_gives_the_records_and_problems_that_it_holds() {
    for (file, expected) in expected().1 {
        let collected = read(&[&fixture("cloudtrail").join(&file)]);
        let events = collected.sink.events();
        let named_broken: u64 = collected.problems.iter().map(|problem| problem.count).sum();
        if let Some(records) = expected["records"].as_u64() {
            let without_principal = collected.sink.count(SkipReason::NoPrincipal);
            assert_eq!(events + without_principal, records, "{file}: {collected:?}");
        }
        if let Some(broken) = expected["broken"].as_u64() {
            assert_eq!(named_broken, broken, "{file}: {:?}", collected.problems);
        }
        if let Some(duplicates) = expected["duplicates"].as_u64() {
            assert_eq!(collected.sink.count(SkipReason::Duplicate), duplicates, "{file}");
        }
    }
}

#[test]
fn wrappings_of_the_same_records_give_the_same_events() {
    let plain = read(&[&fixture("cloudtrail/envelopes/records.json")]).sink.events;
    assert_eq!(plain.len(), 3);
    for (file, expected) in expected().1 {
        let is_console_csv = file.ends_with("event-history.csv");
        if file.starts_with("envelopes/") && expected["records"] == 3 && !is_console_csv {
            assert_eq!(read(&[&fixture("cloudtrail").join(&file)]).sink.events, plain, "{file}");
        }
    }
}

#[test]
fn the_same_records_in_all_wrappings_count_once() {
    let all = fixture("cloudtrail/envelopes");
    let collected = read(&[&all, &all.join("records.json")]);
    // The console's CSV file names no principals: its rows are events of nobody.
    let of_somebody = |(event, _): &(&String, &u64)| event.contains("arn:aws:iam:");
    let plain = read(&[&all.join("records.json")]).sink.events;
    assert!(collected.sink.events.iter().filter(of_somebody).eq(&plain), "{:?}", collected.sink.events);
}

#[test]
fn records_with_the_roles_name_are_found_however_it_is_written() {
    let (role, files) = expected();
    let needles = needles(&role);
    for (file, _) in files {
        let path = fixture("cloudtrail").join(&file);
        let all = read(&[&path]).sink;
        let found = try_read(&[&path], 2, &needles).unwrap().sink;
        let of_role = |notes: &Notes| -> Vec<String> {
            notes.events.keys().filter(|event| event.contains("/eks-runner ")).cloned().collect()
        };
        assert_eq!(of_role(&found), of_role(&all), "{file}");
        assert_eq!(found.events() + found.skipped(), all.events() + all.skipped(), "{file}");
    }
}

#[test]
fn every_record_has_the_outcome_that_it_shows() {
    let (role, files) = expected();
    let mut checked = 0;
    for (file, expected) in files.iter().filter(|(file, _)| file.starts_with("records/")) {
        let role: PrincipalSelector = expected["role"].as_str().unwrap_or(&role).parse().unwrap();
        let text = std::fs::read(fixture("cloudtrail").join(file)).unwrap();
        let wanted = expected["outcome"].as_str().unwrap();
        let note = expected["note"].as_str().unwrap_or_default();
        let found = outcome_of(&text, &role);
        // The aggregator knows the catalogue; here these are events like others.
        let is_for_the_aggregator = matches!(wanted, "skipped: needs-no-permission" | "skipped: unmapped");
        if is_for_the_aggregator {
            assert_eq!(found, "allowed", "{file}");
        } else if note.contains("used or broken") {
            assert!([wanted, "skipped: malformed", "skipped: too-large"].contains(&found.as_str()), "{file}: {found}");
        } else if wanted == "skipped: other-principal" {
            assert!([wanted, "skipped: no-principal"].contains(&found.as_str()), "{file}: {found}");
        } else {
            assert_eq!(found, wanted, "{file}");
        }
        check_denial(file, &text, expected);
        checked += 1;
    }
    assert!(checked > 100, "{checked}");
}

fn outcome_of(text: &[u8], role: &PrincipalSelector) -> String {
    let event = match parse_record(text.trim_ascii()) {
        Ok(event) => event,
        Err(reason) => return format!("skipped: {}", serde_json::to_value(reason).unwrap().as_str().unwrap()),
    };
    let principal = event.caller.principal.clone().and_then(|arn| crate::iam::PrincipalArn::try_from(arn).ok());
    match principal {
        None => "skipped: no-principal".to_owned(),
        Some(principal) if !role.matches(&principal) => "skipped: other-principal".to_owned(),
        Some(_) => match event.outcome {
            Outcome::Allowed => "allowed".to_owned(),
            Outcome::AllowedThenFailed => "allowed-then-failed".to_owned(),
            Outcome::Denied(_) => "denied".to_owned(),
            Outcome::Unknown => "unknown".to_owned(),
        },
    }
}

fn check_denial(file: &str, text: &[u8], expected: &Value) {
    let Ok(event) = parse_record(text.trim_ascii()) else { return };
    let Outcome::Denied(denial) = event.outcome else { return };
    let Denial { action, resource, policy_type, explicit, .. } = *denial;
    // Where the text names no action, it is that of the call.
    if let (Some(wanted), Some(action)) = (expected["action"].as_str(), action) {
        assert_eq!(action.to_string(), wanted, "{file}");
    }
    if let Some(wanted) = expected["resource"].as_str() {
        assert_eq!(resource, Some(Resource::Arn(wanted.parse().unwrap())), "{file}");
    }
    if let Some(wanted) = expected.get("policy_type") {
        assert_eq!(policy_type.map(name_of), wanted.as_str(), "{file}");
    }
    if let Some(wanted) = expected["explicit"].as_bool() {
        assert_eq!(explicit, wanted, "{file}");
    }
}

fn name_of(kind: PolicyType) -> &'static str {
    match kind {
        PolicyType::IdentityBased => "identity-based",
        PolicyType::ResourceBased => "resource-based",
        PolicyType::PermissionsBoundary => "permissions-boundary",
        PolicyType::Session => "session",
        PolicyType::ServiceControl => "service-control",
        PolicyType::ResourceControl => "resource-control",
        PolicyType::VpcEndpoint => "vpc-endpoint",
        PolicyType::RoleTrust => "role-trust",
    }
}
