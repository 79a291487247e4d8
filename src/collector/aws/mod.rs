//! Everything that links the AWS SDK. The only async code.
//!
//! Each remote source runs as a task of one runtime and hands texts through a bounded channel to the same threads that
//! read files, so duplicates, damage and gaps are dealt with in one place. A source that fails in the middle is a problem
//! and keeps what it gave; one that gives nothing ends the run.
//!
//! `session` finds credentials, `error` makes our errors of the SDK's, and there is a module for each source.

mod decode;
mod error;
mod outbox;
mod public_keys;
mod remote;
mod role;
mod session;

mod athena;
mod lake;
mod lookup_events;
mod s3;

pub use decode::decode_denials;
pub use error::{Call, kind_of};
pub use public_keys::public_keys;
pub use remote::Remote;
pub use role::{read_policy, read_role};
pub use session::Session;
