//! Evidence and policies from AWS, over real HTTP against stand-ins for its services.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can not go on should panic"
)]

#[path = "../support/aws/mod.rs"]
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
