//! The log format: bytes of records to typed [`Event`]s, lenient in what it reads.

mod caller;
mod denial;
mod envelope;
mod event;
mod outcome;
mod scan;
mod skip;

pub use caller::{Caller, CallerKind};
pub use denial::{Denial, PolicyType};
pub use event::{Event, EventResource, Json, Payload, parse_record};
pub use outcome::Outcome;
pub use skip::SkipReason;
