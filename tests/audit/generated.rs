//! A policy that we wrote is clean when it is audited against the evidence that it was written from.

use trailtrim::catalog::Catalog;
use trailtrim::reducer::{ReduceOptions, reduce};

use crate::evidence::usage;
use crate::support::{SCENARIOS, findings, lines, policy};

#[test]
fn a_generated_policy_audits_clean_against_its_own_evidence() {
    for (scenario, include_denied) in SCENARIOS {
        let usage = usage(scenario, include_denied);
        let verified = reduce(&usage, Catalog::embedded(), &ReduceOptions::default()).unwrap();
        let policies: Vec<_> =
            verified.policies().iter().map(|one| policy(&one.name, &one.document.to_json_pretty())).collect();
        let found = findings(policies, &usage);
        assert!(found.is_empty(), "{scenario}:\n{}", lines(&found));
    }
}
