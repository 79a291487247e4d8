//! What speaks for it that something was not used.

use jiff::Timestamp;

use crate::audit::Confidence;
use crate::audit::case::{Case, RequestCase};
use crate::audit::unlogged::why_not_shown;
use crate::iam::{Action, ActionPattern};

/// Nothing was used, or nothing lately.
#[derive(Debug)]
pub struct Idle {
    pub confidence: Confidence,
    /// One line of evidence.
    pub because: String,
}

/// Whether these requests leave something idle; `None` if one of them is recent enough.
pub fn idle<'r>(case: &Case<'_>, requests: impl Iterator<Item = &'r RequestCase<'r>>) -> Option<Idle> {
    let last = requests.map(|request| request.observation.evidence.last_seen).max();
    if last.is_some_and(|last| last >= case.used_since()) {
        return None;
    }
    let coverage = &case.usage.coverage;
    let (Some(first), Some(end)) = (coverage.first_event, coverage.last_event) else {
        return Some(Idle { confidence: Confidence::Low, because: "the records hold no event of the role".to_owned() });
    };
    let days = |from: Timestamp, to: Timestamp| (to.duration_since(from).as_hours() + 12) / 24;
    if let Some(last) = last {
        let because = format!("last used {}, {} days before the end of the records", day(last), days(last, end));
        return Some(Idle { confidence: Confidence::High, because });
    }
    let long_enough = end.duration_since(first) >= case.options.unused_for;
    let confidence = if long_enough { Confidence::High } else { Confidence::Medium };
    let because = format!("not once in the role's records from {} to {}", day(first), day(end));
    Some(Idle { confidence, because })
}

/// `2026-11-01`
pub fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

/// Whether a use of these actions would stand in the records. A pattern counts by the actions it stands for: one that
/// would show is enough.
pub fn would_show(case: &Case<'_>, pattern: &ActionPattern) -> bool {
    let shows = |action: &Action| why_not_shown(action, case.usage.coverage.data_events).is_none();
    match pattern.as_action() {
        Some(action) => shows(&action),
        None => case.actions(pattern).iter().any(|entry| shows(&entry.action)),
    }
}
