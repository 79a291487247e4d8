//! No text makes the policy reader panic, and what is printed reads as the same policy.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trailtrim::iam::PolicyDocument;

fuzz_target!(|text: &str| {
    let Ok(policy) = PolicyDocument::parse(text) else { return };
    let printed = policy.to_json();
    let again = PolicyDocument::parse(&printed).expect("a printed policy reads");
    assert_eq!(again.to_json(), printed, "printing is not stable");
    assert_eq!(PolicyDocument::parse(&policy.to_json_pretty()).expect("a pretty policy reads").to_json(), printed);
});
