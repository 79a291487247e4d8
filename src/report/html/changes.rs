//! The new policies beside the present ones.

use super::text;
use crate::report::overview::{ChangedAccess, ComparisonReport};
use crate::report::words::{count, grouped};

/// A change names at most so many actions here; the JSON has them all.
const MOST_ACTIONS: usize = 24;

/// What becomes of the present access of a role.
#[derive(Debug)]
pub struct Changes {
    pub policies: String,
    pub counts: Vec<(String, &'static str)>,
    pub parts: Vec<Part>,
    pub kept: Vec<(String, String)>,
    pub undecided: Vec<(String, String)>,
}

/// Added, narrowed or removed.
#[derive(Debug)]
pub struct Part {
    pub title: &'static str,
    pub meaning: &'static str,
    pub changes: Vec<Change>,
}

/// One change.
#[derive(Debug)]
pub struct Change {
    pub actions: String,
    pub resource: String,
    pub example: String,
}

/// For the page.
pub fn changes(comparison: &ComparisonReport) -> Changes {
    let part = |(title, meaning, changes): (&'static str, &'static str, &[ChangedAccess])| Part {
        title,
        meaning,
        changes: changes.iter().map(change).collect(),
    };
    let kept = comparison.kept.iter();
    let undecided = comparison.undecided.iter();
    let names = |actions: &[crate::iam::Action]| actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Changes {
        policies: super::list(&comparison.policies),
        counts: comparison.counts().map(|(what, number)| (grouped(number as u64), what)).into(),
        parts: comparison.sections().map(part).into_iter().filter(|part| !part.changes.is_empty()).collect(),
        kept: kept.map(|one| (one.action.to_string(), text(&one.resources.join(", ")))).collect(),
        undecided: undecided.map(|one| (text(&names(&one.actions)), text(&one.reason))).collect(),
    }
}

fn change(change: &ChangedAccess) -> Change {
    let mut actions: Vec<String> = change.actions.iter().take(MOST_ACTIONS).map(ToString::to_string).collect();
    if let Some(more) = change.actions.len().checked_sub(MOST_ACTIONS).filter(|more| *more > 0) {
        actions.push(format!("and {}", count(more as u64, "more action")));
    }
    if change.future_actions {
        actions.push("and what AWS may add under these names".to_owned());
    }
    Change {
        actions: text(&actions.join(", ")),
        resource: text(change.resource.as_deref().unwrap_or("all but some")),
        example: text(&change.example.to_string()),
    }
}
