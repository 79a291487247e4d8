//! The vocabulary of IAM as plain values: names (ARNs, actions, principals), patterns over them, policy documents, the
//! evaluator and the size limits. Imports nothing else of ours.

mod access_level;
mod action;
mod action_pattern;
mod arn;
mod arn_pattern;
pub mod automaton;
mod compare;
mod condition;
mod condition_holds;
mod condition_key;
mod condition_operator;
mod context;
mod date;
mod evaluate;
mod evaluator;
mod glob;
mod ip;
mod json_source;
mod last_accessed;
mod layers;
mod one_or_many;
mod pattern_index;
mod policy;
mod policy_reader;
mod principal;
mod quota;
mod region;
mod serde_text;
mod statement;
mod variable;

pub use access_level::{AccessLevel, ParseAccessLevelError};
pub use action::{Action, ParseActionError};
pub use action_pattern::ActionPattern;
pub use arn::{Arn, ParseArnError};
pub use arn_pattern::ArnPattern;
pub use condition::{Condition, Conditions};
pub use condition_key::{ConditionKey, ConditionKeyName};
pub use condition_operator::{BaseOperator, ConditionOperator, ParseOperatorError, Quantifier};
pub use context::{Context, ContextValue};
pub use evaluate::{Decision, Request, Resource, applies, evaluate};
pub use evaluator::Evaluator;
pub use last_accessed::{LastAccessed, ServiceAccess};
pub use layers::{Layer, LayeredDecision, evaluate_with};
pub use pattern_index::PatternIndex;
pub use policy::{POLICY_VERSION, ParsePolicyError, PolicyDocument};
pub use policy_reader::{PolicyLines, StatementLines};
pub use principal::{ParsePrincipalError, PrincipalArn, PrincipalSelector};
pub use quota::{
    INLINE_POLICY_CHARACTERS_PER_ROLE, INLINE_POLICY_CHARACTERS_PER_USER, MANAGED_POLICIES_PER_ROLE,
    MANAGED_POLICY_CHARACTERS, TRUST_POLICY_CHARACTERS, policy_characters,
};
pub use region::global_region;
pub use statement::{ActionClause, Effect, ResourceClause, Statement};
