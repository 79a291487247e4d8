//! The Condition element of a statement.
