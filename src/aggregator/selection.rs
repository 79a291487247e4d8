//! Which records count.

use jiff::Timestamp;

use crate::iam::PrincipalSelector;

/// Whose calls, in which window, Regions, accounts and sessions.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub principals: Vec<PrincipalSelector>,
    pub sessions: Vec<String>,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    pub regions: Vec<String>,
    pub accounts: Vec<String>,
    /// Grant what was denied for want of an identity-based allow.
    pub include_denied: bool,
}
