//! Evidence and policies from AWS, over real HTTP against stand-ins for its services.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can not go on should panic"
)]

#[path = "../support/aws/mod.rs"]
#[expect(clippy::allow_attributes, reason = "the compiler counts dead parts of a module as none that were expected")]
#[allow(dead_code, unused_imports, reason = "shared with tests that need more of it")]
mod stand_ins;

mod asked;
mod credentials;
mod denials;
mod granted;
mod lake;
mod lookup_events;
mod permissions;
mod role;
mod support;
