//! IAM keeps a record of its own of what a role used: a second witness for findings of what was not.
//!
//! It can confirm that something is unused, and it can show that the records miss something; it never makes a finding.

use jiff::Timestamp;

use super::finding::{Confidence, Finding, FindingKind};
use crate::aggregator::Usage;
use crate::iam::{ActionPattern, LastAccessed};

/// Adds to the findings what IAM says of them.
pub fn hear_second_witness(findings: &mut [Finding], usage: &Usage, accessed: &LastAccessed) {
    for finding in findings {
        let said = match finding.kind {
            FindingKind::UnusedService => accessed.services.get(&finding.subject).map(|service| service.last),
            FindingKind::UnusedAction => of_pattern(&finding.subject, accessed),
            FindingKind::DormantRole => accessed.principal.map(Some),
            _ => None,
        };
        if let Some(last) = said {
            weigh(finding, last, usage);
        }
    }
}

/// What is known of an action, `Some(None)`: that it was not called. A pattern was not if its service was not.
fn of_pattern(subject: &str, accessed: &LastAccessed) -> Option<Option<Timestamp>> {
    let pattern: ActionPattern = subject.parse().ok()?;
    let service = accessed.services.get(pattern.service()?)?;
    let (_, name) = subject.split_once(':')?;
    match service.actions.get(&name.to_ascii_lowercase()) {
        Some(known) => Some(*known),
        // That a service was used says nothing of one of its actions.
        None => service.last.is_none().then_some(None),
    }
}

fn weigh(finding: &mut Finding, last: Option<Timestamp>, usage: &Usage) {
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    let Some(last) = last else {
        finding.evidence.push("IAM's own record agrees: not called in all the time that it looks back".to_owned());
        finding.confidence = Confidence::High;
        return;
    };
    let (first_event, last_event) = (usage.coverage.first_event, usage.coverage.last_event);
    let is_missed = match finding.kind {
        // IAM is told of a call some hours late, so only another day counts.
        FindingKind::DormantRole => last_event.is_none_or(|event| last > event && day(last) != day(event)),
        _ => first_event.is_some_and(|event| last >= event),
    };
    if is_missed {
        finding.evidence.push(format!(
            "IAM saw a call on {} that the records do not show: it was denied, or they are incomplete",
            day(last)
        ));
        finding.confidence = Confidence::Low;
    } else {
        finding.evidence.push(format!("IAM saw the last call on {}", day(last)));
    }
}
