//! A good cover by local search from several starts.
//!
//! Phases: (1) starts: one rectangle a row, one a column, and greedy maximal rectangles; (2) merge rectangles while that
//! is legal, for every merge saves; (3) dissolve a rectangle into its neighbours where that saves; (4) prune rows and
//! columns that others cover; in small covers also two rectangles at once. 2 to 4 repeat until nothing saves. The cheapest of the starts wins; on a tie the first, so
//! that the same evidence gives the same statements.

#![expect(
    clippy::indexing_slicing,
    reason = "rows, columns and rectangles are those of the instance and cover at hand"
)]

use super::bits::Bits;
use super::instance::{Instance, Rectangle};

/// Beyond this many rectangles a start is only merged and pruned: dissolving looks at every pair again and again.
const DISSOLVE_LIMIT: usize = 160;
/// Up to this many rectangles, pairs are dissolved too.
const PAIR_LIMIT: usize = 12;

/// The cheapest cover that the search finds, in the order of its first row and column.
pub(crate) fn search(instance: &Instance) -> Vec<Rectangle> {
    let mut starts = vec![by_row(instance), by_column(instance)];
    if instance.height() <= DISSOLVE_LIMIT && instance.width() <= DISSOLVE_LIMIT {
        starts.push(by_greed(instance));
    }
    let covers = starts.into_iter().map(|start| improve(instance, start));
    let mut best = covers.min_by_key(|cover| instance.cost(cover)).unwrap_or_default();
    best.sort_by(|a, b| a.rows.iter().cmp(b.rows.iter()).then(a.columns.iter().cmp(b.columns.iter())));
    best
}

fn by_row(instance: &Instance) -> Vec<Rectangle> {
    let row = |row: usize| {
        let mut rows = Bits::empty(instance.height());
        rows.insert(row);
        Rectangle { rows, columns: instance.needed[row].clone() }
    };
    (0..instance.height()).map(row).filter(|r| !r.columns.is_empty()).collect()
}

fn by_column(instance: &Instance) -> Vec<Rectangle> {
    let column = |column: usize| {
        let mut columns = Bits::empty(instance.width());
        columns.insert(column);
        Rectangle { rows: instance.needed_rows[column].clone(), columns }
    };
    (0..instance.width()).map(column).filter(|r| !r.rows.is_empty()).collect()
}

/// Again and again the maximal rectangle that covers the most characters' worth of open cells for its price.
fn by_greed(instance: &Instance) -> Vec<Rectangle> {
    let mut open = instance.needed.clone();
    let mut cover = Vec::new();
    while let Some(rectangle) = best_maximal(instance, &open) {
        for row in rectangle.rows.iter() {
            open[row] = open[row].difference(&rectangle.columns);
        }
        cover.push(rectangle);
    }
    cover
}

fn best_maximal(instance: &Instance, open: &[Bits]) -> Option<Rectangle> {
    let live: Vec<usize> = (0..instance.height()).filter(|row| !open[*row].is_empty()).collect();
    let mut best: Option<(usize, usize, Rectangle)> = None;
    for (at, first) in live.iter().enumerate() {
        for second in live.iter().skip(at) {
            let seed = instance.needed[*first].intersection(&instance.needed[*second]);
            let Some(rectangle) = useful_part(instance, open, &seed) else { continue };
            let gain: usize = rectangle.rows.iter().map(|row| open[row].intersection(&rectangle.columns).len()).sum();
            let cost = instance.cost_of(&rectangle);
            // Cells gained a character, compared without division.
            if best.as_ref().is_none_or(|(g, c, _)| gain * c > g * cost) {
                best = Some((gain, cost, rectangle));
            }
        }
    }
    best.map(|(_, _, rectangle)| rectangle)
}

/// All rows that may take these columns, without the rows and columns in which nothing is open any more.
fn useful_part(instance: &Instance, open: &[Bits], columns: &Bits) -> Option<Rectangle> {
    let mut rows = instance.common_rows(columns);
    for row in rows.clone().iter().filter(|row| open[*row].intersection(columns).is_empty()) {
        rows.remove(row);
    }
    let covered = rows.iter().fold(Bits::empty(instance.width()), |all, row| all.union(&open[row]));
    let columns = columns.intersection(&covered);
    (!rows.is_empty() && !columns.is_empty()).then_some(Rectangle { rows, columns })
}

fn improve(instance: &Instance, mut cover: Vec<Rectangle>) -> Vec<Rectangle> {
    loop {
        merge(instance, &mut cover);
        prune(instance, &mut cover);
        if cover.len() > DISSOLVE_LIMIT || !dissolve_one(instance, &mut cover) {
            return cover;
        }
    }
}

/// Merges the pair that saves most until no pair may be merged.
fn merge(instance: &Instance, cover: &mut Vec<Rectangle>) {
    let mut common: Vec<Bits> = cover.iter().map(|r| instance.common_columns(&r.rows)).collect();
    loop {
        let mut best: Option<(usize, usize, usize)> = None;
        for a in 0..cover.len() {
            for b in a + 1..cover.len() {
                let columns = cover[a].columns.union(&cover[b].columns);
                if !common[a].includes(&columns) || !common[b].includes(&columns) {
                    continue;
                }
                let shared_rows = cover[a].rows.intersection(&cover[b].rows);
                let shared_columns = cover[a].columns.intersection(&cover[b].columns);
                let saved = instance.cost_of_rows(&shared_rows) + instance.cost_of_columns(&shared_columns);
                if best.is_none_or(|(most, _, _)| saved > most) {
                    best = Some((saved, a, b));
                }
            }
            // In a large instance the first row with a legal merge is good enough.
            if cover.len() > DISSOLVE_LIMIT && best.is_some() {
                break;
            }
        }
        let Some((_, a, b)) = best else { return };
        let gone = cover.remove(b);
        let gone_common = common.remove(b);
        cover[a] = Rectangle { rows: cover[a].rows.union(&gone.rows), columns: cover[a].columns.union(&gone.columns) };
        common[a] = common[a].intersection(&gone_common);
    }
}

/// Removes rows and columns of rectangles whose needed cells others cover, the dearest first.
fn prune(instance: &Instance, cover: &mut Vec<Rectangle>) {
    let mut times = Tally::of(instance, cover);
    for rectangle in cover.iter_mut() {
        let mut rows: Vec<usize> = rectangle.rows.iter().collect();
        rows.sort_by_key(|row| std::cmp::Reverse(instance.row_cost[*row]));
        for row in rows {
            let cells = instance.needed[row].intersection(&rectangle.columns);
            if cells.iter().all(|column| times.count(row, column) > 1) {
                cells.iter().for_each(|column| times.take(row, column));
                rectangle.rows.remove(row);
            }
        }
        let mut columns: Vec<usize> = rectangle.columns.iter().collect();
        columns.sort_by_key(|column| std::cmp::Reverse(instance.column_cost[*column]));
        for column in columns {
            let cells = instance.needed_rows[column].intersection(&rectangle.rows);
            if cells.iter().all(|row| times.count(row, column) > 1) {
                cells.iter().for_each(|row| times.take(row, column));
                rectangle.columns.remove(column);
            }
        }
    }
    cover.retain(|r| !r.rows.is_empty() && !r.columns.is_empty());
}

/// How many rectangles cover each needed cell.
struct Tally {
    width: usize,
    times: Vec<u32>,
}

impl Tally {
    fn of(instance: &Instance, cover: &[Rectangle]) -> Self {
        let width = instance.width();
        let mut tally = Self { width, times: vec![0; width * instance.height()] };
        for rectangle in cover {
            for row in rectangle.rows.iter() {
                for column in rectangle.columns.intersection(&instance.needed[row]).iter() {
                    tally.times[row * width + column] += 1;
                }
            }
        }
        tally
    }

    fn count(&self, row: usize, column: usize) -> u32 {
        self.times[row * self.width + column]
    }

    fn take(&mut self, row: usize, column: usize) {
        self.times[row * self.width + column] -= 1;
    }
}

/// Takes the first rectangle, or pair of rectangles, apart whose cells the others can take for less than it costs.
fn dissolve_one(instance: &Instance, cover: &mut Vec<Rectangle>) -> bool {
    let before = instance.cost(cover);
    let count = cover.len();
    let singles = (0..count).map(|a| (a, a));
    let pairs = (0..count).filter(|_| count <= PAIR_LIMIT).flat_map(|a| (a + 1..count).map(move |b| (a, b)));
    for (first, second) in singles.chain(pairs) {
        for order in ORDERS {
            let rest = without(instance, cover, first, second, order);
            if instance.cost(&rest) < before {
                *cover = rest;
                return true;
            }
        }
    }
    false
}

/// The order in which the cells of a dissolved rectangle look for a home.
#[derive(Clone, Copy)]
enum CellOrder {
    Rows,
    Columns,
    RowsBackwards,
    ColumnsBackwards,
}

const ORDERS: [CellOrder; 4] =
    [CellOrder::Rows, CellOrder::Columns, CellOrder::RowsBackwards, CellOrder::ColumnsBackwards];

/// The cover with two rectangles (or one, named twice) dissolved into the others.
fn without(instance: &Instance, cover: &[Rectangle], first: usize, second: usize, order: CellOrder) -> Vec<Rectangle> {
    let (gone, mut rest): (Vec<_>, Vec<_>) =
        cover.iter().enumerate().partition(|(at, _)| *at == first || *at == second);
    let mut rest: Vec<Rectangle> = rest.drain(..).map(|(_, r)| r.clone()).collect();
    let mut open: Vec<(usize, usize)> = gone.iter().flat_map(|(_, r)| open_cells(instance, &rest, r)).collect();
    open.sort_unstable_by_key(|(row, column)| match order {
        CellOrder::Rows | CellOrder::RowsBackwards => (*row, *column),
        CellOrder::Columns | CellOrder::ColumnsBackwards => (*column, *row),
    });
    if matches!(order, CellOrder::RowsBackwards | CellOrder::ColumnsBackwards) {
        open.reverse();
    }
    insert_cells(instance, &mut rest, &open);
    merge(instance, &mut rest);
    prune(instance, &mut rest);
    rest
}

/// The needed cells of a rectangle that the rest does not cover.
fn open_cells(instance: &Instance, rest: &[Rectangle], gone: &Rectangle) -> Vec<(usize, usize)> {
    let mut open = Vec::new();
    for row in gone.rows.iter() {
        let covered = rest
            .iter()
            .filter(|r| r.rows.contains(row))
            .fold(Bits::empty(instance.width()), |all, r| all.union(&r.columns));
        let cells = instance.needed[row].intersection(&gone.columns).difference(&covered);
        open.extend(cells.iter().map(|column| (row, column)));
    }
    open
}

/// Puts each cell where it costs least: into a rectangle that may take it, or into a new one.
fn insert_cells(instance: &Instance, cover: &mut Vec<Rectangle>, cells: &[(usize, usize)]) {
    for (row, column) in cells {
        if cover.iter().any(|r| r.rows.contains(*row) && r.columns.contains(*column)) {
            continue;
        }
        let new_cost = instance.overhead + instance.row_cost[*row] + instance.column_cost[*column];
        let options =
            cover.iter().enumerate().filter_map(|(at, r)| Some((extended_cost(instance, r, *row, *column)?, at)));
        match options.min().filter(|(cost, _)| *cost < new_cost) {
            Some((_, at)) => {
                cover[at].rows.insert(*row);
                cover[at].columns.insert(*column);
            }
            None => {
                let mut fresh =
                    Rectangle { rows: Bits::empty(instance.height()), columns: Bits::empty(instance.width()) };
                fresh.rows.insert(*row);
                fresh.columns.insert(*column);
                cover.push(fresh);
            }
        }
    }
}

/// What it costs to stretch a rectangle over a cell; `None` where that would cover a forbidden cell.
pub(super) fn extended_cost(instance: &Instance, r: &Rectangle, row: usize, column: usize) -> Option<usize> {
    let mut cost = 0;
    if !r.rows.contains(row) {
        if !instance.allowed[row].includes(&r.columns) {
            return None;
        }
        cost += instance.row_cost[row];
    }
    if !r.columns.contains(column) {
        if !instance.allowed_rows[column].includes(&r.rows) {
            return None;
        }
        cost += instance.column_cost[column];
    }
    instance.allowed[row].contains(column).then_some(cost)
}
