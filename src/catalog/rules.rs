//! The rule rows.
