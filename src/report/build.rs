//! Usage and verified policies to the report.

use super::model::{
    Coverage, DeniedCall, EvidenceSummary, Grant, Policy, PolicyKind, Proof, Records, Report, SCHEMA_VERSION, Scope,
    Tool, UnmappedEvent, Widening, Withheld,
};
use super::overview::{ComparisonReport, activity, escalation_paths, present_documents, service_use, sum_services};
use super::parameters::Parameters;
use crate::aggregator::{self, Evidence, Origin, Usage};
use crate::audit::{Finding, PresentPolicies, PresentPolicy, compare};
use crate::catalog::Catalog;
use crate::iam::{PolicyDocument, PolicyLines, PrincipalArn};
use crate::reducer::VerifiedPolicy;

/// One role with what it used and the policy that came of it.
#[derive(Debug)]
pub struct RoleResult {
    pub usage: Usage,
    pub verified: VerifiedPolicy,
    pub kind: PolicyKind,
}

impl Report {
    /// Puts the report together. `scope` says what was asked for; the roles in it are replaced by those found.
    pub fn new(catalog: &Catalog, scope: Scope, results: &[RoleResult]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            tool: Tool {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
                catalog_date: catalog.date().to_owned(),
            },
            scope: Scope { roles: results.iter().map(|result| result.usage.principal.clone()).collect(), ..scope },
            records: records(results),
            policies: results.iter().flat_map(policies).collect(),
            grants: results.iter().flat_map(grants).collect(),
            widenings: results.iter().flat_map(widenings).collect(),
            withheld: results.iter().flat_map(withheld).collect(),
            coverage: sum_coverage(results),
            proof: sum_proofs(results),
            services: sum_services(
                results.iter().flat_map(|result| service_use(&documents(&result.verified), &result.usage, catalog)),
            ),
            activity: activity(results.iter().map(|result| &result.usage)),
            paths: Vec::new(),
            present: Vec::new(),
            comparison: None,
            inputs: Vec::new(),
            parameters: Parameters::default(),
            explain: false,
            findings: Vec::new(),
        }
    }

    /// The report of an audit: what was found in the present policies, and what the evidence could show. It holds no policy
    /// of ours.
    pub fn of_audit(
        catalog: &Catalog,
        scope: Scope,
        present: &PresentPolicies,
        usage: &Usage,
        findings: Vec<Finding>,
    ) -> Self {
        let identity = present.judge().identity;
        let mut coverage = Coverage::default();
        add_coverage(&mut coverage, usage, None);
        Self {
            scope: Scope { roles: vec![usage.principal.clone()], ..scope },
            records: records_of(usage),
            coverage,
            services: service_use(&identity, usage, catalog),
            activity: activity(std::iter::once(usage)),
            paths: escalation_paths(present, &usage.principal, catalog),
            present: present_documents(present),
            findings,
            ..Self::new(catalog, Scope::default(), &[])
        }
    }

    /// Adds the ways to more that our own policies open: some formats show them, and looking for them takes its time.
    pub fn add_paths(&mut self, catalog: &Catalog, results: &[RoleResult]) {
        let paths = results.iter().flat_map(|result| {
            let own = result.verified.policies().iter().map(|policy| PresentPolicy {
                name: policy.name.clone(),
                file: None,
                document: policy.document.clone(),
                lines: PolicyLines::default(),
            });
            escalation_paths(&PresentPolicies::of_identity(own.collect()), &result.usage.principal, catalog)
        });
        self.paths = paths.collect();
    }

    /// Puts the new policies beside those that the role has at present.
    pub fn add_comparison(&mut self, catalog: &Catalog, present: &PresentPolicies, result: &RoleResult) {
        let compared = compare(&present.judge().identity, &documents(&result.verified), catalog);
        let names = present.identity.iter().map(|policy| policy.file.clone().unwrap_or_else(|| policy.name.clone()));
        self.comparison = Some(ComparisonReport::new(&result.usage.principal, names.collect(), compared));
    }
}

fn documents(verified: &VerifiedPolicy) -> Vec<PolicyDocument> {
    verified.policies().iter().map(|policy| policy.document.clone()).collect()
}

fn policies(result: &RoleResult) -> impl Iterator<Item = Policy> {
    let role = &result.usage.principal;
    result.verified.policies().iter().map(|policy| Policy {
        name: policy.name.clone(),
        role: role.clone(),
        kind: result.kind,
        characters: policy.characters,
        limit: result.kind.limit(),
        document: policy.document.clone(),
    })
}

fn grants(result: &RoleResult) -> impl Iterator<Item = Grant> {
    let role = &result.usage.principal;
    result.verified.grants().iter().map(|grant| Grant {
        role: role.clone(),
        sid: grant.sid.to_string(),
        action: grant.action.clone(),
        resource: grant.resource.clone(),
        condition: grant.conditions.clone(),
        condition_reasons: grant.condition_reasons.to_vec(),
        origin: grant.origin,
        evidence: EvidenceSummary::from(&grant.evidence),
        operations: grant.operations.iter().map(ToString::to_string).collect(),
        via: grant.via.to_vec(),
        note: grant.note.clone(),
    })
}

fn widenings(result: &RoleResult) -> impl Iterator<Item = Widening> {
    let role = &result.usage.principal;
    result.verified.widenings().iter().map(|widening| Widening {
        role: role.clone(),
        rule: widening.rule.clone(),
        action: widening.action.clone(),
        resource: widening.resource.clone(),
        detail: widening.detail.clone(),
    })
}

fn withheld(result: &RoleResult) -> impl Iterator<Item = Withheld> {
    let role = &result.usage.principal;
    result.verified.withheld().iter().map(|withheld| Withheld {
        role: role.clone(),
        action: withheld.action.clone(),
        resource: withheld.resource.clone(),
        rule: withheld.rule.clone(),
        reason: withheld.reason.clone(),
    })
}

/// Every usage carries the counts of the whole run.
fn records(results: &[RoleResult]) -> Records {
    results.first().map_or_else(Records::default, |result| records_of(&result.usage))
}

fn records_of(usage: &Usage) -> Records {
    let counts = &usage.records;
    Records { read: counts.read, used: counts.used, skipped: counts.skipped.clone() }
}

fn sum_coverage(results: &[RoleResult]) -> Coverage {
    let mut sum = Coverage::default();
    for result in results {
        add_coverage(&mut sum, &result.usage, Some(&result.verified));
    }
    for list in [&mut sum.regions, &mut sum.accounts, &mut sum.gaps] {
        list.sort();
        list.dedup();
    }
    sum
}

fn add_coverage(sum: &mut Coverage, usage: &Usage, verified: Option<&VerifiedPolicy>) {
    let role = &usage.principal;
    let part = &usage.coverage;
    sum.first_event = [sum.first_event, part.first_event].into_iter().flatten().min();
    sum.last_event = [sum.last_event, part.last_event].into_iter().flatten().max();
    sum.regions.extend(part.regions.iter().cloned());
    sum.accounts.extend(part.accounts.iter().cloned());
    sum.unmapped_events.extend(part.unmapped.iter().map(|(event, evidence)| unmapped(role, event, evidence)));
    sum.denied.extend(part.denied.iter().map(|(call, evidence)| denied(role, verified, call, evidence)));
    sum.unknown_outcome += part.unknown_outcome;
    sum.truncated += part.truncated;
    sum.hidden += part.hidden;
    sum.data_events += part.data_events;
    sum.gaps.extend(part.gaps.iter().cloned());
}

fn unmapped(role: &PrincipalArn, event: &aggregator::UnmappedEvent, evidence: &Evidence) -> UnmappedEvent {
    UnmappedEvent {
        role: role.clone(),
        event_source: event.event_source.clone(),
        event_name: event.event_name.clone(),
        count: evidence.events,
    }
}

fn denied(
    role: &PrincipalArn,
    verified: Option<&VerifiedPolicy>,
    call: &aggregator::DeniedCall,
    evidence: &Evidence,
) -> DeniedCall {
    let summary = EvidenceSummary::from(evidence);
    let operation = format!("{}:{}", call.event_source, call.event_name);
    let grants = verified.into_iter().flat_map(VerifiedPolicy::grants);
    let mut asked_for = grants.filter(|grant| grant.origin == Origin::Denied);
    let granted = asked_for.any(|grant| match &call.denial.action {
        Some(action) => grant.action == *action,
        None => grant.operations.contains(operation.as_str()),
    });
    DeniedCall {
        role: role.clone(),
        granted,
        event_source: call.event_source.clone(),
        event_name: call.event_name.clone(),
        action: call.denial.action.clone(),
        resource: call.denial.resource.clone(),
        policy_type: call.denial.policy_type,
        explicit: call.denial.explicit,
        encoded_message: call.denial.encoded_message.clone(),
        authorization_id: call.denial.authorization_id.clone(),
        count: summary.events,
        first_seen: summary.first_seen,
        last_seen: summary.last_seen,
        event_ids: summary.event_ids,
    }
}

fn sum_proofs(results: &[RoleResult]) -> Proof {
    results.iter().map(|result| result.verified.proof()).fold(Proof::default(), |sum, proof| Proof {
        requests: sum.requests + proof.requests,
        allowed: sum.allowed + proof.allowed,
        grants_tested: sum.grants_tested + proof.grants_tested,
        removable: sum.removable + proof.removable,
        renamed: sum.renamed + proof.renamed,
        near_misses: sum.near_misses + proof.near_misses,
        near_misses_denied: sum.near_misses_denied + proof.near_misses_denied,
    })
}

impl From<&Evidence> for EvidenceSummary {
    fn from(evidence: &Evidence) -> Self {
        Self {
            events: evidence.events,
            first_seen: evidence.first_seen,
            last_seen: evidence.last_seen,
            event_ids: evidence.samples.iter().map(|(_, id)| id.to_string()).collect(),
        }
    }
}
