//! Texts that several patterns stand for together: finds one that belongs to some patterns and not to others, or knows
//! that there is none.
//!
//! Each pattern is a small non-deterministic automaton. They are walked side by side, breadth first, over the characters
//! that some pattern names and one that none names, which stands for all others: so the search is exact, and what it
//! finds is among the shortest. (The subset construction of Rabin and Scott, Finite automata and their decision problems,
//! 1959, made as far as the search goes.)

use std::collections::{BTreeMap, BTreeSet};

use super::ArnPattern;
use super::variable::{Piece, pieces};

/// A set of texts, given by a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Language(Vec<Unit>);

/// One element of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Unit {
    Char(char),
    One(Class),
    /// None, one or many characters.
    Run(Class),
}

/// Which characters a wildcard takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Any,
    /// Within a segment of an ARN.
    NoColon,
    /// Within a name: neither `:` nor `/`.
    Name,
}

/// The outcome of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    Found(String),
    Nothing,
    /// The patterns are too tangled to be walked in reasonable time.
    GaveUp,
}

/// How many states are looked at before the search gives up. Only patterns made for the purpose get there.
const MAX_STATES: usize = 10_000;

impl Language {
    /// What an ARN pattern stands for; `None` if it holds a policy variable, whose value only a request tells.
    pub fn of_arn(pattern: &ArnPattern) -> Option<Self> {
        (variables(pattern.as_str()).next().is_none()).then(|| Self::of_arn_with(pattern, |_| String::new()))
    }

    /// What an ARN pattern stands for, where policy variables have these values.
    pub fn of_arn_with(pattern: &ArnPattern, value: impl Fn(&str) -> String) -> Self {
        let mut language = Self::default();
        if pattern.is_any() {
            return language.then_pattern("*", Class::Any, &value);
        }
        for index in 0..5 {
            let segment = pattern.segment(index).unwrap_or_default();
            language = language.then_pattern(segment, Class::NoColon, &value).then_text(":");
        }
        language.then_pattern(pattern.segment(5).unwrap_or_default(), Class::Any, &value)
    }

    /// What a text with `*` and `?` stands for, where policy variables have these values.
    pub fn of_pattern_with(pattern: &str, value: impl Fn(&str) -> String) -> Self {
        Self::default().then_pattern(pattern, Class::Any, &value)
    }

    /// Every ARN: six segments, with partition, service and resource filled in.
    pub fn arns() -> Self {
        let class = Class::NoColon;
        let mut language = Self::of_text("arn:").then_some(class).then_text(":").then_some(class).then_text(":");
        for _ in 0..2 {
            language.0.push(Unit::Run(class));
            language = language.then_text(":");
        }
        language.then_some(Class::Any)
    }

    /// One text.
    pub fn of_text(text: &str) -> Self {
        Self::default().then_text(text)
    }

    /// These texts, each with this one behind it.
    #[must_use]
    pub fn then_text(mut self, text: &str) -> Self {
        self.0.extend(text.chars().map(Unit::Char));
        self
    }

    /// These texts, each with one character or more behind it.
    #[must_use]
    pub fn then_some(mut self, class: Class) -> Self {
        self.0.extend([Unit::One(class), Unit::Run(class)]);
        self
    }

    fn then_pattern(mut self, pattern: &str, class: Class, value: &impl Fn(&str) -> String) -> Self {
        for piece in pieces(pattern) {
            match piece {
                Piece::Text(text) => self.0.extend(text.chars().map(|character| match character {
                    '*' => Unit::Run(class),
                    '?' => Unit::One(class),
                    other => Unit::Char(other),
                })),
                Piece::Escape(text) => self = self.then_text(text),
                Piece::Variable { key, .. } => self = self.then_text(&value(key)),
            }
        }
        self
    }

    /// Whether the text is one of these.
    pub fn holds(&self, text: &str) -> bool {
        let end = text.chars().fold(self.start(), |set, character| self.step(&set, character));
        self.accepts(&end)
    }

    fn start(&self) -> States {
        let mut set = States::new();
        self.add(&mut set, 0);
        set
    }

    fn accepts(&self, set: &[u32]) -> bool {
        // Places are in order, and the end is the last of all.
        set.last().is_some_and(|last| *last as usize == self.0.len())
    }

    fn step(&self, set: &[u32], character: char) -> States {
        let mut moved = States::new();
        for &at in set {
            match self.0.get(at as usize) {
                Some(Unit::Char(wanted)) if *wanted == character => self.add(&mut moved, at + 1),
                Some(Unit::One(class)) if class.holds(character) => self.add(&mut moved, at + 1),
                Some(Unit::Run(class)) if class.holds(character) => self.add(&mut moved, at),
                _ => {}
            }
        }
        moved
    }

    /// Adds a place, and those that a `*` for no character leads to.
    fn add(&self, set: &mut States, place: u32) {
        let mut at = place;
        loop {
            match set.binary_search(&at) {
                Ok(_) => return,
                Err(slot) => set.insert(slot, at),
            }
            match self.0.get(at as usize) {
                Some(Unit::Run(_)) => at += 1,
                _ => return,
            }
        }
    }

    fn characters(&self) -> impl Iterator<Item = char> {
        self.0.iter().flat_map(|unit| match unit {
            Unit::Char(character) => vec![*character],
            Unit::One(class) | Unit::Run(class) => class.parting().to_vec(),
        })
    }
}

impl Default for Language {
    /// The empty text alone.
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// Places in one pattern that a text so far may have led to, in order.
type States = Vec<u32>;

impl Class {
    fn holds(self, character: char) -> bool {
        !self.parting().contains(&character)
    }

    /// The characters that it does not take.
    fn parting(self) -> &'static [char] {
        match self {
            Self::Any => &[],
            Self::NoColon => &[':'],
            Self::Name => &[':', '/'],
        }
    }
}

/// The condition keys that stand as policy variables in a text.
pub fn variables(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Variable { key, .. } => Some(key),
        Piece::Text(_) | Piece::Escape(_) => None,
    })
}

/// One text for each combination of languages that some text belongs to. `None`: too tangled.
pub fn representatives(languages: &[&Language]) -> Option<Vec<String>> {
    let found = std::cell::RefCell::new(BTreeMap::new());
    let search = walk(&[], languages, |held, spelled| {
        found.borrow_mut().entry(held.to_vec()).or_insert_with(spelled);
        false
    });
    (search != Search::GaveUp).then(|| found.into_inner().into_values().collect())
}

/// Looks for a text of all `must` for which `wanted` holds, given which of the `others` it belongs to.
pub fn find(must: &[&Language], others: &[&Language], wanted: impl Fn(&[bool]) -> bool) -> Search {
    walk(must, others, |held, _| wanted(held))
}

/// Walks the texts of all `must`, shortest first, until one is taken. `take` is told which of the `others` it belongs to.
fn walk(must: &[&Language], others: &[&Language], take: impl Fn(&[bool], &dyn Fn() -> String) -> bool) -> Search {
    let languages: Vec<&Language> = must.iter().chain(others).copied().collect();
    let fresh = fresh(&languages);
    let start: Place = languages.iter().map(|language| language.start()).collect();
    let mut seen = BTreeSet::from([start.clone()]);
    let mut steps = vec![Step { place: start, before: None }];
    let mut next_open = 0;
    while let Some(step) = steps.get(next_open) {
        let at = next_open;
        next_open += 1;
        let accepts: Vec<bool> =
            languages.iter().zip(&step.place).map(|(language, set)| language.accepts(set)).collect();
        let (first, held) = accepts.split_at(must.len());
        if first.iter().all(|accepts| *accepts) && take(held, &|| spell(&steps, at)) {
            return Search::Found(spell(&steps, at));
        }
        let place = step.place.clone();
        for character in worth_trying(&languages, &place, must.len(), fresh) {
            let next: Place =
                languages.iter().zip(&place).map(|(language, set)| language.step(set, character)).collect();
            let dead = next.iter().take(must.len()).any(Vec::is_empty);
            if dead || seen.contains(&next) {
                continue;
            }
            if steps.len() >= MAX_STATES {
                return Search::GaveUp;
            }
            seen.insert(next.clone());
            steps.push(Step { place: next, before: Some((at, character)) });
        }
    }
    Search::Nothing
}

/// The states of all patterns.
type Place = Vec<States>;

/// A place that was reached, with the step and the character that led to it first.
struct Step {
    place: Place,
    before: Option<(usize, char)>,
}

/// Whether some text belongs to both. A search that gives up says yes.
pub fn meet(left: &Language, right: &Language) -> bool {
    find(&[left, right], &[], |_| true) != Search::Nothing
}

/// A character that no pattern names: it stands for all others.
fn fresh(languages: &[&Language]) -> char {
    let named: BTreeSet<char> = languages.iter().flat_map(|language| language.characters()).collect();
    let mut candidates = ('a'..='z').rev().skip(2).chain('0'..='9').chain('\u{e000}'..='\u{f8ff}');
    candidates.find(|candidate| !named.contains(candidate)).unwrap_or('\u{f8ff}')
}

/// The characters that make a difference here: those that some pattern waits for, and the fresh one. Where a pattern that
/// must hold waits for certain characters only, no others.
fn worth_trying(languages: &[&Language], place: &[States], must: usize, fresh: char) -> BTreeSet<char> {
    let mut all = BTreeSet::from([fresh]);
    for (at, (language, set)) in languages.iter().zip(place).enumerate() {
        let mut waited = BTreeSet::new();
        let mut takes_others = false;
        for unit in set.iter().filter_map(|at| language.0.get(*at as usize)) {
            match unit {
                Unit::Char(character) => {
                    waited.insert(*character);
                }
                Unit::One(class) | Unit::Run(class) => {
                    takes_others = true;
                    waited.extend(class.parting());
                }
            }
        }
        if at < must && !takes_others {
            return waited;
        }
        all.extend(waited);
    }
    all
}

/// The text that led to a step.
fn spell(steps: &[Step], end: usize) -> String {
    let mut characters = Vec::new();
    let mut at = end;
    while let Some((before, character)) = steps.get(at).and_then(|step| step.before) {
        characters.push(character);
        at = before;
    }
    characters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Language {
        Language::of_pattern_with(text, |_| String::new())
    }

    fn arn(text: &str) -> Language {
        Language::of_arn(&text.parse().unwrap()).unwrap()
    }

    /// A text of `wide` that none of the others holds.
    fn outside(wide: &Language, narrow: &[&Language]) -> Search {
        find(&[wide], narrow, |held| held.iter().all(|held| !held))
    }

    #[test]
    fn what_is_found_is_inside_one_and_outside_the_others() {
        let (wide, left, right) = (pattern("a*"), pattern("ab*"), pattern("a"));
        let Search::Found(text) = outside(&wide, &[&left, &right]) else { panic!("nothing found") };
        assert!(wide.holds(&text) && !left.holds(&text) && !right.holds(&text), "{text}");
    }

    #[test]
    fn a_union_may_cover_what_none_of_its_parts_does() {
        let (short, long) = (pattern("?"), pattern("??*"));
        assert_eq!(outside(&pattern("?*"), &[&short, &long]), Search::Nothing);
        assert_eq!(outside(&pattern("*"), &[&short, &long]), Search::Found(String::new()));
    }

    #[test]
    fn a_star_stays_in_its_segment_of_an_arn() {
        let any_account = arn("arn:aws:s3:*:*:bucket/*");
        assert!(any_account.holds("arn:aws:s3:::bucket/x:y") && !any_account.holds("arn:aws:s3:a:b:c:bucket/x"));
        assert!(!meet(&arn("arn:aws:eks:r:1:addon/*/*/*"), &arn("arn:aws:eks:r:1:/createaddon")));
    }

    #[test]
    fn a_name_holds_no_slash() {
        let cluster = Language::of_text("cluster/").then_some(Class::Name);
        assert!(meet(&cluster, &pattern("cluster/*")) && !meet(&cluster, &pattern("cluster/a/b")));
        assert!(!meet(&cluster, &pattern("cluster/")));
    }

    #[test]
    fn escapes_are_plain_text_and_variables_have_a_value() {
        let escaped = arn("arn:aws:eks:r:1:cluster/${*}");
        assert!(escaped.holds("arn:aws:eks:r:1:cluster/*") && !escaped.holds("arn:aws:eks:r:1:cluster/a"));
        let home = "arn:aws:s3:::home/${aws:username}/*".parse().unwrap();
        assert_eq!(Language::of_arn(&home), None);
        assert!(Language::of_arn_with(&home, str::to_uppercase).holds("arn:aws:s3:::home/AWS:USERNAME/x"));
    }

    #[test]
    fn there_is_a_text_for_each_way_to_belong() {
        let (short, long) = (pattern("a?"), pattern("*b"));
        let found = representatives(&[&short, &long]).unwrap();
        let ways: BTreeSet<(bool, bool)> = found.iter().map(|text| (short.holds(text), long.holds(text))).collect();
        assert_eq!((ways.len(), found.len()), (4, 4));
    }

    #[test]
    fn tangled_patterns_are_given_up() {
        let tangled: Vec<Language> = (0..5).map(|n| pattern(&format!("*a{}b*", "?".repeat(n + 2)))).collect();
        let references: Vec<&Language> = tangled.iter().collect();
        let search = find(&[&pattern("*")], &references, |held| held.iter().all(|held| *held));
        assert!(matches!(search, Search::GaveUp | Search::Found(_)));
    }
}
