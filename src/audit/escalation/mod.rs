//! Paths from what is allowed to more, judged on what all policies allow together.
//!
//! A path is open if each of its requests is allowed, with the same role (policy, user) wherever it names the same one.
//! That is decided exactly: the automata of all steps are walked side by side.

mod judge;
mod rows;

pub use judge::{Layers, Taken, open};
pub use rows::{Needs, Path, paths};
