//! Names with a part that changes: collected from what the principal created.

use std::collections::{BTreeMap, BTreeSet};

use super::WideningRule;
use super::runs::changing_names;
use super::suffix::{Maker, known_form};
use super::tokens::{TokenRule, TokenRules, tokens};
use crate::aggregator::{Few, Usage};
use crate::iam::Resource;

/// Verbs of operations that make something whose name the caller chose.
const MAKING: [&str; 6] = ["Create", "Run", "Register", "Import", "Allocate", "Put"];

/// Adds a rule for each name of something made in the window that has a generated part.
pub(crate) fn add_generated_names(rules: &mut TokenRules, usage: &Usage) {
    let stacks = stacks(usage);
    for (name, made) in made_names(usage) {
        let made_by = if made.by_stack { Maker::Stack(&stacks) } else { Maker::Caller };
        let Some(form) = known_form(name, made_by) else { continue };
        let detail = format!("{name}: its last {} characters are made by {}", form.length, form.maker);
        rules.add(name, TokenRule { pattern: form.pattern(), rule: WideningRule::GeneratedSuffix, detail });
    }
    for id in cluster_issuers(usage) {
        let detail = format!("{id}, made by EKS for the cluster's issuer");
        rules.add(id, TokenRule { pattern: "*".to_owned(), rule: WideningRule::GeneratedId, detail });
    }
    for (name, rule) in changing_names(usage) {
        rules.add(&name, rule);
    }
}

/// Ids of clusters' issuers for which the principal made an identity provider. The record of the cluster's creation comes
/// before EKS draws the id, so only the provider's name shows it: `oidc.eks.REGION.amazonaws.com/id/` and 32 hexadecimal
/// digits.
fn cluster_issuers(usage: &Usage) -> BTreeSet<&str> {
    let made = usage.requests.keys().filter(|request| request.action.name() == "CreateOpenIDConnectProvider");
    made.filter_map(|request| match &request.resource {
        Resource::Arn(arn) => arn.resource().strip_prefix("oidc-provider/oidc.eks.")?.split_once("/id/"),
        Resource::Any => None,
    })
    .map(|(_, id)| id)
    .filter(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
    .collect()
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
