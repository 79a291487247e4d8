//! Exact cover of needed (action, resource) pairs by rectangles, with as few characters as possible.
//!
//! In: an [`Instance`]. Out: rectangles that hold every needed cell and no forbidden one. Rows that ask for the same
//! columns are one class, and so are columns: in some cheapest cover they always go together (give each member the
//! rectangles of the member that is in the fewest), so the search works on classes and nothing is lost.

mod bits;
mod classes;
mod exact;
mod instance;
mod search;

pub use instance::{Cell, Instance, Rectangle};

/// A cheap exact cover, found by local search.
pub fn cover(instance: &Instance) -> Vec<Rectangle> {
    let folded = classes::fold(instance);
    folded.unfold(&search::search(&folded.instance))
}

/// The cheapest exact cover, or `None` when finding it takes more than `budget` steps.
pub fn cheapest_cover(instance: &Instance, budget: usize) -> Option<Vec<Rectangle>> {
    let folded = classes::fold(instance);
    let known = search::search(&folded.instance);
    Some(folded.unfold(&exact::solve(&folded.instance, known, budget)?))
}

#[cfg(test)]
mod tests;
