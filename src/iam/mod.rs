//! The vocabulary of IAM as plain values: names (ARNs, actions, principals), patterns over them, policy documents, the
//! evaluator and the size limits. Imports nothing else of ours.

mod access_level;
mod action;
mod arn;
mod arn_pattern;
mod condition;
mod context;
mod evaluate;
mod policy;
mod principal;
mod quota;
mod statement;

pub use access_level::AccessLevel;
pub use action::{Action, ActionPattern, ParseActionError};
pub use arn::{Arn, ParseArnError};
pub use arn_pattern::ArnPattern;
pub use condition::{Condition, ConditionKey, ConditionOperator, Conditions};
pub use context::{Context, ContextValue};
pub use evaluate::{Decision, Request, Resource, evaluate};
pub use policy::{ParsePolicyError, PolicyDocument};
pub use principal::{PrincipalArn, PrincipalSelector};
pub use quota::{
    INLINE_POLICY_CHARACTERS_PER_ROLE, MANAGED_POLICIES_PER_ROLE, MANAGED_POLICY_CHARACTERS, policy_characters,
};
pub use statement::{ActionClause, Effect, ResourceClause, Statement};
