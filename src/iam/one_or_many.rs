//! Lists in policy documents: a single element is written as a plain string.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::ser::Serializer;

/// Writes a set as IAM prints it: one element alone, several as a sorted list.
pub(super) struct OneOrMany<'a, T>(pub(super) &'a BTreeSet<T>);

impl<T: Serialize + Ord> Serialize for OneOrMany<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.first() {
            Some(only) if self.0.len() == 1 => only.serialize(serializer),
            _ => serializer.collect_seq(self.0),
        }
    }
}
