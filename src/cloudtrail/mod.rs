//! The log format: bytes of records to typed [`Event`]s, lenient in what it reads.

mod bitmaps;
mod brief;
mod caller;
mod csv;
mod decoded;
mod denial;
mod envelope;
mod error_codes;
mod event;
mod head;
mod mend;
mod needles;
mod outcome;
mod record;
mod skip;
mod splitter;
mod struct_text;
mod structure;
mod time;
mod walk;

pub use brief::{Counting, write_brief};
pub use caller::{Caller, CallerKind, read_caller};
pub use csv::Columns;
pub use decoded::DecodedDenial;
pub use denial::{Denial, PolicyType};
pub use envelope::{Found, is_insight, visit_records};
pub use event::{Event, EventResource, HIDDEN, Json, Payload};
pub use head::{RecordHead, Side, write_without_tokens};
pub use mend::mend;
pub use needles::{Hits, Needles};
pub use outcome::Outcome;
pub use record::{parse_record, parse_record_of};
pub use skip::SkipReason;
pub use splitter::{Breakage, LONGEST_ITEM, Splitter, Step, next_object_line, starts_like_a_record};
pub use time::read_time;
