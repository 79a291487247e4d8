//! Sets of a few things.

use std::borrow::Borrow;
use std::ops::Deref;

use serde::{Serialize, Serializer};

/// An ordered set of a few things. A node of a tree has room for eleven, and most of these sets hold one: of a hundred
/// thousand requests that is a tenth of the memory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Few<T>(Box<[T]>);

impl<T> Few<T> {
    /// The empty set.
    pub fn new() -> Self {
        Self(Box::default())
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.0 = Box::default();
    }
}

impl<T: Ord> Few<T> {
    /// Puts something in; whether it is new.
    pub fn insert(&mut self, item: T) -> bool {
        let Err(at) = self.0.binary_search(&item) else { return false };
        let mut items = std::mem::take(&mut self.0).into_vec();
        items.reserve_exact(1);
        items.insert(at, item);
        self.0 = items.into_boxed_slice();
        true
    }

    /// Takes the greatest out.
    pub fn pop_last(&mut self) -> Option<T> {
        let mut items = std::mem::take(&mut self.0).into_vec();
        let last = items.pop();
        self.0 = items.into_boxed_slice();
        last
    }

    /// Whether it is in here.
    pub fn contains<Q: Ord + ?Sized>(&self, item: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.0.binary_search_by(|own| own.borrow().cmp(item)).is_ok()
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Ord> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| {
            self.insert(item);
        });
    }
}

impl<T: Ord> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        let mut items: Vec<T> = items.into_iter().collect();
        items.sort_unstable();
        items.dedup();
        Self(items.into_boxed_slice())
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Few<T> {
    fn from(items: [T; N]) -> Self {
        items.into_iter().collect()
    }
}

impl<T> IntoIterator for Few<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_vec().into_iter()
    }
}

impl<'s, T> IntoIterator for &'s Few<T> {
    type Item = &'s T;
    type IntoIter = std::slice::Iter<'s, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Serialize> Serialize for Few<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn it_does_as_a_tree_does() {
        let mut few = Few::new();
        let mut tree = BTreeSet::new();
        for item in [5, 3, 9, 3, 1, 9, 7] {
            assert_eq!(few.insert(item), tree.insert(item));
            assert!(few.iter().eq(&tree) && few.contains(&item) && !few.contains(&4));
        }
        assert_eq!(few.pop_last(), tree.pop_last());
        assert_eq!(few, tree.iter().copied().collect());
        assert_eq!(few, [7, 5, 3, 1, 1].into());
    }
}
