//! `never-matches`: parts of a policy that no request of AWS fits.
//!
//! Evidence goes before knowledge: what matched a request of the records, denied ones included, is never called
//! impossible, whatever the reference says.

mod actions;
mod conditions;
mod observed;
mod pairs;
mod resources;

use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::finding::Sketch;
use crate::audit::{Confidence, Finding, FindingKind, Place, Severity};
use crate::iam::{ActionPattern, ArnPattern, Effect};

/// One finding for each part that is of no use.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, one) in case.statements.iter().enumerate() {
        findings.extend(actions::find(case, spoken, at));
        findings.extend(resources::find(case, spoken, at));
        findings.extend(pairs::find(case, spoken, at));
        findings.extend(conditions::find(case, spoken, at));
        spoken.settle(at, one);
    }
    findings.extend(observed::find(case, spoken));
    findings
}

/// What differs from one such finding to the next.
struct Dead {
    place: Place,
    subject: String,
    message: String,
    because: String,
    more: Vec<String>,
    remedy: String,
    confidence: Confidence,
}

impl Dead {
    /// A deny that never matches protects nothing: worse than an allow that grants nothing.
    fn finish(self, case: &Case<'_>, effect: Effect) -> Finding {
        let severity = if effect == Effect::Deny { Severity::Medium } else { Severity::Low };
        let Self { place, subject, message, because, more, remedy, confidence } = self;
        let kind = FindingKind::NeverMatches;
        let sketch = Sketch { kind, severity, confidence, place: Some(place), subject, message, because, more, remedy };
        sketch.finish(case.role())
    }
}

/// Whether a request of the records, denied or not, fits the statement by this action.
fn action_was_met(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ActionPattern) -> bool {
    let mut requests = one.requests.iter().filter_map(|at| case.requests.get(*at));
    requests.any(|request| pattern.matches(&request.used.action))
}

/// Whether a request of the records, denied or not, fits the statement by this resource.
fn resource_was_met(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ArnPattern) -> bool {
    let mut requests = one.requests.iter().filter_map(|at| case.requests.get(*at));
    requests.any(|request| pattern.matches_resource(&request.used.resource))
}
