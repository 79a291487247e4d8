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
    for (name, rule) in names_after_node_groups(usage, rules) {
        rules.add(name, rule);
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

/// Names that EKS gives to what it makes for a node group of the principal, the Auto Scaling group above all: `eks-`, the
/// node group's name and its id. No record of the principal shows that they are made, only that they are tagged or scaled.
fn names_after_node_groups<'u>(usage: &'u Usage, rules: &TokenRules) -> BTreeMap<&'u str, TokenRule> {
    let node_groups: Vec<(&str, &str)> = usage
        .lineage
        .created
        .iter()
        .filter(|(_, created)| created.resource_type == "nodegroup")
        .filter_map(|(arn, created)| {
            let (rest, id) = arn.resource().rsplit_once('/')?;
            let (_, name) = rest.rsplit_once('/')?;
            created.generated.contains(id).then_some((name, id))
        })
        .collect();
    if node_groups.is_empty() {
        return BTreeMap::new();
    }
    let resources = usage.requests.keys().filter_map(|request| match &request.resource {
        Resource::Arn(arn) => Some(arn.resource()),
        Resource::Any => None,
    });
    let named = resources.flat_map(tokens).filter_map(|token| {
        let (name, id) = node_groups.iter().find(|(name, id)| {
            let front = token.strip_suffix(id).and_then(|front| front.strip_prefix("eks-")?.strip_suffix('-'));
            front == Some(*name)
        })?;
        let name = rules.pattern_of(name).unwrap_or(name);
        let pattern = format!("eks-{name}-{}", "?".repeat(id.len()));
        let detail = format!("{token}: its last {} characters are the node group's id", id.len());
        Some((token, TokenRule { pattern, rule: WideningRule::GeneratedSuffix, detail }))
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
