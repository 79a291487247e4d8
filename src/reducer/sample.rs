//! A request that the policy must allow, with how it will be named there.

use std::borrow::Cow;

use super::generalize::Generalized;
use crate::aggregator::Observation;
use crate::iam::Request;

/// One request to be allowed.
#[derive(Debug, Clone)]
pub(crate) struct Sample<'u> {
    pub request: Request,
    pub observation: Cow<'u, Observation>,
    pub generalized: Generalized,
}
