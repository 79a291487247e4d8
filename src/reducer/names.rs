//! Names with a part that changes: collected from what the principal created.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use super::WideningRule;
use super::runs::changing_names;
use super::suffix::{Maker, known_form};
use super::tokens::{TokenRule, TokenRules, tokens};
use crate::aggregator::{Few, Usage};
use crate::catalog::rules::like;
use crate::data_file;
use crate::iam::{Action, Resource};

/// The rows of `data/names.toml`.
#[derive(Debug, serde::Deserialize)]
struct Table {
    after: Vec<After>,
    drawn: Vec<Drawn>,
}

/// How AWS names what it makes for something that the principal created.
#[derive(Debug, serde::Deserialize)]
struct After {
    /// The type of what was created; its ARN ends in `/NAME/ID`.
    created: String,
    /// The name, with `{name}` and `{id}`.
    form: String,
    /// Why that is so, for people who read the file.
    #[expect(dead_code, reason = "for people who read the file; its presence is checked by deserialising it")]
    reason: String,
}

/// An id that was drawn for something new.
#[derive(Debug, serde::Deserialize)]
struct Drawn {
    action: Action,
    /// What is made for it: a glob over the ARN's resource, which ends in the id.
    resource: String,
    /// How many hexadecimal digits the id has.
    digits: usize,
    made_by: String,
    /// Why that is so, for people who read the file.
    #[expect(dead_code, reason = "for people who read the file; its presence is checked by deserialising it")]
    reason: String,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| data_file::sound(include_str!("data/names.toml")));

impl After {
    fn fill(&self, name: &str, id: &str) -> String {
        self.form.replace("{name}", name).replace("{id}", id)
    }
}

/// Verbs of operations that make something whose name the caller chose.
const MAKING: [&str; 6] = ["Create", "Run", "Register", "Import", "Allocate", "Put"];

/// Adds a rule for each name of something made in the window that has a generated part.
pub(crate) fn add_generated_names(rules: &mut TokenRules, usage: &Usage) {
    let stacks = stacks(usage);
    for (name, made) in made_names(usage) {
        let made_by = if made.by_stack { Maker::Stack(&stacks) } else { Maker::Caller };
        let Some(form) = known_form(name, made_by) else { continue };
        let detail = format!("{name}: its last {} characters are made by {}", form.length, form.maker).into();
        rules.add(name, TokenRule { pattern: form.pattern(), rule: WideningRule::GeneratedSuffix, detail });
    }
    for (id, made_by) in drawn_ids(usage) {
        let detail = format!("{id}, made by {made_by}").into();
        rules.add(id, TokenRule { pattern: "*".to_owned(), rule: WideningRule::GeneratedId, detail });
    }
    for (name, rule) in changing_names(usage) {
        rules.add(&name, rule);
    }
    for (name, rule) in names_after_created(usage, rules) {
        rules.add(name, rule);
    }
}

/// Ids that were drawn for something new and show first in what the principal makes for it, with who drew them.
fn drawn_ids(usage: &Usage) -> BTreeMap<&str, &'static str> {
    let drawn = usage.requests.keys().filter_map(|request| {
        let Resource::Arn(arn) = &request.resource else { return None };
        let row = TABLE.drawn.iter().find(|row| row.action == request.action && like(&row.resource, arn.resource()))?;
        let (_, id) = arn.resource().rsplit_once('/')?;
        let legal = id.len() == row.digits && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        legal.then_some((id, row.made_by.as_str()))
    });
    drawn.collect()
}

/// Names that AWS made of the name and id of something that the principal created.
fn names_after_created<'u>(usage: &'u Usage, rules: &TokenRules) -> BTreeMap<&'u str, TokenRule> {
    let mut made = BTreeMap::new();
    for (arn, created) in &usage.lineage.created {
        let Some((rest, id)) = arn.resource().rsplit_once('/') else { continue };
        let Some((_, name)) = rest.rsplit_once('/').filter(|_| created.generated.contains(id)) else { continue };
        for row in TABLE.after.iter().filter(|row| row.created == created.resource_type) {
            let pattern = row.fill(rules.pattern_of(name).unwrap_or(name), &"?".repeat(id.len()));
            made.insert(row.fill(name, id), (pattern, row.created.as_str()));
        }
    }
    if made.is_empty() {
        return BTreeMap::new();
    }
    let resources = usage.requests.keys().filter_map(|request| match &request.resource {
        Resource::Arn(arn) => Some(arn.resource()),
        Resource::Any => None,
    });
    let named = resources.flat_map(tokens).filter_map(|token| {
        let (pattern, kind) = made.get(token)?;
        let detail = format!("{token}: the {kind}'s id in it changes").into();
        Some((token, TokenRule { pattern: pattern.clone(), rule: WideningRule::GeneratedSuffix, detail }))
    });
    named.collect()
}

/// How a name came to be.
#[derive(Debug, Default, Clone, Copy)]
struct Made {
    by_stack: bool,
}

/// Every token of what was created: from the lineage, and from calls that make something.
fn made_names(usage: &Usage) -> BTreeMap<&str, Made> {
    let mut names: BTreeMap<&str, Made> = BTreeMap::new();
    for (arn, created) in &usage.lineage.created {
        for token in tokens(arn.resource()) {
            let by_stack = created.tags.contains_key("aws:cloudformation:stack-name");
            names.entry(token).or_default().by_stack |= by_stack;
        }
    }
    for (request, observation) in &usage.requests {
        let Resource::Arn(arn) = &request.resource else { continue };
        if MAKING.iter().any(|verb| request.action.name().starts_with(verb)) {
            for token in tokens(arn.resource()) {
                names.entry(token).or_default().by_stack |= by_cloudformation(&observation.via);
            }
        }
    }
    names
}

/// The names of the stacks that the principal worked with.
fn stacks(usage: &Usage) -> BTreeSet<&str> {
    let resources = usage.requests.keys().filter_map(|request| match &request.resource {
        Resource::Arn(arn) if arn.service() == "cloudformation" => arn.resource().strip_prefix("stack/"),
        _ => None,
    });
    resources.filter_map(|stack| stack.split('/').next()).collect()
}

fn by_cloudformation(via: &Few<String>) -> bool {
    via.iter().any(|service| service == "cloudformation.amazonaws.com")
}
