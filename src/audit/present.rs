//! The policies that a role has at present.

use crate::audit::Place;
use crate::iam::{LayeredDecision, PolicyDocument, PolicyLines, Request, Statement, StatementLines, evaluate_with};

/// One policy with what is needed to point into it.
#[derive(Clone, Debug)]
pub struct PresentPolicy {
    pub name: String,
    /// The file as it was named; `iam:` and the ARN for one that came from AWS.
    pub file: Option<String>,
    pub document: PolicyDocument,
    /// Empty where the text is not at hand.
    pub lines: PolicyLines,
}

/// All policies that decide what a role may do.
#[derive(Clone, Debug, Default)]
pub struct PresentPolicies {
    /// The policies of the role itself.
    pub identity: Vec<PresentPolicy>,
    /// Its permissions boundary.
    pub boundary: Option<Vec<PresentPolicy>>,
    /// Service control policies, a list for each level from the root down.
    pub scps: Vec<Vec<PresentPolicy>>,
}

impl PresentPolicy {
    /// The place of a statement.
    pub fn place(&self, statement: usize) -> Place {
        Place {
            policy: self.name.clone(),
            file: self.file.clone(),
            statement,
            sid: self.document.statements.get(statement).and_then(|statement| statement.sid.clone()),
            line: self.statement_lines(statement).map(|lines| lines.line),
        }
    }

    /// The lines of a statement's parts.
    pub fn statement_lines(&self, statement: usize) -> Option<&StatementLines> {
        self.lines.statements.get(statement)
    }
}

impl PresentPolicies {
    /// Policies of the role alone.
    pub fn of_identity(identity: Vec<PresentPolicy>) -> Self {
        Self { identity, ..Self::default() }
    }

    /// The documents, ready to be asked.
    pub fn judge(&self) -> Judge {
        Judge {
            identity: documents(&self.identity),
            boundary: self.boundary.as_deref().map(documents),
            scps: self.scps.iter().map(|level| documents(level)).collect(),
        }
    }

    /// All statements of the role's own policies, with policy and index.
    pub fn statements(&self) -> impl Iterator<Item = (usize, usize, &Statement)> {
        self.identity.iter().enumerate().flat_map(|(policy, present)| {
            present.document.statements.iter().enumerate().map(move |(index, statement)| (policy, index, statement))
        })
    }
}

/// The documents of all layers.
#[derive(Clone, Debug)]
pub struct Judge {
    pub identity: Vec<PolicyDocument>,
    pub boundary: Option<Vec<PolicyDocument>>,
    pub scps: Vec<Vec<PolicyDocument>>,
}

impl Judge {
    /// What IAM decides.
    pub fn decide(&self, request: &Request) -> LayeredDecision {
        evaluate_with(&self.identity, self.boundary.as_deref(), &self.scps, request)
    }
}

fn documents(policies: &[PresentPolicy]) -> Vec<PolicyDocument> {
    policies.iter().map(|policy| policy.document.clone()).collect()
}
