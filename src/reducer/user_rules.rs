//! Rules of the configuration file: patterns to generalise to, names never to widen, actions always or never granted.
//!
//! Each rule has a name and a reason, and may expire. The reducer knows no clock: whoever reads the file drops the
//! expired ones with [`UserRules::on`].

use std::sync::Arc;

use jiff::civil::Date;

use super::WideningRule;
use super::options::OwnerTag;
use super::tokens::tokens;
use crate::aggregator::{Usage, UsedRequest};
use crate::iam::{Action, ActionPattern, Arn, ArnPattern, Resource};

mod parse;

pub use parse::UserRulesError;

/// Valid rules, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserRules {
    pub(super) rules: Vec<UserRule>,
    pub(super) owner_tags: Vec<OwnerTag>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRule {
    pub name: String,
    pub reason: String,
    /// The last day on which it counts.
    pub expires: Option<Date>,
    pub kind: UserRuleKind,
}

/// What a rule does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserRuleKind {
    /// Resources that the pattern stands for are granted as the pattern; for these actions, or all if there are none.
    Generalize { pattern: ArnPattern, actions: Vec<ActionPattern> },
    /// These names stay exact, however generated they look.
    NeverWiden { names: Vec<String> },
    /// These actions are granted whether or not they were seen.
    AlwaysGrant { actions: Vec<Action>, resources: Vec<ArnPattern> },
    /// These actions are not granted even where they were seen; on these resources, or on all if there are none.
    NeverGrant { actions: Vec<ActionPattern>, resources: Vec<ArnPattern> },
}

impl UserRules {
    /// The rules that count on a day, and the names of those that have expired.
    pub fn on(&self, today: Date) -> (Self, Vec<String>) {
        let expired = |rule: &UserRule| rule.expires.is_some_and(|last| last < today);
        let (gone, rules): (Vec<_>, Vec<_>) = self.rules.iter().cloned().partition(expired);
        (Self { rules, owner_tags: self.owner_tags.clone() }, gone.into_iter().map(|rule| rule.name).collect())
    }

    pub fn rules(&self) -> &[UserRule] {
        &self.rules
    }

    pub fn owner_tags(&self) -> &[OwnerTag] {
        &self.owner_tags
    }

    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.owner_tags.is_empty()
    }

    /// Names that stay exact.
    pub(super) fn never_widened(&self) -> impl Iterator<Item = &str> {
        self.rules
            .iter()
            .flat_map(|rule| match &rule.kind {
                UserRuleKind::NeverWiden { names } => names.as_slice(),
                _ => &[],
            })
            .map(String::as_str)
    }

    /// The pattern that a rule gives for a resource, with the widening to report.
    pub(super) fn generalized(&self, action: &Action, arn: &Arn) -> Option<(ArnPattern, (WideningRule, Arc<str>))> {
        self.rules.iter().find_map(|rule| match &rule.kind {
            UserRuleKind::Generalize { pattern, actions } if pattern.matches(arn) && takes(actions, action) => {
                Some((pattern.clone(), (WideningRule::User(rule.name.clone()), rule.reason.as_str().into())))
            }
            _ => None,
        })
    }

    /// The rule that withholds a request, if one does.
    pub(super) fn withholds(&self, request: &UsedRequest) -> Option<&UserRule> {
        self.rules.iter().find(|rule| match &rule.kind {
            UserRuleKind::NeverGrant { actions, resources } => {
                takes(actions, &request.action)
                    && (resources.is_empty() || resources.iter().any(|one| one.matches_resource(&request.resource)))
            }
            _ => false,
        })
    }

    /// What is granted whether or not it was seen: rule, action and resource.
    pub(super) fn always(&self) -> impl Iterator<Item = (&UserRule, &Action, &ArnPattern)> {
        self.rules.iter().flat_map(|rule| {
            let (actions, resources): (&[Action], &[ArnPattern]) = match &rule.kind {
                UserRuleKind::AlwaysGrant { actions, resources } => (actions, resources),
                _ => (&[], &[]),
            };
            actions.iter().flat_map(move |action| resources.iter().map(move |resource| (rule, action, resource)))
        })
    }

    /// Names of the rules that nothing in the usage matched.
    pub(super) fn unmatched(&self, usage: &Usage) -> Vec<String> {
        let matched = |rule: &&UserRule| usage.requests.keys().any(|request| rule.kind.matches(request));
        self.rules.iter().filter(|rule| !matched(rule)).map(|rule| rule.name.clone()).collect()
    }
}

impl UserRuleKind {
    fn matches(&self, request: &UsedRequest) -> bool {
        let Resource::Arn(arn) = &request.resource else {
            return matches!(self, Self::NeverGrant { actions, resources } if resources.is_empty() && takes(actions, &request.action));
        };
        match self {
            Self::Generalize { pattern, actions } => pattern.matches(arn) && takes(actions, &request.action),
            Self::NeverWiden { names } => tokens(arn.resource()).any(|token| names.iter().any(|name| name == token)),
            Self::AlwaysGrant { .. } => true,
            Self::NeverGrant { actions, resources } => {
                takes(actions, &request.action)
                    && (resources.is_empty() || resources.iter().any(|one| one.matches(arn)))
            }
        }
    }
}

/// No pattern stands for all actions.
fn takes(actions: &[ActionPattern], action: &Action) -> bool {
    actions.is_empty() || actions.iter().any(|pattern| pattern.matches(action))
}
