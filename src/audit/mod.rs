//! Present policies against the evidence: what is granted and not used, used and not granted, can never match, changes
//! nothing, or leads to more than it says.
//!
//! In: the policies, a [`Usage`], the catalogue, [`AuditOptions`] with the present moment. Out: [`Finding`]s. A pure
//! function: reads no files, no clock. One file for each kind of finding under `kinds`. Each fault is told once: the
//! kinds are asked in an order in which the more telling ones come first, and [`case::Spoken`] remembers what was told.

pub mod access;
mod baseline;
mod beyond;
mod case;
mod compare;
mod diff;
pub mod escalation;
mod explain;
mod finding;
mod fit;
mod kinds;
mod likely;
mod options;
mod paths;
mod present;
mod replay;
mod second_witness;
mod shapes;
mod unlogged;
mod verdict;

pub use baseline::{Accepted, BaselineError, Sifted, Stale, Which, read_baseline, sift};
use case::{Case, Find, Spoken};
pub use compare::{Comparison, allowed_actions, compare};
pub use diff::{AccessDiff, Change, Undecided, diff};
pub use explain::{Asking, Explanation, Witness, Witnesses, explain};
pub use finding::{Confidence, Finding, FindingKind, KindText, Place, Severity};
pub use fit::{Asked, Fit};
pub use options::AuditOptions;
pub use paths::{OpenPath, PathStep, open_paths};
pub use present::{Judge, PresentPolicies, PresentPolicy};
pub use replay::{Replay, Replayed, replay};
pub use second_witness::hear_second_witness;
pub use verdict::{Verdict, decide};

use crate::aggregator::Usage;
use crate::catalog::Catalog;

/// Holds the policies against the evidence. Findings come most severe first, then by kind and place.
pub fn audit(present: &PresentPolicies, usage: &Usage, catalog: &Catalog, options: &AuditOptions) -> Vec<Finding> {
    let case = Case::new(present, usage, catalog, options);
    let mut spoken = Spoken::default();
    let mut findings: Vec<Finding> = ORDER.iter().flat_map(|find| find(&case, &mut spoken)).collect();
    findings.sort_by(Finding::order);
    findings
}

/// The kinds in the order in which they are asked: what is said of a part of a policy by one is not said again by the
/// next.
const ORDER: &[Find] = &[
    kinds::never_matches::find,
    kinds::no_effect::find,
    kinds::privilege_escalation::find,
    kinds::denied_in_use::find,
    kinds::unused_service::find,
    kinds::unused_statement::find,
    kinds::unused_action::find,
    kinds::wildcard_action::find,
    kinds::wider_resource::find,
    kinds::missing_permission::find,
    kinds::missing_passed_to_service::find,
    kinds::boundary_not_required::find,
    kinds::new_access::find,
    kinds::dormant_role::find,
    kinds::evidence_incomplete::find,
];
