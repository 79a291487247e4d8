//! The evidence behind something, as text and as JSON.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Style;
use super::condition_text::condition_lines;
use super::model::{resource_text, rule_name};
use super::page::Page;
use super::visible::visible;
use super::words::{count, origin_name, rule_meaning};
use crate::aggregator::{Observation, Origin, UsedRequest};
use crate::audit::{Explanation, Witness};
use crate::catalog::rules::Rules;

/// How many events are shown for people; JSON has them all.
const EVENTS_SHOWN: usize = 20;

/// A readable account.
pub fn text(asked: &str, explanation: &Explanation, style: Style) -> String {
    let mut page = Page::new(style);
    page.line(format!("{} by {}", visible(asked), visible(&explanation.principal.to_string())));
    requests(&mut page, explanation);
    who(&mut page, &explanation.events);
    events(&mut page, &explanation.events);
    grants(&mut page, explanation);
    breaks(&mut page, explanation);
    page.into_text()
}

fn requests(page: &mut Page, explanation: &Explanation) {
    page.heading("What AWS checked");
    for (request, observation) in &explanation.requests {
        page.line(format!("  {} on {}", request.action, visible(&resource_text(&request.resource))));
        let evidence = &observation.evidence;
        let (first, last) = (minute(evidence.first_seen), minute(evidence.last_seen));
        page.item(4, "", &format!("{}, first {first}, last {last}", count(evidence.events, "event")));
        match observation.origin {
            Origin::Observed => {}
            Origin::Denied => page.item(4, "", "AWS denied it"),
            origin => page.item(4, "", origin_name(origin)),
        }
        for note in &observation.notes {
            page.item(4, "", &visible(note));
        }
        for source in sources(request, observation) {
            page.item(4, "source: ", &visible(&source));
        }
    }
}

/// Where the rules behind a request come from, as addresses where the rule files cite them.
fn sources(request: &UsedRequest, observation: &Observation) -> BTreeSet<String> {
    let cited = &Rules::embedded().service(request.action.service()).cite;
    let names = observation.sources.iter().flat_map(|source| source.split(", "));
    names.map(|name| cited.get(name).cloned().unwrap_or_else(|| name.to_owned())).collect()
}

/// Sessions with where they came from: a run of a pipeline shows as one.
fn who(page: &mut Page, events: &[Witness]) {
    let mut sessions: BTreeMap<(&str, &str, &str), (u64, Timestamp, Timestamp)> = BTreeMap::new();
    for event in events {
        let key = (part(&event.session), part(&event.source_ip), part(&event.user_agent));
        let entry = sessions.entry(key).or_insert((0, event.time, event.last));
        *entry = (entry.0 + event.events, entry.1.min(event.time), entry.2.max(event.last));
    }
    if sessions.is_empty() {
        return;
    }
    page.heading("Who");
    for ((session, source, agent), (number, first, last)) in sessions {
        page.line(format!("  session {}, from {}", visible(session), visible(source)));
        page.item(4, "with ", &visible(agent));
        page.item(4, "", &format!("{}, {} to {}", count(number, "event"), minute(first), minute(last)));
    }
}

fn events(page: &mut Page, events: &[Witness]) {
    if events.is_empty() {
        return;
    }
    page.heading("Events");
    for event in events.iter().take(EVENTS_SHOWN) {
        let denied = if event.denied { ", denied" } else { "" };
        let via = event.invoked_by.as_ref().map(|service| format!(", through {service}")).unwrap_or_default();
        let times = match event.events {
            1 => String::new(),
            number => format!(", {number} times up to {}", second(event.last)),
        };
        let (time, operation, id) = (second(event.time), &event.operation, part(&event.event_id));
        let text = format!("{time} {operation}{denied}{via} {id}{times}");
        page.item(2, "", &visible(&text));
    }
    if let Some(more) = events.len().checked_sub(EVENTS_SHOWN).filter(|more| *more > 0) {
        page.line(format!("  and {more} more (`--format json` has them all)"));
    }
}

fn grants(page: &mut Page, explanation: &Explanation) {
    if explanation.grants.is_empty() {
        return;
    }
    let denied = explanation.requests.iter().any(|(_, observation)| observation.origin == Origin::Denied);
    page.heading(if denied {
        "In the tightest policy that also grants what was denied"
    } else {
        "In the tightest policy"
    });
    for grant in &explanation.grants {
        page.line(format!("  {} on {}", grant.action, visible(grant.resource.as_str())));
        page.line(format!("    Sid {}", visible(&grant.sid)));
        for line in condition_lines(&grant.conditions) {
            page.item(4, "if ", &visible(&line));
        }
    }
    for widening in &explanation.widenings {
        let rule = rule_name(&widening.rule);
        let text = format!("{} ({})", rule_meaning(&widening.rule), widening.detail);
        page.item(4, &format!("wider by {}: ", visible(&rule)), &visible(&text));
    }
}

fn breaks(page: &mut Page, explanation: &Explanation) {
    let always = explanation.breaks();
    let sometimes = explanation.breaks_sometimes();
    if always.is_empty() && sometimes.is_empty() {
        return;
    }
    page.heading("Without it");
    if !always.is_empty() {
        let calls: BTreeSet<&str> = always;
        page.item(2, "denied: ", &visible(&calls.into_iter().collect::<Vec<_>>().join(", ")));
    }
    for (call, when) in sometimes {
        page.item(2, "denied sometimes: ", &visible(&format!("{call} ({when})")));
    }
}

fn part(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

fn minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// For programs.
pub fn json(asked: &str, explanation: &Explanation) -> Value {
    let requests = explanation.requests.iter().map(|(request, observation)| {
        json!({
            "action": request.action.to_string(),
            "resource": resource_text(&request.resource),
            "origin": observation.origin,
            "events": observation.evidence.events,
            "first_seen": observation.evidence.first_seen,
            "last_seen": observation.evidence.last_seen,
            "operations": observation.operations,
            "notes": observation.notes,
            "sources": sources(request, observation),
        })
    });
    let grants = explanation.grants.iter().map(|grant| {
        json!({
            "sid": grant.sid,
            "action": grant.action.to_string(),
            "resource": grant.resource.to_string(),
            "condition": grant.conditions,
        })
    });
    let widenings = explanation.widenings.iter().map(|widening| {
        json!({
            "rule": rule_name(&widening.rule),
            "action": widening.action.to_string(),
            "resource": widening.resource.to_string(),
            "detail": widening.detail,
        })
    });
    json!({
        "schema_version": super::model::SCHEMA_VERSION,
        "asked": asked,
        "role": explanation.principal.to_string(),
        "requests": requests.collect::<Vec<_>>(),
        "events": explanation.events.iter().map(event).collect::<Vec<_>>(),
        "grants": grants.collect::<Vec<_>>(),
        "widenings": widenings.collect::<Vec<_>>(),
        "breaks": explanation.breaks(),
        "breaks_sometimes": explanation.breaks_sometimes().into_iter()
            .map(|(call, when)| json!({"operation": call, "when": when})).collect::<Vec<_>>(),
    })
}

fn event(event: &Witness) -> Value {
    json!({
        "time": event.time,
        "last": event.last,
        "events": event.events,
        "event_id": event.event_id,
        "operation": event.operation,
        "session": event.session,
        "source_ip": event.source_ip,
        "user_agent": event.user_agent,
        "invoked_by": event.invoked_by,
        "denied": event.denied,
    })
}
