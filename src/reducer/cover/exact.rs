//! The cheapest cover there is, by branch and bound: tells how far the search is from the optimum.
//!
//! Every needed cell lies in some rectangle. The open cell with the fewest choices is put, in turn, into each rectangle
//! begun so far that may take it, and into a new one. A branch ends when what it costs, plus what the open cells must
//! still cost, reaches the best cover known. Meant for small instances (about 20 classes of rows).

#![expect(clippy::indexing_slicing, reason = "rows and columns are those of the instance")]

use super::bits::Bits;
use super::instance::{Instance, Rectangle};
use super::search::extended_cost;

/// The optimum, or `None` when it takes more than `budget` steps. `known` is a cover to beat.
pub(crate) fn solve(instance: &Instance, known: Vec<Rectangle>, budget: usize) -> Option<Vec<Rectangle>> {
    let mut solver = Solver { instance, best_cost: instance.cost(&known), best: known, left: budget };
    solver.branch(&mut Vec::new(), 0)?;
    Some(solver.best)
}

struct Solver<'i> {
    instance: &'i Instance,
    best: Vec<Rectangle>,
    best_cost: usize,
    left: usize,
}

impl Solver<'_> {
    /// `None`: out of budget.
    fn branch(&mut self, begun: &mut Vec<Rectangle>, cost: usize) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        let open = self.open(begun);
        let Some((row, column)) = self.tightest(begun, &open) else {
            if cost < self.best_cost {
                self.best_cost = cost;
                self.best = begun.clone();
            }
            return Some(());
        };
        if cost + self.at_least(begun, &open) >= self.best_cost {
            return Some(());
        }
        let mut choices: Vec<(usize, usize)> = begun
            .iter()
            .enumerate()
            .filter_map(|(at, r)| Some((extended_cost(self.instance, r, row, column)?, at)))
            .collect();
        choices.sort_unstable();
        for (extra, at) in choices {
            let before = begun[at].clone();
            begun[at].rows.insert(row);
            begun[at].columns.insert(column);
            self.branch(begun, cost + extra)?;
            begun[at] = before;
        }
        let mut fresh =
            Rectangle { rows: Bits::empty(self.instance.height()), columns: Bits::empty(self.instance.width()) };
        fresh.rows.insert(row);
        fresh.columns.insert(column);
        let extra = self.instance.cost_of(&fresh);
        begun.push(fresh);
        self.branch(begun, cost + extra)?;
        begun.pop();
        Some(())
    }

    fn open(&self, begun: &[Rectangle]) -> Vec<Bits> {
        let mut open = self.instance.needed.clone();
        for rectangle in begun {
            for row in rectangle.rows.iter() {
                open[row] = open[row].difference(&rectangle.columns);
            }
        }
        open
    }

    fn tightest(&self, begun: &[Rectangle], open: &[Bits]) -> Option<(usize, usize)> {
        let cells = open.iter().enumerate().flat_map(|(row, columns)| columns.iter().map(move |column| (row, column)));
        cells.min_by_key(|(row, column)| self.homes(begun, *row, *column))
    }

    fn homes(&self, begun: &[Rectangle], row: usize, column: usize) -> usize {
        begun.iter().filter(|r| extended_cost(self.instance, r, row, column).is_some()).count()
    }

    /// What the open cells cost at the very least: rows and columns that no rectangle has yet, and a new rectangle for
    /// each of a set of cells that fit no begun rectangle and pairwise no common one.
    fn at_least(&self, begun: &[Rectangle], open: &[Bits]) -> usize {
        let instance = self.instance;
        let mut rows = Bits::empty(instance.height());
        let mut columns = Bits::empty(instance.width());
        for rectangle in begun {
            rows = rows.union(&rectangle.rows);
            columns = columns.union(&rectangle.columns);
        }
        let mut bound = 0;
        let mut wanted = Bits::empty(instance.width());
        for (row, cells) in open.iter().enumerate().filter(|(_, cells)| !cells.is_empty()) {
            wanted = wanted.union(cells);
            if !rows.contains(row) {
                bound += instance.row_cost[row];
            }
        }
        bound += instance.cost_of_columns(&wanted.difference(&columns));
        bound + self.apart(begun, open) * instance.overhead
    }

    fn apart(&self, begun: &[Rectangle], open: &[Bits]) -> usize {
        let mut chosen: Vec<(usize, usize)> = Vec::new();
        for (row, cells) in open.iter().enumerate() {
            for column in cells.iter() {
                let apart = chosen.iter().all(|(r, c)| {
                    !self.instance.allowed[row].contains(*c) || !self.instance.allowed[*r].contains(column)
                });
                if apart && self.homes(begun, row, column) == 0 {
                    chosen.push((row, column));
                }
            }
        }
        chosen.len()
    }
}
