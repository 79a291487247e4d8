//! Rows and columns that ask for the same, folded into one.

#![expect(clippy::indexing_slicing, reason = "classes and members number the rows and columns of the instance at hand")]

use std::collections::BTreeMap;

use super::bits::Bits;
use super::instance::{Cell, Instance, Rectangle};

/// A smaller instance and the way back.
pub(super) struct Folded {
    pub instance: Instance,
    row_members: Vec<Vec<usize>>,
    column_members: Vec<Vec<usize>>,
    height: usize,
    width: usize,
}

/// Folds equal rows, then equal columns.
pub(super) fn fold(instance: &Instance) -> Folded {
    let row_members = group(instance.needed.iter().zip(&instance.allowed));
    let column_members = group(instance.needed_rows.iter().zip(&instance.allowed_rows));
    let sum = |members: &[Vec<usize>], cost: &[usize]| -> Vec<usize> {
        members.iter().map(|class| class.iter().map(|member| cost[*member]).sum()).collect()
    };
    let cell = |row: usize, column: usize| {
        let (Some(row), Some(column)) = (row_members[row].first(), column_members[column].first()) else {
            return Cell::Forbidden;
        };
        match (instance.needed[*row].contains(*column), instance.allowed[*row].contains(*column)) {
            (true, _) => Cell::Needed,
            (false, true) => Cell::Free,
            (false, false) => Cell::Forbidden,
        }
    };
    Folded {
        instance: Instance::new(
            sum(&row_members, &instance.row_cost),
            sum(&column_members, &instance.column_cost),
            instance.overhead,
            cell,
        ),
        row_members,
        column_members,
        height: instance.height(),
        width: instance.width(),
    }
}

/// Members by equal key, in the order of their first member.
fn group<'a>(keys: impl Iterator<Item = (&'a Bits, &'a Bits)>) -> Vec<Vec<usize>> {
    let mut at: BTreeMap<(&Bits, &Bits), usize> = BTreeMap::new();
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for (member, key) in keys.enumerate() {
        let class = *at.entry(key).or_insert(classes.len());
        if class == classes.len() {
            classes.push(Vec::new());
        }
        classes[class].push(member);
    }
    classes
}

impl Folded {
    /// Rectangles over classes as rectangles over their members.
    pub fn unfold(&self, cover: &[Rectangle]) -> Vec<Rectangle> {
        let open = |classes: &Bits, members: &[Vec<usize>], bound: usize| {
            classes.iter().flat_map(|class| members[class].iter()).fold(Bits::empty(bound), |mut all, member| {
                all.insert(*member);
                all
            })
        };
        cover
            .iter()
            .map(|r| Rectangle {
                rows: open(&r.rows, &self.row_members, self.height),
                columns: open(&r.columns, &self.column_members, self.width),
            })
            .collect()
    }
}
