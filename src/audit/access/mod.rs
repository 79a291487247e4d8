//! What sets of policies allow, compared in meaning: is there a request that one set allows and another does not?
//!
//! Resources are decided exactly, by walking the automata of all patterns side by side. Conditions are decided by
//! examples: one request context for each way in which the conditions of the statements in question can turn out. Where
//! there are too many, or a value can't be told apart by examples, the answer is that it can't be decided.

mod contexts;
mod exceed;
mod scene;
mod values;

pub use contexts::Pinned;
pub use exceed::{Outcome, exceeds};
pub use scene::{Scene, Situation};
