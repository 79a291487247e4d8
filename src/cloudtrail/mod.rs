//! The log format: bytes of records to typed [`Event`]s, lenient in what it reads.

mod caller;
mod denial;
mod envelope;
mod error_codes;
mod event;
mod mend;
mod outcome;
mod record;
mod scan;
mod skip;
mod structure;
mod time;
mod walk;

pub use caller::{Caller, CallerKind};
pub use denial::{Denial, PolicyType};
pub use event::{Event, EventResource, HIDDEN, Json, Payload};
pub use mend::mend;
pub use outcome::Outcome;
pub use record::parse_record;
pub use skip::SkipReason;
