//! A replay as text and as JSON.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Style;
use super::markdown::{code, fold_as, row};
use super::model::resource_text;
use super::page::Page;
use super::visible::visible;
use super::words::{count, grouped};
use crate::aggregator::Certainty;
use crate::audit::{Replay, Replayed, Verdict};
use crate::iam::Layer;

/// A readable account.
pub fn text(replay: &Replay<'_>, style: Style) -> String {
    let mut page = Page::new(style);
    page.line(format!("Replay for {}", visible(&replay.principal.to_string())));
    page.line("");
    page.item(0, "Verdict   ", &verdict(replay));
    section(&mut page, "Would be denied", replay.refused(), |one| refusal(&one.verdict));
    section(&mut page, "Depends on what the records do not tell", replay.open(), |one| match &one.verdict {
        Verdict::Depends(on) => format!("on {}", joined(on)),
        _ => String::new(),
    });
    section(&mut page, "Allowed by a pattern alone", replay.allowed_by_pattern(), |one| {
        format!("by {}", joined(&one.by_pattern))
    });
    page.into_text()
}

fn verdict(replay: &Replay<'_>) -> String {
    let all = replay.requests.len();
    let (refused, open) = (replay.refused().count(), replay.open().count());
    format!(
        "of {}, {} allowed ({} by a pattern alone), {refused} denied, {open} undecided",
        count(all as u64, "observed request"),
        all - refused - open,
        replay.allowed_by_pattern().count()
    )
}

fn section<'r, 'u: 'r>(
    page: &mut Page,
    title: &str,
    requests: impl Iterator<Item = &'r Replayed<'u>>,
    why: impl Fn(&Replayed<'u>) -> String,
) {
    let mut requests = requests.peekable();
    if requests.peek().is_none() {
        return;
    }
    page.heading(title);
    for one in requests {
        let request = one.request;
        page.line(format!("  {} on {}", request.action, visible(&resource_text(&request.resource))));
        page.item(4, "", &visible(&why(one)));
        let calls = one.observation.operations.join(", ");
        let denied = if one.was_denied() { "; AWS denied it then, too" } else { "" };
        let seen = count(one.observation.evidence.events, "event");
        page.item(4, "", &visible(&format!("{seen}: {calls}{denied}")));
        if let Certainty::Sometimes(when) = &one.observation.certainty {
            page.item(4, "", &visible(&format!("needed only sometimes: {when}")));
        }
    }
}

/// Who refuses.
fn refusal(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Denied { layer, policy, statement } => {
            format!("denied by statement {} of policy {} of {}", statement + 1, policy + 1, layer_name(*layer))
        }
        Verdict::NotAllowed { layer } => format!("nothing in {} allows it", layer_name(*layer)),
        Verdict::Allowed(_) | Verdict::Depends(_) => String::new(),
    }
}

fn layer_name(layer: Layer) -> String {
    match layer {
        Layer::Identity => "the role's policies".to_owned(),
        Layer::Boundary => "the permissions boundary".to_owned(),
        Layer::ServiceControl { level } => format!("the service control policies of level {}", level + 1),
    }
}

fn joined(texts: &BTreeSet<String>) -> String {
    texts.iter().cloned().collect::<Vec<_>>().join(", ")
}

/// A comment for a pull request: what would be denied unfolded, the rest folded.
pub fn markdown(replay: &Replay<'_>) -> String {
    let mut text =
        format!("## Replay for {}\n\n**Verdict**: {}.\n", code(&replay.principal.to_string()), verdict(replay));
    let mut part = |open, title, requests: Vec<(&Replayed<'_>, String)>| {
        let head = "| action | on | why | calls | events |\n|---|---|---|---|--:|\n";
        fold_as(&mut text, open, title, head, requests.into_iter().map(|(one, why)| request_row(one, &why)));
    };
    part(true, "Would be denied", replay.refused().map(|one| (one, refusal(&one.verdict))).collect());
    let open = replay.open().map(|one| match &one.verdict {
        Verdict::Depends(on) => (one, format!("on {}", joined(on))),
        _ => (one, String::new()),
    });
    part(true, "Depends on what the records do not tell", open.collect());
    let by = replay.allowed_by_pattern().map(|one| (one, format!("by {}", joined(&one.by_pattern))));
    part(false, "Allowed by a pattern alone", by.collect());
    text
}

fn request_row(one: &Replayed<'_>, why: &str) -> String {
    let calls = one.observation.operations.join(", ");
    let then = if one.was_denied() { "; AWS denied it then, too" } else { "" };
    row([
        code(&one.request.action.to_string()),
        code(&resource_text(&one.request.resource)),
        code(&format!("{why}{then}")),
        code(&calls),
        grouped(one.observation.evidence.events),
    ])
}

/// For programs.
pub fn json(replay: &Replay<'_>) -> Value {
    json!({
        "schema_version": super::model::SCHEMA_VERSION,
        "role": replay.principal.to_string(),
        "requests": replay.requests.len(),
        "denied": replay.refused().map(|one| request(one, &refusal(&one.verdict))).collect::<Vec<_>>(),
        "undecided": replay.open().map(|one| match &one.verdict {
            Verdict::Depends(on) => request(one, &joined(on)),
            _ => Value::Null,
        }).collect::<Vec<_>>(),
        "by_pattern": replay.allowed_by_pattern().map(|one| request(one, &joined(&one.by_pattern))).collect::<Vec<_>>(),
    })
}

fn request(one: &Replayed<'_>, why: &str) -> Value {
    let context: serde_json::Map<String, Value> =
        one.request.context.iter().map(|(key, value)| (key.to_string(), json!(value.values()))).collect();
    let evidence = &one.observation.evidence;
    json!({
        "action": one.request.action.to_string(),
        "resource": resource_text(&one.request.resource),
        "context": context,
        "why": why,
        "denied_then": one.was_denied(),
        "operations": one.observation.operations,
        "events": evidence.events,
        "first_seen": evidence.first_seen,
        "last_seen": evidence.last_seen,
        "event_ids": evidence.samples.iter().map(|(_, id)| id).collect::<Vec<_>>(),
    })
}
