//! What the program calls is what `docs/policies/` grants it: nothing else, and nothing for nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::stand_ins::Server;

/// The actions of a policy in `docs/policies/`.
pub fn granted(name: &str) -> BTreeSet<String> {
    let path = format!("{}/docs/policies/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let policy: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}

/// The server was asked for all that the policy grants but for what this run had no need of, and for nothing else.
#[track_caller]
pub fn assert_allowed(policy: &str, server: &Server, unneeded: &[&str]) {
    let called: BTreeSet<String> = server.operations().into_iter().collect();
    let granted: BTreeSet<String> =
        granted(policy).into_iter().filter(|action| !unneeded.contains(&action.as_str())).collect();
    assert_eq!(called, granted);
}

#[test]
fn every_policy_is_sound_and_known_to_the_catalogue() {
    let folder = format!("{}/docs/policies", env!("CARGO_MANIFEST_DIR"));
    let page =
        std::fs::read_to_string(format!("{}/docs/src/reference/permissions.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let catalog = trailtrim::catalog::Catalog::embedded();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(trailtrim::iam::PolicyDocument::parse(&text).is_ok(), "{}", path.display());
        let name = path.file_stem().unwrap().to_str().unwrap();
        for action in granted(name) {
            assert!(catalog.action(&action.parse().unwrap()).is_some(), "{name}: {action}");
        }
        assert!(page.contains(&format!("policies/{name}.json")), "the page does not show {name}");
        count += 1;
    }
    assert!(count >= 5);
}
