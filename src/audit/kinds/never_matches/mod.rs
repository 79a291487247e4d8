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
use crate::audit::fit::names;
use crate::audit::{Confidence, Finding, FindingKind, Place, Severity};
use crate::iam::{Action, ActionPattern, ArnPattern, Effect, Resource};

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
        || denials(case, one).any(|(action, _)| pattern.matches(action))
}

/// What AWS said that it checked when it denied, and the statement speaks of.
fn denials<'c>(case: &'c Case<'_>, one: &'c StatementCase<'_>) -> impl Iterator<Item = (&'c Action, &'c Resource)> {
    let told = case.usage.coverage.denied.keys().filter_map(|call| {
        let denial = &call.denial;
        Some((denial.action.as_ref()?, denial.resource.as_ref()?))
    });
    told.filter(|(action, resource)| {
        let patterns = one.statement.resources.patterns();
        names(&one.statement.actions, action) && patterns.iter().any(|pattern| pattern.matches_resource(resource))
    })
}

/// Whether a request of the records, denied or not, fits the statement by this resource.
fn resource_was_met(case: &Case<'_>, one: &StatementCase<'_>, pattern: &ArnPattern) -> bool {
    let mut requests = one.requests.iter().filter_map(|at| case.requests.get(*at));
    requests.any(|request| pattern.matches_resource(&request.used.resource))
        || denials(case, one).any(|(_, resource)| pattern.matches_resource(resource))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::aggregator::{Coverage, Lineage, RecordCounts, Usage};
    use crate::audit::{AuditOptions, PresentPolicies, PresentPolicy};
    use crate::catalog::{Catalog, ManagedPolicies};
    use crate::iam::PolicyDocument;

    fn found(text: &str) -> Vec<Finding> {
        let usage = Usage {
            principal: "arn:aws:iam::111122223333:role/ci".parse().unwrap(),
            requests: BTreeMap::new(),
            lineage: Lineage::default(),
            assumed: BTreeMap::new(),
            coverage: Coverage::default(),
            records: RecordCounts::default(),
        };
        let (document, lines) = PolicyDocument::parse_with_lines(text).unwrap();
        let policy = PresentPolicy { name: "p".into(), file: None, document, lines };
        let present = PresentPolicies::of_identity(vec![policy]);
        let options = AuditOptions::at("2026-11-20T00:00:00Z".parse().unwrap());
        let case = Case::new(&present, &usage, Catalog::embedded(), &options);
        find(&case, &mut Spoken::default())
    }

    /// Rows of the fixtures: action, resource, condition.
    fn rows(name: &str) -> Vec<[&'static str; 3]> {
        let text = match name {
            "dead.tsv" => include_str!("../../../../fixtures/audit/dead.tsv"),
            _ => include_str!("../../../../fixtures/audit/live.tsv"),
        };
        let rows = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let row = |line: &'static str| {
            let mut fields = line.split('\t');
            [(); 3].map(|()| fields.next().unwrap_or_default())
        };
        rows.map(row).collect()
    }

    fn allowing(action: &str, resource: &str, condition: &str) -> Vec<Finding> {
        found(&format!(
            r#"{{"Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "{resource}", "Condition": {{{condition}}}}}}}"#
        ))
    }

    #[test]
    fn dead_grants_are_found_once() {
        for row in rows("dead.tsv") {
            let [action, resource, condition] = row;
            assert_eq!(allowing(action, resource, condition).len(), 1, "{action} on {resource} if {condition}");
        }
    }

    #[test]
    fn live_grants_are_left_alone() {
        for row in rows("live.tsv") {
            let [action, resource, condition] = row;
            let found = allowing(action, resource, condition);
            assert!(found.is_empty(), "{action} on {resource} if {condition}: {found:?}");
        }
    }

    /// What AWS writes itself is mostly right. The rest was looked at: names of log groups and secrets without their type.
    #[test]
    fn policies_of_aws_hold_few_impossible_conditions_and_shapes() {
        let mut odd = Vec::new();
        for policy in ManagedPolicies::embedded().iter().step_by(7) {
            let found = found(policy.document).into_iter().filter(|one| one.confidence == Confidence::High);
            odd.extend(found.filter(|one| one.message.contains("never matches") || one.message.contains("carries")));
        }
        assert!(odd.len() <= 8, "{odd:#?}");
    }
}
