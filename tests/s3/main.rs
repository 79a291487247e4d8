//! Trails in S3 and on disk: whether all is read, and whether it is what CloudTrail delivered.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that can not go on should panic"
)]

#[path = "../aws/asked.rs"]
mod asked;
mod bucket;
mod chain;
mod cloud;
#[path = "../support/digest_chain.rs"]
mod digest_chain;
mod digests;
mod elsewhere;
mod faults;
#[path = "../aws/granted.rs"]
mod granted;
mod ministack;
mod permissions;
mod records;
#[path = "../integration/support/run.rs"]
#[expect(dead_code, reason = "shared with tests that need more of it")]
mod run;
mod server;
#[path = "../support/aws/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with tests that need more of it")]
mod stand_ins;
#[path = "../aws/support.rs"]
mod support;
mod validate_logs;
