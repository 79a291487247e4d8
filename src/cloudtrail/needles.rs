//! Looks for the names of principals in raw text, so that only records that can be theirs are parsed.

use memchr::memmem::{self, Finder};

use crate::iam::{Arn, PrincipalSelector};

/// What to look for. Looking for nothing finds everything.
#[derive(Debug, Clone, Default)]
pub struct Needles {
    needles: Vec<Needle>,
    names: Vec<String>,
}

/// A part of a name that stands in the text as it is.
#[derive(Debug, Clone)]
struct Needle {
    finder: Finder<'static>,
    /// It begins the name: where a letter stands before it, it is another name's.
    begins: bool,
    /// It ends the name.
    ends: bool,
}

impl Needles {
    /// What every record of one of these principals holds.
    pub fn of(principals: &[PrincipalSelector]) -> Self {
        let run_of = |principal: &PrincipalSelector| {
            let name = principal.name();
            let run = longest_plain_run(name);
            (run.to_owned(), name.starts_with(run), name.ends_with(run))
        };
        let mut runs: Vec<(String, bool, bool)> = principals.iter().map(run_of).collect();
        runs.sort_unstable();
        runs.dedup();
        if runs.iter().any(|(run, ..)| run.is_empty()) {
            return Self::default();
        }
        let needle = |(run, begins, ends): (String, bool, bool)| {
            let finder = Finder::new(&run).into_owned();
            Needle { finder, begins, ends }
        };
        Self {
            needles: runs.into_iter().map(needle).collect(),
            names: principals.iter().map(|principal| principal.name().to_owned()).collect(),
        }
    }

    /// Whether a principal has one of the names that are looked for. Nobody's calls are nobody's who is looked for.
    pub fn may_mean(&self, principal: Option<&Arn>) -> bool {
        let has_name = |arn: &Arn| {
            let name = arn.resource().rsplit('/').next().unwrap_or_default();
            self.names.iter().any(|wanted| wanted == name)
        };
        self.names.is_empty() || principal.is_some_and(has_name)
    }

    /// Starts looking through a text from its start on.
    pub fn hits<'n, 't>(&'n self, text: &'t [u8]) -> Hits<'n, 't> {
        let cursors = self.needles.iter().map(|needle| Cursor { needle, next: None, searched: 0 }).collect();
        Hits { cursors, text }
    }

    /// Whether everything is found, because nothing is looked for.
    pub fn find_all(&self) -> bool {
        self.needles.is_empty()
    }
}

/// Hits in a text, asked for from left to right: the text is searched once, however small the ranges are.
#[derive(Debug)]
pub struct Hits<'n, 't> {
    cursors: Vec<Cursor<'n>>,
    text: &'t [u8],
}

impl Hits<'_, '_> {
    /// Whether anything is found in a range. Ranges must not go back. `escapes`: there may be a backslash in it.
    pub fn within(&mut self, start: usize, end: usize, escapes: bool) -> bool {
        let text = self.text;
        self.cursors.is_empty()
            || self.cursors.iter_mut().any(|cursor| cursor.is_within(text, start, end))
            || escapes && text.get(start..end).is_some_and(hides_a_letter)
    }
}

/// The next place of one needle.
#[derive(Debug)]
struct Cursor<'n> {
    needle: &'n Needle,
    /// The place that was found and not yet passed.
    next: Option<usize>,
    /// No other one starts before here.
    searched: usize,
}

/// So far ahead is searched in one go: what follows finds the text in the processor's cache.
const AHEAD: usize = 64 << 10;

impl Cursor<'_> {
    fn is_within(&mut self, text: &[u8], start: usize, end: usize) -> bool {
        let length = self.needle.length();
        if self.next.is_none_or(|next| next < start) {
            self.next = None;
            self.searched = self.searched.max(start);
        }
        while self.next.is_none() && self.searched.saturating_add(length) <= end {
            let stop = text.len().min(end.max(self.searched + AHEAD));
            match text.get(self.searched..stop).and_then(|text| self.needle.finder.find(text)) {
                Some(found) if self.needle.is_name_at(text, self.searched + found) => {
                    self.searched += found;
                    self.next = Some(self.searched);
                }
                Some(found) => self.searched += found + 1,
                // A needle may lie across the stop.
                None => self.searched = stop + 1 - length,
            }
        }
        self.next.is_some_and(|next| next + length <= end)
    }
}

impl Needle {
    fn length(&self) -> usize {
        self.finder.needle().len()
    }

    /// Whether what was found is no part of a longer name.
    fn is_name_at(&self, text: &[u8], at: usize) -> bool {
        let goes_on = |byte: Option<&u8>| {
            byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'@'))
        };
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        !(self.begins && goes_on(before) || self.ends && goes_on(text.get(at + self.length())))
    }
}

/// Whether a letter is escaped that names are made of or that stands before them. Nobody has to, but a writer may, and then
/// a name can't be found: such records are parsed to be sure. `&`, `<`, `=` and the like are escaped by many.
fn hides_a_letter(text: &[u8]) -> bool {
    const ESCAPE: &[u8] = b"\\u00";
    memmem::find_iter(text, ESCAPE).any(|at| {
        let digits = text.get(at + ESCAPE.len()..at + ESCAPE.len() + 2);
        let digits = digits.and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/' | b':'))
    })
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
        let text = b"./runner/.|........|.deploy..|run|ner";
        let mut hits = needles.hits(text);
        let ranges = [(0, 10), (11, 19), (20, 29), (30, 33), (34, 37)];
        assert_eq!(ranges.map(|(start, end)| hits.within(start, end, false)), [true, false, true, false, false]);
    }

    #[test]
    fn a_part_of_a_longer_name_is_no_hit() {
        let needles = needles(&["runner", "ci=deploy"]);
        let hit = |text: &str| needles.hits(text.as_bytes()).within(0, text.len(), true);
        for text in
            [r#"role/runner""#, r#"role\/runner\""#, "runner", "role/runner,", "a-runner /runner/s", "ci\\u003ddeploy"]
        {
            assert!(hit(text), "{text}");
        }
        for text in ["role/runner2", "role/my-runner", "runner-x", "r.runner", "ci=deployer"] {
            assert!(!hit(text), "{text}");
        }
        assert!(hit("role\\u002frunner"));
    }

    #[test]
    fn nothing_to_look_for_finds_everything() {
        for needles in [needles(&[]), needles(&["==", "runner"])] {
            assert!(needles.find_all());
            assert!(needles.hits(b"x").within(0, 1, false));
        }
    }

    #[test]
    fn hits_far_ahead_are_found_wherever_the_search_stops() {
        let needles = needles(&["runner"]);
        for at in AHEAD - 12..AHEAD + 4 {
            let text = [" ".repeat(at).as_str(), "runner", &" ".repeat(AHEAD)].concat();
            let mut hits = needles.hits(text.as_bytes());
            assert!(!hits.within(0, 3, false), "{at}");
            assert!(hits.within(3, text.len(), false), "{at}");
        }
    }

    #[test]
    fn a_hit_across_the_end_of_a_range_is_none() {
        let needles = needles(&["abc"]);
        let mut hits = needles.hits(b"xxabcxx");
        assert!(!hits.within(0, 4, false));
        assert!(!hits.within(4, 7, false));
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
            assert_eq!(needles.hits(text.as_bytes()).within(0, text.len(), true), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn ranges_agree_with_plain_search(text in "[ab]{0,40}", cuts in proptest::collection::vec(0usize..40, 0..6)) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let needles = needles(&["=ab=", "=bba="]);
            let mut hits = needles.hits(text.as_bytes());
            for cut in cuts.windows(2) {
                let part = &text[cut[0]..cut[1]];
                prop_assert_eq!(hits.within(cut[0], cut[1], false), part.contains("ab") || part.contains("bba"));
            }
        }
    }
}
