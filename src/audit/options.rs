//! What the audit is told beside policies and evidence.

use jiff::{SignedDuration, Timestamp};

/// How to audit.
#[derive(Clone, Debug)]
pub struct AuditOptions {
    /// The present moment. Only the age of the role's last event is measured from it.
    pub now: Timestamp,
    /// Not used for so long, at the end of the evidence, counts as not used.
    pub unused_for: SignedDuration,
    /// Also what the evidence itself needs: paths of escalation and roles without a boundary that no tighter policy could
    /// avoid.
    pub include_needed: bool,
    /// Update and destroy of what the role created are granted on purpose, as `generate --complete-lifecycle` grants them:
    /// what they need, no tighter policy avoids.
    pub complete_lifecycle: bool,
    /// When the role was audited last, as a store has it; what was first used later is new. `None`: nothing is known of it,
    /// or the evidence does not reach back that far.
    pub last_audit: Option<Timestamp>,
}

impl AuditOptions {
    /// The default: not used for 90 days.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now,
            unused_for: SignedDuration::from_hours(90 * 24),
            include_needed: false,
            complete_lifecycle: false,
            last_audit: None,
        }
    }
}
