//! What the program's own policies grant.

use std::collections::BTreeSet;

use serde_json::Value;

/// The actions of a policy in `docs/policies/`.
pub fn granted(name: &str) -> BTreeSet<String> {
    let path = format!("{}/docs/policies/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let policy: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let actions = statements.iter().flat_map(|statement| statement["Action"].as_array().unwrap());
    actions.map(|action| action.as_str().unwrap().to_owned()).collect()
}
