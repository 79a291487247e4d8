//! What the policy holds: flags and configuration to [`ReduceOptions`].

use std::num::NonZeroUsize;
use std::str::FromStr;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::config::Config;
use crate::reducer::{ConditionLevel, OwnerTag, ReduceOptions, UserRules};

/// What the policy holds.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policy")]
pub struct ReduceArgs {
    /// Also grant what was denied for want of an identity-based allow.
    #[arg(long, env = "TRAILTRIM_INCLUDE_DENIED", value_parser = FalseyValueParser::new())]
    pub include_denied: bool,

    /// Which conditions narrow the policy; `sound` when not given.
    #[arg(long, value_name = "LEVEL", env = "TRAILTRIM_CONDITIONS")]
    conditions: Option<Conditions>,

    /// Also read, update, tag and delete what the role created, on the same resources, although that was not seen.
    #[arg(long, env = "TRAILTRIM_COMPLETE_LIFECYCLE", value_parser = FalseyValueParser::new())]
    complete_lifecycle: bool,

    /// Put what is done once in an account (service-linked roles and the like) into policies of its own.
    #[arg(long, env = "TRAILTRIM_SPLIT_BOOTSTRAP", value_parser = FalseyValueParser::new())]
    split_bootstrap: bool,

    /// A tag that marks what the role owns; conditions demand it on what is created and changed later.
    #[arg(long = "owner-tag", value_name = "KEY=VALUE", env = "TRAILTRIM_OWNER_TAG")]
    owner_tags: Vec<Tag>,

    /// Managed policies that may be used; 10 when not given.
    #[arg(long, value_name = "N", env = "TRAILTRIM_MAX_POLICIES")]
    max_policies: Option<NonZeroUsize>,

    /// Widen, smallest added permission first, until the policies fit; each step is a widening of the rule `quota`.
    #[arg(long, env = "TRAILTRIM_FIT", value_parser = FalseyValueParser::new())]
    fit: bool,

    /// Write actions with `*` where that matches needed actions alone, which saves characters.
    #[arg(long, env = "TRAILTRIM_WILDCARD_ACTIONS", value_parser = FalseyValueParser::new())]
    wildcard_actions: bool,

    /// Write policies to be embedded in the role: 10,240 characters in all, in place of 6,144 for each managed policy.
    #[arg(long, env = "TRAILTRIM_INLINE", value_parser = FalseyValueParser::new())]
    inline: bool,
}

/// Which conditions narrow the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Conditions {
    /// No conditions but those that a permission is not safe without.
    None,
    /// What does not change from one deployment to the next: the service that a role is passed to, the call that tags at
    /// creation, an owner tag.
    Sound,
    /// Also all tags, Regions and parameters that were seen.
    Strict,
}

/// A tag as `KEY=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag(OwnerTag);

/// Why a text is no tag.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write a tag as `KEY=VALUE`, such as `owner=platform`")]
pub struct ParseTagError;

impl ReduceArgs {
    /// What the reducer takes. `name` is set for each role later.
    pub fn options(&self, config: &Config, clock: impl Fn() -> Timestamp) -> ReduceOptions {
        let defaults = ReduceOptions::default();
        let tags = if self.owner_tags.is_empty() { &config.owner_tag } else { &self.owner_tags };
        let user_rules = current_rules(&config.user_rules, clock);
        let owner_tags = tags.iter().map(|tag| tag.0.clone()).chain(user_rules.owner_tags().iter().cloned());
        ReduceOptions {
            conditions: self.conditions.or(config.conditions).map_or(defaults.conditions, ConditionLevel::from),
            max_policies: self.max_policies.or(config.max_policies).map_or(defaults.max_policies, NonZeroUsize::get),
            complete_lifecycle: self.complete_lifecycle || config.complete_lifecycle.unwrap_or(false),
            split_bootstrap: self.split_bootstrap || config.split_bootstrap.unwrap_or(false),
            fit: self.fit || config.fit.unwrap_or(false),
            wildcard_actions: self.wildcard_actions || config.wildcard_actions.unwrap_or(false),
            inline: self.inline || config.inline.unwrap_or(false),
            owner_tags: owner_tags.collect(),
            user_rules,
            ..defaults
        }
    }
}

/// The rules without those that have expired, each of which is named in a warning. The clock is asked only if a rule
/// can expire.
fn current_rules(rules: &UserRules, clock: impl Fn() -> Timestamp) -> UserRules {
    if rules.rules().iter().all(|rule| rule.expires.is_none()) {
        return rules.clone();
    }
    let (current, expired) = rules.on(TimeZone::UTC.to_datetime(clock()).date());
    for name in expired {
        tracing::warn!("rule `{name}` of the configuration file has expired and does not count");
    }
    current
}

impl From<Conditions> for ConditionLevel {
    fn from(conditions: Conditions) -> Self {
        match conditions {
            Conditions::None => Self::None,
            Conditions::Sound => Self::Sound,
            Conditions::Strict => Self::Strict,
        }
    }
}

impl FromStr for Tag {
    type Err = ParseTagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                Ok(Self(OwnerTag { key: key.to_owned(), value: value.to_owned() }))
            }
            _ => Err(ParseTagError),
        }
    }
}
