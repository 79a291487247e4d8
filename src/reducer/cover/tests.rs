//! Laws of the cover, and its distance from the optimum.

use proptest::prelude::*;

use super::*;

fn instance(cells: &[Vec<u8>], overhead: usize) -> Instance {
    let height = cells.len();
    let width = cells.first().map_or(0, Vec::len);
    Instance::new(
        (0..height).map(|row| 18 + row % 7 * 3).collect(),
        (0..width).map(|column| 40 + column % 5 * 9).collect(),
        overhead,
        |row, column| match cells[row][column] {
            0 => Cell::Forbidden,
            1 => Cell::Needed,
            _ => Cell::Free,
        },
    )
}

#[test]
fn rows_with_the_same_columns_become_one_rectangle() {
    let instance = instance(&[vec![1, 1, 0], vec![1, 1, 0], vec![0, 0, 1]], 50);
    let cover = cover(&instance);
    assert_eq!(cover.len(), 2);
    assert!(instance.is_exact(&cover));
}

#[test]
fn a_free_cell_lets_two_rectangles_merge() {
    let instance = instance(&[vec![1, 2], vec![2, 1]], 50);
    assert_eq!(cover(&instance).len(), 1);
}

#[test]
fn a_forbidden_cell_keeps_them_apart() {
    let instance = instance(&[vec![1, 0], vec![2, 1]], 50);
    let cover = cover(&instance);
    assert_eq!(cover.len(), 2);
    assert!(instance.is_exact(&cover));
}

fn grids(side: usize) -> impl Strategy<Value = Vec<Vec<u8>>> {
    (1..=side, 1..=side).prop_flat_map(|(height, width)| {
        let cell = prop_oneof![4 => Just(0u8), 5 => Just(1u8), 2 => Just(2u8)];
        prop::collection::vec(prop::collection::vec(cell, width), height)
    })
}

/// Grids like those of real services: kinds of resources, and actions that take one kind or two; what a kind does not
/// take is free.
fn families() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let kinds = prop::collection::vec(1..=3usize, 1..=4);
    let actions = prop::collection::vec((0..4usize, 0..4usize, any::<u8>()), 1..=12);
    (kinds, actions).prop_map(|(kinds, actions)| {
        let columns: Vec<usize> =
            kinds.iter().enumerate().flat_map(|(kind, count)| std::iter::repeat_n(kind, *count)).collect();
        let row = |(first, second, seen): &(usize, usize, u8)| {
            let cell = |(at, kind): (usize, &usize)| match first == kind || second == kind {
                true if seen >> (at % 8) & 1 == 1 => 1,
                true => 0,
                false => 2,
            };
            columns.iter().enumerate().map(cell).collect()
        };
        actions.iter().map(row).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_cover_is_exact(grid in grids(16)) {
        let instance = instance(&grid, 60);
        prop_assert!(instance.is_exact(&cover(&instance)));
    }

    #[test]
    fn no_row_and_no_column_of_a_rectangle_can_be_dropped(grid in grids(8)) {
        let instance = instance(&grid, 60);
        let found = cover(&instance);
        for (at, rectangle) in found.iter().enumerate() {
            for row in rectangle.rows() {
                let mut less = found.clone();
                less[at].rows.remove(row);
                prop_assert!(!instance.is_exact(&less));
            }
            for column in rectangle.columns() {
                let mut less = found.clone();
                less[at].columns.remove(column);
                prop_assert!(!instance.is_exact(&less));
            }
        }
    }

    #[test]
    fn the_search_is_within_five_percent_of_the_optimum(grid in families()) {
        let instance = instance(&grid, 60);
        if let Some(best) = cheapest_cover(&instance, 100_000) {
            prop_assert!(instance.is_exact(&best));
            let (found, best) = (instance.cost(&cover(&instance)), instance.cost(&best));
            prop_assert!(best <= found && found * 100 <= best * 105, "found {found}, optimum {best}");
        }
    }
}
