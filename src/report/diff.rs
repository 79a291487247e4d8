//! A difference in access as text and as JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Style;
use super::markdown::{code, fold_as, row};
use super::model::resource_text;
use super::page::Page;
use super::visible::visible;
use super::words::count;
use crate::audit::{AccessDiff, Change, Undecided};
use crate::catalog::Catalog;
use crate::iam::{Action, ArnPattern};

/// A readable account.
pub fn text(diff: &AccessDiff, style: Style) -> String {
    let mut page = Page::new(style);
    page.line(verdict(diff));
    changes(&mut page, "Added", &diff.added, "allowed now, denied before");
    changes(&mut page, "Removed", &diff.removed, "denied now, allowed before");
    if !diff.undecided.is_empty() {
        page.heading("Can't be decided");
        for Undecided { actions, reason } in &diff.undecided {
            page.item(2, "", &visible(&names(actions)));
            page.item(4, "", &visible(reason));
        }
    }
    page.into_text()
}

fn verdict(diff: &AccessDiff) -> String {
    if diff.is_empty() {
        return "The same access.".to_owned();
    }
    let undecided = match diff.undecided.is_empty() {
        true => String::new(),
        false => format!(", {} that can't be decided", count(diff.undecided.len() as u64, "group of actions")),
    };
    format!("Access added in {}, removed in {}{undecided}.", places(&diff.added), places(&diff.removed))
}

fn places(changes: &[Change]) -> String {
    count(changes.len() as u64, "place")
}

fn changes(page: &mut Page, title: &str, changes: &[Change], meaning: &str) {
    if changes.is_empty() {
        return;
    }
    page.heading(title);
    for change in changes {
        let mut actions = names(&change.actions);
        if change.future_actions {
            actions.push_str(if actions.is_empty() { "actions that may come" } else { ", and such as may come" });
        }
        page.item(2, "", &visible(&actions));
        page.line(format!("    on {}", visible(&resource(change))));
        page.item(4, "", &visible(&format!("for example, {meaning}: {}", example(change))));
    }
}

fn resource(change: &Change) -> String {
    change.resource.as_ref().map_or_else(|| "all but some".to_owned(), ToString::to_string)
}

fn example(change: &Change) -> String {
    let request = &change.example;
    let context: Vec<String> =
        request.context.iter().map(|(key, value)| format!("{key} = {}", value.values().join(", "))).collect();
    let with = if context.is_empty() { String::new() } else { format!(" with {}", context.join("; ")) };
    format!("{} on {}{with}", request.action, example_resource(change))
}

/// What the example is on. An action that takes no resource is asked about on `*`, where the pattern is that.
pub(super) fn example_resource(change: &Change) -> String {
    let request = &change.example;
    let takes_none = Catalog::embedded().action(&request.action).is_some_and(|entry| entry.resource_types.is_empty());
    let anything = change.resource.as_ref().is_none_or(ArnPattern::is_any);
    if takes_none && anything { "*".to_owned() } else { resource_text(&request.resource) }
}

fn names(actions: &BTreeSet<Action>) -> String {
    actions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A comment for a pull request: what is added unfolded, what goes folded.
pub fn markdown(diff: &AccessDiff) -> String {
    let mut text = format!("## {}\n", verdict(diff));
    let rows = |changes: &[Change]| changes.iter().map(change_row).collect::<Vec<_>>().into_iter();
    fold_as(&mut text, true, "Added: allowed now, denied before", CHANGE_HEAD, rows(&diff.added));
    let undecided = diff.undecided.iter().map(|one| row([code(&names(&one.actions)), code(&one.reason)]));
    fold_as(&mut text, true, "Can't be decided", "| actions | because of |\n|---|---|\n", undecided);
    fold_as(&mut text, false, "Removed: denied now, allowed before", CHANGE_HEAD, rows(&diff.removed));
    text
}

const CHANGE_HEAD: &str = "| actions | on | for example |\n|---|---|---|\n";

fn change_row(change: &Change) -> String {
    let future = if change.future_actions { " and such as may come" } else { "" };
    row([code(&format!("{}{future}", names(&change.actions))), code(&resource(change)), code(&example(change))])
}

/// For programs.
pub fn json(diff: &AccessDiff) -> Value {
    json!({
        "schema_version": super::model::SCHEMA_VERSION,
        "added": diff.added.iter().map(change).collect::<Vec<_>>(),
        "removed": diff.removed.iter().map(change).collect::<Vec<_>>(),
        "undecided": diff.undecided.iter().map(|one| json!({
            "actions": one.actions.iter().map(ToString::to_string).collect::<Vec<_>>(),
            "reason": one.reason,
        })).collect::<Vec<_>>(),
    })
}

fn change(change: &Change) -> Value {
    let context: serde_json::Map<String, Value> =
        change.example.context.iter().map(|(key, value)| (key.to_string(), json!(value.values()))).collect();
    json!({
        "actions": change.actions.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "future_actions": change.future_actions,
        "resource": change.resource.as_ref().map(ToString::to_string),
        "example": {
            "action": change.example.action.to_string(),
            "resource": example_resource(change),
            "context": context,
        },
    })
}
