//! Brings records in. All file reading is here (and, later, all network).

mod files;

pub use files::{CollectError, CollectOptions, Input, collect};
