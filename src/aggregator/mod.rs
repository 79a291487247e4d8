//! Events to [`Usage`]: which action, on which resource, in which context, with which evidence.
//!
//! In: events in any order, the catalogue with its rules, a [`Selection`]. Out: one `Usage` a principal. Adding events and
//! merging aggregators commute, so order and threads never show. Memory grows with distinct usage, not with events.

mod aggregate;
mod coverage;
pub mod distill;
mod evidence;
mod few;
mod fold;
mod instance_profiles;
mod known_tags;
mod learn;
mod lineage;
mod recall;
mod resolver;
mod selection;
#[cfg(test)]
mod tests;
mod usage;

pub use aggregate::Aggregator;
pub use coverage::{Coverage, Day, DeniedCall, RecordCounts, UnmappedEvent};
pub use evidence::Evidence;
pub use few::Few;
pub use fold::KEPT as DISTINCT_KEPT;
pub use lineage::{CreatedResource, Lineage};
pub use recall::KnownCall;
pub(crate) use resolver::kind_of_id;
pub use resolver::{Below, Creation, Fields, Members, Need, Reads, Resolution, Resolved, Resolver};
pub use selection::Selection;
pub use usage::{Certainty, Hole, HoleCause, Observation, Origin, Usage, UsedRequest};
