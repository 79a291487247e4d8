//! IAM actions such as `eks:CreateCluster`, and patterns over them.

use std::str::FromStr;

/// An IAM action such as `eks:CreateCluster`. IAM compares actions without regard to case; the case is kept for print.
#[derive(Clone, Debug)]
pub struct Action {
    service: String,
    name: String,
}

/// Why a text is no action.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseActionError {
    #[error("action `{0}` has no service prefix; write it as `service:Name`")]
    MissingPrefix(String),
    #[error("action `{0}` holds a character that IAM does not allow there")]
    BadCharacter(String),
}

impl Action {
    /// The service prefix, lower case: `eks`.
    pub fn service(&self) -> &str {
        &self.service
    }

    /// The name as given: `CreateCluster`.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// An action, or a text with `*` and `?` that stands for many: `ec2:Describe*`, `*`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionPattern(String);
