//! What IAM itself remembers of a principal's calls ("last accessed information").
//!
//! It looks back up to 400 days, counts calls that were denied, lags some hours, and knows no resources.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// When a principal last called anything, and which services and actions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LastAccessed {
    pub principal: Option<Timestamp>,
    /// By prefix. Services that its policies do not allow are not among them.
    pub services: BTreeMap<String, ServiceAccess>,
}

/// When a service was last called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServiceAccess {
    /// `None`: not in all the time that IAM looks back.
    pub last: Option<Timestamp>,
    /// The same for the actions that IAM tracks, names in lower case. Others are not among them.
    pub actions: BTreeMap<String, Option<Timestamp>>,
}
