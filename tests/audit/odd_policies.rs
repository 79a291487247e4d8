//! Odd but legal policies: read, compared with themselves, audited, without a word too much.

use trailtrim::audit::{PresentPolicies, diff, replay};
use trailtrim::catalog::Catalog;
use trailtrim::iam::PolicyDocument;

use crate::evidence::{fixtures, usage};
use crate::support::{findings, policy};

#[test]
fn every_odd_policy_is_read_and_has_the_access_of_its_canonical_form() {
    let usage = usage("eks-addon-denied", false);
    let mut read = 0;
    for entry in std::fs::read_dir(fixtures().join("policies/odd")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("PolicyVersion") {
            continue;
        }
        let document = PolicyDocument::parse(&text).unwrap();
        let canonical = PolicyDocument::parse(&document.to_json()).unwrap();
        let difference = diff(&[document], &[canonical], Catalog::embedded());
        assert!(difference.is_empty(), "{}: {difference:?}", path.display());
        let present = policy("odd", &text);
        for finding in findings(vec![present.clone()], &usage) {
            assert!(!finding.evidence.is_empty() && !finding.remedy.is_empty(), "{finding:?}");
        }
        let replayed = replay(&PresentPolicies::of_identity(vec![present]), &usage);
        assert_eq!(replayed.requests.len(), usage.requests.len());
        read += 1;
    }
    assert!(read >= 7);
}
