//! Usage to the tightest policy that covers it, proved.
//!
//! Phases: `generalize` (ids and names that change with the next run, by named rules), `conditions` (what narrows them
//! again), `drafts` (one grant for each action, pattern and condition, as few as cover all), [`cover`] and `statements`
//! (an exact cover with few characters), `pack` (into documents that IAM takes), `verify` (every request replayed, every
//! grant dropped in turn). Pure functions on values: reads no files, no clock.

mod action_wildcards;
mod bootstrap;
mod conditions;
mod configured;
mod containment;
pub mod cover;
mod drafts;
mod fit;
mod generalize;
mod kinds;
mod lifecycle;
mod merge;
mod names;
mod options;
mod ownership;
mod pack;
mod reduce;
mod reduction;
mod replay;
mod runs;
mod sample;
mod section;
mod sid;
mod statements;
mod suffix;
mod tokens;
mod user_rules;
mod verify;

pub use options::{ConditionLevel, OwnerTag, ReduceOptions};
pub use reduce::reduce;
pub use reduction::{Grant, NamedPolicy, Proof, ReduceError, VerifiedPolicy, Widening, WideningRule, Withheld};
pub use user_rules::{UserRule, UserRuleKind, UserRules, UserRulesError};
