//! Looks for the names of principals in raw text, so that only records that can be theirs are parsed.

use memchr::memmem::Finder;

use crate::iam::{Arn, PrincipalSelector};

/// What to look for. Looking for nothing finds everything.
#[derive(Debug, Clone, Default)]
pub struct Needles {
    finders: Vec<Finder<'static>>,
    names: Vec<String>,
}

impl Needles {
    /// What every record of one of these principals holds.
    pub fn of(principals: &[PrincipalSelector]) -> Self {
        let mut needles: Vec<&str> = principals.iter().map(|principal| longest_plain_run(principal.name())).collect();
        needles.sort_unstable();
        needles.dedup();
        if needles.iter().any(|needle| needle.is_empty()) {
            return Self::default();
        }
        if !needles.is_empty() {
            needles.push(ESCAPE);
        }
        Self {
            finders: needles.into_iter().map(|needle| Finder::new(needle).into_owned()).collect(),
            names: principals.iter().map(|principal| principal.name().to_owned()).collect(),
        }
    }

    /// Whether a principal has one of the names that are looked for.
    pub fn may_mean(&self, principal: Option<&Arn>) -> bool {
        let Some(principal) = principal else { return false };
        let name = principal.resource().rsplit('/').next().unwrap_or_default();
        self.names.is_empty() || self.names.iter().any(|wanted| wanted == name)
    }

    /// Starts looking through a text from its start on.
    pub fn hits<'n, 't>(&'n self, text: &'t [u8]) -> Hits<'n, 't> {
        let cursors = self.finders.iter().map(|finder| Cursor { finder, next: 0, fresh: true }).collect();
        Hits { cursors, text }
    }

    /// Whether everything is found, because nothing is looked for.
    pub fn find_all(&self) -> bool {
        self.finders.is_empty()
    }
}

/// Hits in a text, asked for from left to right: the text is searched once, however small the ranges are.
#[derive(Debug)]
pub struct Hits<'n, 't> {
    cursors: Vec<Cursor<'n>>,
    text: &'t [u8],
}

impl Hits<'_, '_> {
    /// Whether anything is found in a range. Ranges must not go back.
    pub fn within(&mut self, start: usize, end: usize) -> bool {
        let text = self.text;
        self.cursors.is_empty() || self.cursors.iter_mut().any(|cursor| cursor.is_within(text, start, end))
    }
}

/// The next place of one needle.
#[derive(Debug)]
struct Cursor<'n> {
    finder: &'n Finder<'static>,
    /// Behind the text if there is none.
    next: usize,
    fresh: bool,
}

impl Cursor<'_> {
    fn is_within(&mut self, text: &[u8], start: usize, end: usize) -> bool {
        if self.fresh || self.next < start {
            self.fresh = false;
            self.next = self.find(text, start);
        }
        self.next.saturating_add(self.finder.needle().len()) <= end
    }

    fn find(&self, text: &[u8], start: usize) -> usize {
        let mut from = start;
        while let Some(found) = text.get(from..).and_then(|text| self.finder.find(text)) {
            let at = from + found;
            if self.finder.needle() != ESCAPE.as_bytes() || hides_a_letter(text, at) {
                return at;
            }
            from = at + ESCAPE.len();
        }
        usize::MAX
    }
}

/// Nobody has to escape letters, but a writer may, and then a name can't be found: such records are parsed to be sure.
const ESCAPE: &str = "\\u00";

/// Whether the escape stands for a character that names are made of, and not for `&`, `<`, `=` and the like.
fn hides_a_letter(text: &[u8], at: usize) -> bool {
    let digits = text.get(at + ESCAPE.len()..at + ESCAPE.len() + 2).and_then(|digits| std::str::from_utf8(digits).ok());
    let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// The longest part of a name that no JSON writer escapes. `=` and `+` may be written as `\u003d` and `\u002b`.
fn longest_plain_run(name: &str) -> &str {
    name.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').max_by_key(|run| run.len()).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn needles(names: &[&str]) -> Needles {
        let principals: Vec<PrincipalSelector> =
            names.iter().map(|name| PrincipalSelector::RoleName { account: None, name: (*name).to_owned() }).collect();
        Needles::of(&principals)
    }

    #[test]
    fn ranges_with_a_name_are_hits() {
        let needles = needles(&["runner", "ci=deploy.x"]);
        let text = b"..runner..|........|.deploy..|run|ner";
        let mut hits = needles.hits(text);
        let ranges = [(0, 10), (11, 19), (20, 29), (30, 33), (34, 37)];
        assert_eq!(ranges.map(|(start, end)| hits.within(start, end)), [true, false, true, false, false]);
    }

    #[test]
    fn nothing_to_look_for_finds_everything() {
        for needles in [needles(&[]), needles(&["==", "runner"])] {
            assert!(needles.find_all());
            assert!(needles.hits(b"x").within(0, 1));
        }
    }

    #[test]
    fn a_hit_across_the_end_of_a_range_is_none() {
        let needles = needles(&["abc"]);
        let mut hits = needles.hits(b"xxabcxx");
        assert!(!hits.within(0, 4));
        assert!(!hits.within(4, 7));
    }

    #[test]
    fn escaped_letters_are_hits_to_be_sure() {
        let needles = needles(&["eks-runner"]);
        for (text, expected) in [
            (r"eks\u002drunner", true),
            (r"\u0065ks-runneR", true),
            (r"a \u0026 b \u003c c", false),
            (r"a \u0026 b \u0063", true),
            (r"\u00", false),
        ] {
            assert_eq!(needles.hits(text.as_bytes()).within(0, text.len()), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn ranges_agree_with_plain_search(text in "[ab]{0,40}", cuts in proptest::collection::vec(0usize..40, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let needles = needles(&["ab", "bba"]);
            let mut hits = needles.hits(text.as_bytes());
            for cut in cuts.windows(2) {
                let part = &text[cut[0]..cut[1]];
                prop_assert_eq!(hits.within(cut[0], cut[1]), part.contains("ab") || part.contains("bba"));
            }
        }
    }
}
