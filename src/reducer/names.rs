//! Names with a part that changes: collected from what the principal created.

use std::collections::{BTreeMap, BTreeSet};

use super::WideningRule;
use super::suffix::known_form;
use super::tokens::{TokenRule, TokenRules, tokens};
use crate::aggregator::Usage;
use crate::iam::Resource;

/// Verbs of operations that make something whose name the caller chose.
const MAKING: [&str; 6] = ["Create", "Run", "Register", "Import", "Allocate", "Put"];

/// Adds a rule for each name of something made in the window that has a generated part.
pub(crate) fn add_generated_names(rules: &mut TokenRules, usage: &Usage) {
    for (name, made) in made_names(usage) {
        let Some(form) = known_form(name, made.by_stack) else { continue };
        let detail = format!("{name}: its last {} characters are made by {}", form.length, form.maker);
        rules.add(name, TokenRule { pattern: form.pattern(), rule: WideningRule::GeneratedSuffix, detail });
    }
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

fn by_cloudformation(via: &BTreeSet<String>) -> bool {
    via.iter().any(|service| service == "cloudformation.amazonaws.com")
}
