//! `trailtrim catalog lookup`: an action or a service as AWS documents it, and what the call of a record needs.

use std::fmt::Write as _;
use std::path::Path;

use super::CliError;
use crate::aggregator::{Certainty, Need, Resolution, Resolver};
use crate::catalog::rules::{ActionName, Rules, ServiceRules};
use crate::catalog::{ActionEntry, Catalog, Service};
use crate::cloudtrail::{Event, parse_record};
use crate::iam::{AccessLevel, Action, ActionPattern};
use crate::report::model::resource_text;
use crate::report::visible::visible;
use crate::report::words::{origin_name, reason_name};

/// What is known of an action, or of the actions that bear an event's name.
pub fn name(catalog: &Catalog, asked: &str) -> Result<String, CliError> {
    let entries = find(catalog, asked);
    if entries.is_empty() {
        let prefix = Rules::embedded().prefix_of(asked);
        if let (Some(service), Some(name)) = (catalog.service(prefix), catalog.service_name(prefix)) {
            return Ok(describe_service(prefix, name, service));
        }
        return Err(CliError::NotInCatalog { asked: asked.to_owned(), advice: advice(catalog, asked) });
    }
    let texts = entries.into_iter().map(|entry| describe(catalog, entry) + &inside_the_call(&entry.action));
    Ok(texts.collect::<Vec<_>>().join("\n"))
}

/// What the rules say of the call that bears the action's name: other actions, and what AWS checks inside it.
fn inside_the_call(action: &Action) -> String {
    let rules = Rules::embedded().service(action.service());
    let named = |events: &[String]| events.iter().any(|pattern| is_named(pattern, action));
    let mut text = String::new();
    for call in rules.calls.iter().filter(|call| named(&call.events)) {
        let actions: Vec<String> = call.actions.iter().map(|ActionName(action)| action.to_string()).collect();
        let needs = if call.no_permission { "no permission".to_owned() } else { actions.join(", ") };
        let needs =
            if needs.is_empty() { "itself, on other resources than the reference says".to_owned() } else { needs };
        text.push_str(&rule_line(rules, "needs", &needs, &call.source, call.note.as_deref()));
    }
    for extra in rules.extra.iter().filter(|extra| named(&extra.events)) {
        let needs = match &extra.sometimes {
            Some(when) => format!("{}, {when}", extra.action.0),
            None => extra.action.0.to_string(),
        };
        text.push_str(&rule_line(rules, "inside", &needs, &extra.source, extra.note.as_deref()));
    }
    text
}

/// Names of operations in a rule may hold `*`, as those of actions do.
fn is_named(pattern: &str, action: &Action) -> bool {
    let pattern = format!("{}:{pattern}", action.service()).parse::<ActionPattern>();
    pattern.is_ok_and(|pattern| pattern.matches(action))
}

fn rule_line(rules: &ServiceRules, label: &str, needs: &str, source: &str, note: Option<&str>) -> String {
    let mut text = format!("  {label:<14}  {needs}\n");
    if let Some(note) = note {
        let _ = writeln!(text, "                    {note}");
    }
    for short in source.split(", ") {
        let _ = writeln!(text, "                    source: {}", rules.cite.get(short).map_or(short, String::as_str));
    }
    text
}

/// `service:Name`, `service.amazonaws.com:Name`, or a name alone, which several services may have.
fn find<'c>(catalog: &'c Catalog, asked: &str) -> Vec<&'c ActionEntry> {
    let action = asked.replacen(".amazonaws.com:", ":", 1);
    match action.parse::<Action>() {
        Ok(action) => catalog.action(&action).into_iter().collect(),
        Err(_) => catalog.actions_named(asked),
    }
}

/// A service's resource types, and its actions by access level.
fn describe_service(prefix: &str, name: &str, service: &Service) -> String {
    let mut text = format!("{prefix}: {name}\n");
    for (index, kind) in service.resource_types.iter().enumerate() {
        let label = if index == 0 { "resource types" } else { "" };
        let _ = writeln!(text, "  {label:<22}  {}", kind.name);
        for template in &kind.arn_templates {
            let _ = writeln!(text, "                            {template}");
        }
    }
    for level in AccessLevel::ALL {
        let mut label = level.to_string();
        for entry in service.actions.iter().filter(|entry| entry.access_level == level) {
            let _ = writeln!(text, "  {label:<22}  {}", entry.action);
            label.clear();
        }
    }
    text
}

fn advice(catalog: &Catalog, asked: &str) -> String {
    let nearest = asked.parse::<Action>().ok().and_then(|action| catalog.nearest_action(&action));
    match nearest {
        Some(action) => format!("did you mean `{action}`?"),
        None => {
            "write an action as `eks:CreateCluster`, an event as `eks.amazonaws.com:CreateCluster`, a service as `eks`"
                .to_owned()
        }
    }
}

fn describe(catalog: &Catalog, entry: &ActionEntry) -> String {
    let mut text = format!("{}\n  access level    {}\n", entry.action, entry.access_level);
    if entry.resource_types.is_empty() {
        text.push_str("  resource types  none: a policy grants it on `*`\n");
    }
    for (index, kind) in entry.resource_types.iter().enumerate() {
        let label = if index == 0 { "resource types" } else { "" };
        let _ = writeln!(text, "  {label:<14}  {}{}", kind.name, if kind.required { "*" } else { "" });
        let known = catalog.resource_type(entry.action.service(), &kind.name);
        for template in known.iter().flat_map(|known| &known.arn_templates) {
            let _ = writeln!(text, "                    {template}");
        }
    }
    for (index, key) in entry.condition_keys.iter().enumerate() {
        let label = if index == 0 { "condition keys" } else { "" };
        let _ = writeln!(text, "  {label:<14}  {key}");
    }
    text
}

/// What the call of a record needs, and how that is known.
pub fn record(catalog: &Catalog, path: &Path) -> Result<String, CliError> {
    let bytes = std::fs::read(path).map_err(|source| CliError::ReadFile { path: path.to_owned(), source })?;
    let no_record = |reason| CliError::NoRecord { path: path.to_owned(), reason: reason_name(reason).to_owned() };
    let event = parse_record(&bytes).map_err(no_record)?;
    let mut text = format!("{} {} in {}\n", visible(&event.source), visible(&event.name), visible(&event.region));
    text.push_str(&needs_of(catalog, &event));
    Ok(text)
}

fn needs_of(catalog: &Catalog, event: &Event<'_>) -> String {
    match Resolver::new(catalog).resolve(event) {
        Resolution::NeedsNoPermission => "  needs no permission\n".to_owned(),
        Resolution::Unmapped => "  no known action stands for it\n".to_owned(),
        Resolution::Resolved(resolved) => {
            let rules = Rules::embedded();
            // A need is explained by the file of the service that was called, also where it is another service's action.
            let rules = rules.service(rules.prefix_of(&event.source));
            resolved.needs.iter().map(|need| describe_need(rules, need)).collect()
        }
    }
}

fn describe_need(rules: &ServiceRules, need: &Need) -> String {
    let mut text = format!("  {} on {}\n", need.action, visible(&resource_text(&need.resource)));
    let _ = writeln!(text, "    {}", origin_name(need.origin));
    if let Certainty::Sometimes(when) = &need.certainty {
        let _ = writeln!(text, "    only {}", visible(when));
    }
    for (key, value) in need.context.iter() {
        let _ = writeln!(text, "    with {} = {}", visible(key.as_str()), visible(&value.values().join(", ")));
    }
    if let Some(note) = &need.note {
        let _ = writeln!(text, "    {}", visible(note));
    }
    let source = need.source.unwrap_or("the service authorization reference");
    for short in source.split(", ") {
        let _ = writeln!(text, "    source: {}", rules.cite.get(short).map_or(short, String::as_str));
    }
    for hole in &need.holes {
        let _ = writeln!(text, "    `*` because {}", visible(&hole.detail));
    }
    text
}
