//! `dormant-role`: the role itself is not used any more.

use super::idle::day;
use crate::audit::case::{Case, Spoken};
use crate::audit::finding::Sketch;
use crate::audit::{Confidence, Finding, FindingKind, Severity};

/// At most one finding. The only one that is measured from the present moment.
pub(crate) fn find(case: &Case<'_>, _: &mut Spoken) -> Vec<Finding> {
    let Some(last) = case.usage.coverage.last_event else { return Vec::new() };
    let age = case.options.now.duration_since(last);
    if age < case.options.unused_for {
        return Vec::new();
    }
    let days = age.as_hours() / 24;
    let sketch = Sketch {
        kind: FindingKind::DormantRole,
        severity: Severity::Low,
        // Newer records may exist that were not read.
        confidence: Confidence::Medium,
        place: None,
        subject: case.role().to_string(),
        message: format!("the role was last used {days} days ago"),
        because: format!("its last event is of {}", day(last)),
        more: Vec::new(),
        remedy: "remove the role, or its policies and its trust; or read newer records".to_owned(),
    };
    vec![sketch.finish(case.role())]
}
