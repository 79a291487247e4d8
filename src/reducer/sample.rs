//! A request that the policy must allow, with how it will be named there.

use std::ops::Deref;

use super::generalize::Generalized;
use crate::aggregator::Observation;
use crate::iam::Request;

/// One request to be allowed.
#[derive(Debug, Clone)]
pub(crate) struct Sample<'u> {
    pub request: Request,
    pub observation: Known<'u>,
    pub generalized: Generalized,
}

/// How a request is known.
#[derive(Debug, Clone)]
pub(crate) enum Known<'u> {
    /// The usage tells of it.
    Seen(&'u Observation),
    /// It was added to what was seen.
    Added(Box<Observation>),
}

impl Deref for Known<'_> {
    type Target = Observation;

    fn deref(&self) -> &Observation {
        match self {
            Self::Seen(observation) => observation,
            Self::Added(observation) => observation,
        }
    }
}
