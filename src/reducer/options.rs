//! How to reduce.

/// Which conditions narrow the policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionLevel {
    None,
    /// What a deployment does not change from one merge to the next.
    #[default]
    Sound,
    /// Also what a merge may change: tags, Regions, parameters.
    Strict,
}

/// A tag that marks what the principal owns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OwnerTag {
    pub key: String,
    pub value: String,
}

/// How to reduce. The default is a plain run: one document if it fits, at most ten, sound conditions.
#[derive(Debug, Clone)]
pub struct ReduceOptions {
    pub conditions: ConditionLevel,
    /// Base name of the policies, such as the role's name.
    pub name: String,
    /// Managed policies that may be used.
    pub max_policies: usize,
    /// Inline policies instead of managed ones.
    pub inline: bool,
    /// Widen, smallest added permission first, until the policies fit.
    pub fit: bool,
    /// Write actions with `*` where that matches needed actions alone.
    pub wildcard_actions: bool,
    /// Also read, update, tag and delete what the principal created.
    pub complete_lifecycle: bool,
    /// What is done once an account in policies of its own.
    pub split_bootstrap: bool,
    /// Tags that mark what the principal owns. Where none is given, one is looked for.
    pub owner_tags: Vec<OwnerTag>,
    /// Rules of the configuration file.
    pub user_rules: UserRules,
}

impl Default for ReduceOptions {
    fn default() -> Self {
        Self {
            conditions: ConditionLevel::default(),
            name: String::new(),
            max_policies: crate::iam::MANAGED_POLICIES_PER_ROLE,
            inline: false,
            fit: false,
            wildcard_actions: false,
            complete_lifecycle: false,
            split_bootstrap: false,
            owner_tags: Vec::new(),
            user_rules: UserRules::default(),
        }
    }
}

use super::user_rules::UserRules;
