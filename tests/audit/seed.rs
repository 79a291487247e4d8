//! The case that this tool was made for: a policy as the console writes it, and an add-on whose tags are refused.

use trailtrim::audit::FindingKind;

use crate::evidence::usage;
use crate::support::{findings, lines, policy_file};

#[test]
fn the_console_s_addon_pattern_never_matches_what_aws_checks() {
    let usage = usage("eks-addon-denied", false);
    let found = findings(vec![policy_file("policies/seed.json")], &usage);
    let never: Vec<_> = found.iter().filter(|finding| finding.kind == FindingKind::NeverMatches).collect();
    let [finding] = never.as_slice() else { panic!("{}", lines(&found)) };
    let place = finding.place.as_ref().unwrap();
    assert_eq!((place.statement, place.sid.as_deref(), place.line), (1, Some("Everything"), Some(20)));
    assert!(finding.subject.ends_with(":addon/*/*/*"), "{}", finding.subject);
    assert!(finding.message.contains(":/createaddon"), "{}", finding.message);
    assert!(finding.evidence[0].contains("event "), "{:?}", finding.evidence);
}
