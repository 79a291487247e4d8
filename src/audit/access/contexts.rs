//! Request contexts that tell the conditions of some statements apart.

use std::collections::{BTreeMap, BTreeSet};

use super::values::{Line, telling_values};
use crate::iam::automaton::variables;
use crate::iam::{ConditionKey, Context, ContextValue, Statement};

/// Keys whose value is given; `None`: the key is missing.
pub type Pinned = BTreeMap<ConditionKey, Option<ContextValue>>;

/// More contexts than these are not tried.
const MOST_CONTEXTS: usize = 20_000;

/// What a policy variable stands for while policies are compared: a text that no policy names, the same everywhere.
pub(super) fn variable_value(key: &str) -> String {
    format!("<{}>", key.to_ascii_lowercase())
}

/// The contexts. The error says what can't be told apart.
pub(super) fn contexts(statements: &[&Statement], pinned: &Pinned) -> Result<Vec<Context>, String> {
    let mut lines: BTreeMap<&ConditionKey, Vec<Line<'_>>> = BTreeMap::new();
    let mut used_as_variable = BTreeSet::new();
    for statement in statements {
        for (operator, key, values) in statement.conditions.iter() {
            lines.entry(key).or_default().push((operator, values));
            used_as_variable.extend(values.iter().flat_map(|value| variables(value)));
        }
        let resources = statement.resources.patterns().iter();
        used_as_variable.extend(resources.flat_map(|pattern| variables(pattern.as_str())));
    }
    let mut start = Context::new();
    for key in used_as_variable {
        start.insert(key, variable_value(key));
    }
    for (key, value) in pinned {
        if let Some(value) = value {
            start.insert(key.clone(), value.clone());
        }
    }
    let mut contexts = vec![start];
    for (key, lines) in lines {
        if pinned.contains_key(key) {
            continue;
        }
        let mut lines = lines;
        lines.dedup();
        let values = telling_values(&lines, &variable_value).map_err(|what| format!("`{key}`: {what}"))?;
        if contexts.len() * values.len() > MOST_CONTEXTS {
            return Err(format!("`{key}` and other condition keys: more than {MOST_CONTEXTS} combinations"));
        }
        contexts = contexts.iter().flat_map(|context| values.iter().map(|value| with(context, key, value))).collect();
    }
    Ok(contexts)
}

fn with(context: &Context, key: &ConditionKey, value: &Option<ContextValue>) -> Context {
    let mut context = context.clone();
    if let Some(value) = value {
        context.insert(key.clone(), value.clone());
    }
    context
}
