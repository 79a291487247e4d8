//! Policy documents.

use super::Statement;

/// A policy document. Reads every legal JSON form; writes one canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    /// `2012-10-17` or `2008-10-17`.
    pub version: String,
    pub id: Option<String>,
    pub statements: Vec<Statement>,
}

/// Why a text is no policy document: what, and where.
#[derive(Debug, thiserror::Error)]
pub enum ParsePolicyError {
    #[error("not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{place}: {problem}")]
    Invalid { place: String, problem: String },
}
