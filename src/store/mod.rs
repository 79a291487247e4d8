//! Evidence kept between runs: `store:PATH`, an SQLite file that any tool opens.
//!
//! In: events, from any source, in any order, as often as you like. Out: calls with evidence, which make the same policy as
//! the events themselves. It holds no raw logs: of each event its identity, its time and which call it was by whom; of each
//! distinct call its distilled record ([`distill`](crate::aggregator::distill)).
//!
//! What makes it safe: all that a batch of events brings is one transaction; an event's identity is the table's key, so that
//! it counts once, whoever brings it; what is read is written as it was found, never as a sum, so that stores add up.

mod actors;
mod coverage;
mod error;
mod ledger;
mod load;
mod merge;
mod open;
mod reading;
mod retain;
mod schema;
mod sink;
mod state;
mod write;

pub use coverage::Covered;
pub use error::StoreError;
pub use ledger::Ledger;
pub use load::{Loaded, StoredCall};
pub use open::Store;
pub use reading::Reading;
pub use sink::{Brought, StoreSink};
pub use state::State;

#[cfg(test)]
mod tests;
