//! The program asks for what its policies grant, and for nothing else.

use std::collections::BTreeSet;

use crate::granted::granted;
use crate::stand_ins::Server;

/// The server was asked for all that the policies grant but for what this run had no need of, and for nothing else.
#[track_caller]
pub fn assert_allowed(policies: &[&str], server: &Server, unneeded: &[&str]) {
    let called: BTreeSet<String> = server.operations().into_iter().collect();
    let granted = policies.iter().flat_map(|policy| granted(policy));
    let needed: BTreeSet<String> = granted.filter(|action| !unneeded.contains(&action.as_str())).collect();
    assert_eq!(called, needed);
}
