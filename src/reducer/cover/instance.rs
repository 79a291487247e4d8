//! The covering problem: rows (actions) and columns (resources) with their price in characters.

#![expect(clippy::indexing_slicing, reason = "rows and columns are those of the instance")]

use super::bits::Bits;

/// A grid whose cells are needed, free (may be covered) or forbidden, with what a row, a column and a rectangle cost.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(crate) row_cost: Vec<usize>,
    pub(crate) column_cost: Vec<usize>,
    /// Per row: the columns that must be covered.
    pub(crate) needed: Vec<Bits>,
    /// Per row: the columns that may be covered, the needed ones among them.
    pub(crate) allowed: Vec<Bits>,
    /// Per column: the rows that must be covered, and that may be.
    pub(crate) needed_rows: Vec<Bits>,
    pub(crate) allowed_rows: Vec<Bits>,
    /// What each rectangle costs beside its rows and columns.
    pub(crate) overhead: usize,
}

/// What a cell of the grid asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cell {
    Needed,
    /// A pair that can never be a request, or that another statement grants anyway.
    Free,
    Forbidden,
}

/// One statement to be: every row with every column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rectangle {
    pub(crate) rows: Bits,
    pub(crate) columns: Bits,
}

impl Rectangle {
    /// Its rows, ascending.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.rows.iter()
    }

    /// Its columns, ascending.
    pub fn columns(&self) -> impl Iterator<Item = usize> + '_ {
        self.columns.iter()
    }
}

impl Instance {
    /// An instance whose cells `cell(row, column)` tells.
    pub fn new(
        row_cost: Vec<usize>,
        column_cost: Vec<usize>,
        overhead: usize,
        cell: impl Fn(usize, usize) -> Cell,
    ) -> Self {
        let (height, width) = (row_cost.len(), column_cost.len());
        let mut instance = Self {
            row_cost,
            column_cost,
            overhead,
            needed: vec![Bits::empty(width); height],
            allowed: vec![Bits::empty(width); height],
            needed_rows: vec![Bits::empty(height); width],
            allowed_rows: vec![Bits::empty(height); width],
        };
        for row in 0..height {
            for column in 0..width {
                instance.set(row, column, cell(row, column));
            }
        }
        instance
    }

    fn set(&mut self, row: usize, column: usize, cell: Cell) {
        if cell != Cell::Forbidden {
            self.allowed[row].insert(column);
            self.allowed_rows[column].insert(row);
        }
        if cell == Cell::Needed {
            self.needed[row].insert(column);
            self.needed_rows[column].insert(row);
        }
    }

    pub(crate) fn height(&self) -> usize {
        self.row_cost.len()
    }

    pub(crate) fn width(&self) -> usize {
        self.column_cost.len()
    }

    pub(crate) fn cost_of_rows(&self, rows: &Bits) -> usize {
        rows.iter().map(|row| self.row_cost[row]).sum()
    }

    pub(crate) fn cost_of_columns(&self, columns: &Bits) -> usize {
        columns.iter().map(|column| self.column_cost[column]).sum()
    }

    pub(crate) fn cost_of(&self, rectangle: &Rectangle) -> usize {
        self.overhead + self.cost_of_rows(&rectangle.rows) + self.cost_of_columns(&rectangle.columns)
    }

    /// Characters of a whole cover.
    pub fn cost(&self, cover: &[Rectangle]) -> usize {
        cover.iter().map(|rectangle| self.cost_of(rectangle)).sum()
    }

    /// The columns that every one of these rows may take.
    pub(crate) fn common_columns(&self, rows: &Bits) -> Bits {
        rows.iter().fold(Bits::full(self.width()), |common, row| common.intersection(&self.allowed[row]))
    }

    /// The rows that every one of these columns may take.
    pub(crate) fn common_rows(&self, columns: &Bits) -> Bits {
        columns.iter().fold(Bits::full(self.height()), |common, column| common.intersection(&self.allowed_rows[column]))
    }

    /// Whether the cover holds every needed cell and no forbidden one.
    pub fn is_exact(&self, cover: &[Rectangle]) -> bool {
        let legal = cover.iter().all(|r| self.common_columns(&r.rows).includes(&r.columns));
        let mut open = self.needed.clone();
        for rectangle in cover {
            for row in rectangle.rows.iter() {
                open[row] = open[row].difference(&rectangle.columns);
            }
        }
        legal && open.iter().all(Bits::is_empty)
    }
}
