//! `evidence-incomplete`: what the records could not show.

use super::some_of;
use crate::audit::case::{Case, Spoken};
use crate::audit::finding::Sketch;
use crate::audit::{Confidence, Finding, FindingKind, Severity};
use crate::cloudtrail::SkipReason;

/// Records that may hide a call of the role.
const BROKEN: [SkipReason; 3] = [SkipReason::Incomplete, SkipReason::Malformed, SkipReason::TooLarge];

/// At most one finding, with a line of evidence for each gap.
pub(crate) fn find(case: &Case<'_>, _: &mut Spoken) -> Vec<Finding> {
    let mut gaps = gaps(case).into_iter();
    let Some(because) = gaps.next() else { return Vec::new() };
    let sketch = Sketch {
        kind: FindingKind::EvidenceIncomplete,
        severity: Severity::Informational,
        confidence: Confidence::High,
        place: None,
        subject: "evidence".to_owned(),
        message: "the records do not show everything that the role did".to_owned(),
        because,
        more: gaps.collect(),
        remedy: "mend what is missing before permissions are taken away on the strength of these records".to_owned(),
    };
    vec![sketch.finish(case.role())]
}

fn gaps(case: &Case<'_>) -> Vec<String> {
    let (coverage, records) = (&case.usage.coverage, &case.usage.records);
    let mut gaps = Vec::new();
    if !coverage.unmapped.is_empty() {
        let calls = coverage.unmapped.keys().map(|event| format!("{}:{}", event.event_source, event.event_name));
        gaps.push(format!("no action is known for {}", some_of(calls, 5)));
    }
    let broken: u64 = BROKEN.iter().filter_map(|reason| records.skipped.get(reason)).sum();
    let counted = [
        (coverage.truncated, "records with a field that CloudTrail left out for its size"),
        (coverage.hidden, "records with a field hidden for security reasons"),
        (broken, "records that could not be read"),
    ];
    let counts = counted.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    gaps.extend(counts);
    gaps.extend(coverage.gaps.iter().cloned());
    gaps
}
