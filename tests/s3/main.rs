//! Trails in S3 and on disk: whether all is read, and whether it is what CloudTrail delivered.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can not go on should panic"
)]

#[path = "../support/digest_chain.rs"]
mod digest_chain;
mod digests;
mod faults;
mod ministack;
mod records;
#[path = "../integration/support/run.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod run;
mod server;
