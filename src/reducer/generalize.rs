//! Concrete resources to patterns, by named rules.
//!
//! Phases: (1) collect the tokens that change: ids that AWS generated for what the principal created, what lives inside
//! that, and names with a generated part; (2) rewrite each resource with them; (3) note the holes that the record left.
//! Everything else stays exactly as it was seen.

use std::sync::Arc;

use super::containment::generated_ids;
use super::kinds::Kinds;
use super::tokens::{TokenRule, TokenRules, tokens};
use super::user_rules::UserRules;
use super::{WideningRule, names};
use crate::aggregator::{Few, HoleCause, Observation, Usage, UsedRequest};
use crate::iam::{Arn, ArnPattern, Resource};

/// A resource as the policy will name it, with each rule that made it wider than what was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Generalized {
    pub pattern: ArnPattern,
    pub widenings: Few<(WideningRule, Arc<str>)>,
}

/// Rewrites resources of one usage.
#[derive(Debug)]
pub(crate) struct Generalizer<'a> {
    tokens: TokenRules,
    kinds: &'a Kinds<'a>,
    user: &'a UserRules,
}

impl<'a> Generalizer<'a> {
    pub fn new(usage: &Usage, kinds: &'a Kinds<'a>, user: &'a UserRules) -> Self {
        let mut tokens = TokenRules::default();
        add_generated_ids(&mut tokens, usage);
        names::add_generated_names(&mut tokens, usage);
        for name in user.never_widened() {
            tokens.forget(name);
        }
        Self { tokens, kinds, user }
    }

    /// The tokens that change from run to run.
    pub fn tokens(&self) -> &TokenRules {
        &self.tokens
    }

    /// The resource types by which names are told apart.
    pub fn kinds(&self) -> &'a Kinds<'a> {
        self.kinds
    }

    /// The pattern for the resource of a request.
    pub fn generalize(&self, request: &UsedRequest, observation: &Observation) -> Generalized {
        let mut widenings: Few<_> =
            observation.holes.iter().map(|hole| (rule_of(hole.cause), hole.detail.as_str().into())).collect();
        let arn = match &request.resource {
            Resource::Arn(arn) => arn,
            Resource::Any => {
                if widenings.is_empty() && self.kinds.takes_resource(&request.action) {
                    widenings.insert((WideningRule::UnresolvedField, "the record names no resource".into()));
                }
                return Generalized { pattern: ArnPattern::any(), widenings };
            }
        };
        if let Some((pattern, rule)) = self.user.generalized(&request.action, arn) {
            widenings.insert(rule);
            return Generalized { pattern, widenings };
        }
        let holes = !observation.holes.is_empty();
        let (pattern, used) = self.rewrite(arn, |text| escape(text, holes));
        widenings.extend(used.into_iter().map(|rule| (rule.rule.clone(), rule.detail.clone())));
        Generalized { pattern, widenings }
    }

    /// An ARN in a condition's value, such as a policy that may be attached, as a pattern.
    pub fn value(&self, text: &str) -> String {
        match text.parse::<Arn>() {
            Ok(arn) => self.rewrite(&arn, |text| escape(text, false)).0.to_string(),
            Err(_) => text.to_owned(),
        }
    }

    /// Whether an ARN names something that changes with the next run.
    pub fn changes(&self, text: &str) -> bool {
        text.parse::<Arn>().is_ok_and(|arn| !self.tokens.rewrite(&arn, str::to_owned).used.is_empty())
    }

    fn rewrite(&self, arn: &Arn, escape: impl Fn(&str) -> String) -> (ArnPattern, Vec<&TokenRule>) {
        let rewritten = self.tokens.rewrite(arn, escape);
        if rewritten.text == arn.resource() {
            return (ArnPattern::literal(arn), rewritten.used);
        }
        let (partition, service, region, account) = (arn.partition(), arn.service(), arn.region(), arn.account());
        let whole = Arn::from_parts(partition, service, region, account, &rewritten.text);
        (ArnPattern::literal(&whole), rewritten.used)
    }
}

fn rule_of(cause: HoleCause) -> WideningRule {
    match cause {
        HoleCause::ListResource => WideningRule::ListResource,
        HoleCause::UnresolvedField => WideningRule::UnresolvedField,
        HoleCause::TooManyResources => WideningRule::TooManyResources,
    }
}

/// Writes a name so that IAM reads it as itself. Where the record left holes, a `*` is one of them.
fn escape(text: &str, holes: bool) -> String {
    let escaped = ArnPattern::escape(text);
    if holes { escaped.replace("${*}", "*") } else { escaped }
}

/// An id shorter than this may be a word or a counter that stands elsewhere too.
const DISTINCT_ID: usize = 8;
/// A part of a created ARN shorter than this (`role`, `v1`) is no id, unless it is a number: the revision of a task definition
/// or of a layer.
const PART_OF_ARN: usize = 6;

fn add_generated_ids(tokens: &mut TokenRules, usage: &Usage) {
    let account = usage.principal.account();
    for (id, why) in generated_ids(usage) {
        if id.len() >= DISTINCT_ID && id.bytes().any(|byte| byte.is_ascii_digit()) && id != account {
            tokens.add(&id, any_id(&id, &why));
        }
    }
    for (arn, created) in &usage.lineage.created {
        let is_id = |part: &str| part.len() >= PART_OF_ARN || part.bytes().all(|byte| byte.is_ascii_digit());
        for part in created.generated.iter().filter(|part| is_id(part) && part.as_str() != account) {
            let why = format!("made by {}", created.operation);
            for token in self::tokens(arn.resource()) {
                if token == part.as_str() {
                    tokens.add_within(arn, token, any_id(part, &why));
                } else if let Some(stem) = token.strip_suffix(part.as_str()) {
                    tokens.add_within(arn, token, suffix(token, stem, part.len(), &why));
                }
            }
        }
    }
}

fn any_id(id: &str, why: &str) -> TokenRule {
    TokenRule { pattern: "*".to_owned(), rule: WideningRule::GeneratedId, detail: format!("{id}, {why}").into() }
}

fn suffix(token: &str, stem: &str, length: usize, why: &str) -> TokenRule {
    TokenRule {
        pattern: format!("{stem}{}", "?".repeat(length)),
        rule: WideningRule::GeneratedSuffix,
        detail: format!("{token}: its last {length} characters are {why}").into(),
    }
}
