//! The text that holds one service in `catalog.bin`: a line for each entry, fields parted by tabs.
//!
//! ```text
//! K  name  type                           a condition key
//! R  name  keys  template…                a resource type
//! A  name  level  keys  type…             an action; a type is INDEX, `!` where required, then `:keys` of its own
//! ```
//!
//! Keys and types are numbers: their line among the `K` or `R` lines, which come first. `K` lines are ordered by name,
//! and the keys of an entry by number.

use std::fmt::Write as _;
use std::str::Split;

use super::{ActionEntry, ActionResourceType, ConditionKeyEntry, ResourceType, Service};
use crate::iam::{AccessLevel, Action};

/// Why the text of a service can't be read or written.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum EncodingError {
    #[error("line {0} is malformed")]
    Malformed(usize),
    #[error("`{entry}` refers to `{name}`, which the service does not define")]
    Undefined { entry: String, name: String },
    #[error("`{0}` holds a tab or a line break")]
    Separator(String),
}

/// Writes a sorted service.
pub(super) fn encode(service: &Service) -> Result<String, EncodingError> {
    let mut text = String::new();
    for key in &service.condition_keys {
        line(&mut text, &["K", &key.name, &key.type_name()])?;
    }
    for kind in &service.resource_types {
        let keys = key_numbers(service, &kind.name, &kind.condition_keys)?;
        let mut fields = vec!["R", &kind.name, &keys];
        fields.extend(kind.arn_templates.iter().map(String::as_str));
        line(&mut text, &fields)?;
    }
    for entry in &service.actions {
        let keys = key_numbers(service, entry.action.name(), &entry.condition_keys)?;
        let types = entry.resource_types.iter().map(|kind| type_reference(service, entry.action.name(), kind));
        let types = types.collect::<Result<Vec<_>, _>>()?;
        let mut fields = vec!["A", entry.action.name(), level_letter(entry.access_level), &keys];
        fields.extend(types.iter().map(String::as_str));
        line(&mut text, &fields)?;
    }
    Ok(text)
}

/// Reads a service back.
pub(super) fn decode(prefix: &str, text: &str) -> Result<Service, EncodingError> {
    let mut service = Service::default();
    for (number, line) in text.lines().enumerate() {
        decode_line(&mut service, prefix, line).ok_or(EncodingError::Malformed(number + 1))?;
    }
    Ok(service)
}

fn decode_line(service: &mut Service, prefix: &str, line: &str) -> Option<()> {
    let mut fields = line.split('\t');
    match fields.next()? {
        "K" => service.condition_keys.push(ConditionKeyEntry::new(fields.next()?, fields.next()?).ok()?),
        "R" => {
            let kind = decode_resource_type(service, &mut fields)?;
            service.resource_types.push(kind);
        }
        "A" => {
            let entry = decode_action(service, prefix, &mut fields)?;
            service.actions.push(entry);
        }
        _ => return None,
    }
    Some(())
}

fn decode_resource_type(service: &Service, fields: &mut Split<'_, char>) -> Option<ResourceType> {
    let name = fields.next()?.to_owned();
    let condition_keys = keys(service, fields.next()?)?;
    Some(ResourceType::new(name, fields.map(str::to_owned).collect(), condition_keys))
}

fn decode_action(service: &Service, prefix: &str, fields: &mut Split<'_, char>) -> Option<ActionEntry> {
    let action = format!("{prefix}:{}", fields.next()?).parse::<Action>().ok()?;
    let access_level = level(fields.next()?)?;
    let condition_keys = keys(service, fields.next()?)?;
    let resource_types = fields.map(|field| decode_type_reference(service, field)).collect::<Option<_>>()?;
    Some(ActionEntry { action, access_level, resource_types, condition_keys })
}

fn decode_type_reference(service: &Service, field: &str) -> Option<ActionResourceType> {
    let (reference, own_keys) = field.split_once(':').unwrap_or((field, ""));
    let (number, required) = match reference.strip_suffix('!') {
        Some(number) => (number, true),
        None => (reference, false),
    };
    let kind = service.resource_types.get(number.parse::<usize>().ok()?)?;
    let condition_keys = keys(service, own_keys)?;
    Some(ActionResourceType { name: kind.name.clone(), required, condition_keys, corrected: false })
}

fn keys(service: &Service, field: &str) -> Option<Vec<String>> {
    let numbers = field.split(',').filter(|number| !number.is_empty());
    numbers.map(|number| Some(service.condition_keys.get(number.parse::<usize>().ok()?)?.name.clone())).collect()
}

fn type_reference(service: &Service, entry: &str, kind: &ActionResourceType) -> Result<String, EncodingError> {
    let number = service.resource_types.iter().position(|known| known.name == kind.name);
    let number = number.ok_or_else(|| undefined(entry, &kind.name))?;
    let required = if kind.required { "!" } else { "" };
    let own_keys = key_numbers(service, entry, &kind.condition_keys)?;
    let colon = if own_keys.is_empty() { "" } else { ":" };
    Ok(format!("{number}{required}{colon}{own_keys}"))
}

fn key_numbers(service: &Service, entry: &str, names: &[String]) -> Result<String, EncodingError> {
    let mut numbers = Vec::with_capacity(names.len());
    for name in names {
        let number = service.condition_keys.iter().position(|known| known.name == *name);
        numbers.push(number.ok_or_else(|| undefined(entry, name))?);
    }
    numbers.sort_unstable();
    let mut text = String::new();
    for (nth, number) in numbers.iter().enumerate() {
        let comma = if nth == 0 { "" } else { "," };
        // Writing to a string can't fail.
        let _ = write!(text, "{comma}{number}");
    }
    Ok(text)
}

fn undefined(entry: &str, name: &str) -> EncodingError {
    EncodingError::Undefined { entry: entry.to_owned(), name: name.to_owned() }
}

fn line(text: &mut String, fields: &[&str]) -> Result<(), EncodingError> {
    if let Some(bad) = fields.iter().find(|field| field.contains(['\t', '\n', '\r'])) {
        return Err(EncodingError::Separator((*bad).to_owned()));
    }
    text.push_str(&fields.join("\t"));
    text.push('\n');
    Ok(())
}

fn level_letter(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::List => "L",
        AccessLevel::Read => "R",
        AccessLevel::Tagging => "T",
        AccessLevel::Write => "W",
        AccessLevel::PermissionsManagement => "P",
    }
}

fn level(letter: &str) -> Option<AccessLevel> {
    Some(match letter {
        "L" => AccessLevel::List,
        "R" => AccessLevel::Read,
        "T" => AccessLevel::Tagging,
        "W" => AccessLevel::Write,
        "P" => AccessLevel::PermissionsManagement,
        _ => return None,
    })
}
