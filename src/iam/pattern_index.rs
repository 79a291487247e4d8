//! Finds, among very many patterns, the few that a text can match.

use std::collections::BTreeMap;

use super::{ArnPattern, Resource};

/// Patterns by what they begin with, each under a place that whoever added it knows it by.
#[derive(Debug, Default)]
pub struct PatternIndex<'p> {
    /// By the text before the first wildcard or variable; a name by its whole text.
    by_start: BTreeMap<&'p str, Vec<(usize, &'p ArnPattern)>>,
}

impl<'p> PatternIndex<'p> {
    pub fn add(&mut self, pattern: &'p ArnPattern, place: usize) {
        let text = pattern.as_str();
        // A `$` that stands for itself may be written `${$}` elsewhere.
        let end = if pattern.is_name() { None } else { text.find(['*', '?', '$']) };
        let start = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
        self.by_start.entry(start).or_default().push((place, pattern));
    }

    /// Patterns that match the resource, longest start first, and those with a variable that may.
    pub fn for_resource<'i>(&'i self, resource: &'i Resource) -> impl Iterator<Item = (usize, &'p ArnPattern)> {
        let begin_so = self.for_text(match resource {
            Resource::Arn(arn) => arn.as_str(),
            // Matched by `*` alone, which starts with nothing.
            Resource::Any => "",
        });
        begin_so.filter(|(_, pattern)| pattern.has_variable() || pattern.matches_resource(resource))
    }

    /// Patterns that begin as the text does; among them all but names that cover it, taken as a pattern.
    pub fn for_text<'i>(&'i self, text: &'i str) -> impl Iterator<Item = (usize, &'p ArnPattern)> {
        // A start of the text sorts before it. What sorts last among the starts before shares so much with the text that
        // no start that is longer can be there.
        let mut left = Some(text);
        let starts = std::iter::from_fn(move || {
            loop {
                let (start, found) = self.by_start.range(..=left?).next_back()?;
                let shared = start.bytes().zip(text.bytes()).take_while(|(one, other)| one == other).count();
                if shared == start.len() {
                    // What comes before ends one character earlier at least.
                    left = start.char_indices().next_back().and_then(|(last, _)| text.get(..last));
                    return Some(found);
                }
                let shared = (0..=shared).rev().find(|at| text.is_char_boundary(*at))?;
                left = text.get(..shared);
            }
        });
        starts.flatten().copied()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::iam::Arn;

    proptest! {
        #[test]
        fn all_that_match_or_cover_are_found(
            texts in proptest::collection::vec("[ab*?$é]{1,5}|[ab]{0,2}\\$\\{[*?$]\\}[ab]{0,2}", 0..12),
            resource in "[ab$é*]{1,6}",
        ) {
            let mut patterns: Vec<ArnPattern> =
                texts.iter().map(|text| format!("arn:aws:s3:::{text}").parse().unwrap()).collect();
            patterns.push(ArnPattern::any());
            let mut index = PatternIndex::default();
            patterns.iter().enumerate().for_each(|(place, pattern)| index.add(pattern, place));
            let found = |text: &str| {
                let mut places: Vec<usize> = index.for_text(text).map(|(place, _)| place).collect();
                places.sort_unstable();
                places
            };
            let arn: Arn = format!("arn:aws:s3:::{resource}").parse().unwrap();
            let at_arn = found(arn.as_str());
            prop_assert!(at_arn.windows(2).all(|pair| pair[0] != pair[1]), "each once");
            for (place, pattern) in patterns.iter().enumerate() {
                prop_assert!(at_arn.contains(&place) || !pattern.matches(&arn), "{} {}", pattern, arn);
            }
            for narrow in &patterns {
                let at_narrow = found(narrow.as_str());
                for (place, wide) in patterns.iter().enumerate() {
                    // Two ways to write one name are not told apart by their beginnings.
                    prop_assert!(wide.is_name() || at_narrow.contains(&place) || !wide.covers(narrow), "{} {}", wide, narrow);
                }
            }
        }
    }

    #[test]
    fn a_request_without_resource_meets_the_star_alone() {
        let patterns: [ArnPattern; 2] = ["*".parse().unwrap(), "arn:aws:s3:::*".parse().unwrap()];
        let mut index = PatternIndex::default();
        patterns.iter().enumerate().for_each(|(place, pattern)| index.add(pattern, place));
        assert_eq!(index.for_resource(&Resource::Any).map(|(place, _)| place).collect::<Vec<_>>(), [0]);
    }
}
