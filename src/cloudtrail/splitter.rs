//! Splits a trail file's text into items, in one pass, with a window of any size over it.
//!
//! An item is an element of an envelope's array (`{"Records":[…]}`, `{"Events":[…]}`, `{"logEvents":[…]}`, a bare array), or a
//! value that stands alone (one object, NDJSON, objects one after the other). What an item holds is told by
//! [`visit_records`](super::visit_records).
//!
//! Text that is broken costs as little as possible: what can't be an item is handed on as [`Step::Broken`], and splitting
//! goes on behind it, at the next line that starts an object where the end is not to be found otherwise.

use memchr::memmem;

use super::structure::{Brackets, end_of_item, end_of_value};
use super::walk::{skip_separators, string};

/// Longer items are skipped. CloudTrail's largest events are 1 MB; an envelope may escape and so double them.
pub const LONGEST_ITEM: usize = 4 << 20;

/// What comes next in the text.
#[derive(Debug, PartialEq, Eq)]
pub enum Step<'w> {
    /// The text of one item, and whether it may hold a backslash.
    Item { text: &'w [u8], escapes: bool },
    /// So many bytes that are no item.
    Broken { breakage: Breakage, length: usize },
    /// The window ends inside an item: call again with more text behind the same start.
    More,
    /// Nothing is left.
    End,
}

/// Why bytes are no item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breakage {
    /// The text ends inside an item.
    CutOff,
    /// Over [`LONGEST_ITEM`].
    TooLarge,
    /// `Records` is something else than an array.
    RecordsNotAnArray,
    /// No JSON.
    NotJson,
}

/// The place in the envelope. It moves along with the window.
#[derive(Debug, Clone, Default)]
pub struct Splitter {
    place: Place,
}

#[derive(Debug, Clone, Default)]
enum Place {
    /// Outside of everything.
    #[default]
    Between,
    /// In an array of items.
    Elements(Around),
    /// In an envelope, behind its array.
    Members,
    /// In an item that is too large; then back to where it stood.
    Skipping(Brackets, Around),
}

/// What an item stands in, or its array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Array,
    EnvelopeArray,
}

/// Members of an envelope that hold its items.
const ARRAYS: [&str; 5] = ["Records", "Events", "logEvents", "events", "QueryResultRows"];

impl Splitter {
    /// The next step in `rest`, which moves on. `at_end`: nothing comes behind `rest`.
    pub fn next<'w>(&mut self, rest: &mut &'w [u8], at_end: bool) -> Step<'w> {
        loop {
            if let Place::Skipping(brackets, around) = &mut self.place {
                let (end, around) = (brackets.feed(rest), *around);
                advance(rest, end.unwrap_or(rest.len()));
                self.place = if end.is_some() { around.place() } else { std::mem::take(&mut self.place) };
            }
            *rest = skip_separators(rest);
            let step = match (&self.place, rest.first()) {
                (_, None) => Some(self.out_of_text(at_end)),
                (Place::Elements(around), Some(b']')) => {
                    let place = if *around == Around::EnvelopeArray { Place::Members } else { Place::Between };
                    self.step_over(rest, 1, place)
                }
                (Place::Elements(around), _) => self.item(rest, at_end, *around),
                (Place::Members, Some(b'}')) => self.step_over(rest, 1, Place::Between),
                (Place::Members, _) => self.member(rest, at_end),
                (_, Some(b'[')) => self.step_over(rest, 1, Place::Elements(Around::Array)),
                (_, Some(b'{')) => self.object(rest, at_end),
                (_, Some(b'"')) => self.item(rest, at_end, Around::Nothing),
                _ => no_json(rest, at_end),
            };
            if let Some(step) = step {
                return step;
            }
        }
    }

    /// Between items the end may come; anywhere else it comes too early.
    fn out_of_text(&mut self, at_end: bool) -> Step<'static> {
        if !at_end {
            return Step::More;
        }
        match std::mem::take(&mut self.place) {
            Place::Between => Step::End,
            _ => Step::Broken { breakage: Breakage::CutOff, length: 0 },
        }
    }

    fn step_over<'w>(&mut self, rest: &mut &[u8], length: usize, place: Place) -> Option<Step<'w>> {
        advance(rest, length);
        self.place = place;
        None
    }

    /// An object outside of everything: an item, or an envelope.
    fn object<'w>(&mut self, rest: &mut &'w [u8], at_end: bool) -> Option<Step<'w>> {
        if starts_like_a_record(rest) {
            return self.item(rest, at_end, Around::Nothing);
        }
        let mut inside = rest.get(1..)?;
        while let Some(head) = MemberHead::read(inside) {
            match head.items {
                Items::Array => {
                    let length = rest.len() - head.value.len() + 1;
                    return self.step_over(rest, length, Place::Elements(Around::EnvelopeArray));
                }
                Items::NoArray => {
                    let Some(length) = end_of_value(rest) else { break };
                    advance(rest, length);
                    return Some(Step::Broken { breakage: Breakage::RecordsNotAnArray, length });
                }
                Items::None => {}
            }
            let Some(end) = end_of_value(head.value) else { break };
            inside = head.value.get(end..)?;
        }
        self.item(rest, at_end, Around::Nothing)
    }

    /// A member of an envelope behind its array.
    fn member<'w>(&mut self, rest: &mut &'w [u8], at_end: bool) -> Option<Step<'w>> {
        if let Some(head) = MemberHead::read(rest) {
            let before = rest.len() - head.value.len();
            if matches!(head.items, Items::Array) {
                return self.step_over(rest, before + 1, Place::Elements(Around::EnvelopeArray));
            }
            if let Some(end) = end_of_value(head.value).filter(|end| *end > 0 && before + end < rest.len()) {
                return self.step_over(rest, before + end, Place::Members);
            }
        }
        let step = incomplete(rest, at_end);
        if matches!(step, Step::Broken { .. }) {
            self.place = Place::Between;
        }
        Some(step)
    }

    fn item<'w>(&mut self, rest: &mut &'w [u8], at_end: bool, around: Around) -> Option<Step<'w>> {
        let text = *rest;
        let is_scalar = !text.starts_with(b"{") && !text.starts_with(b"[") && !text.starts_with(b"\"");
        let may_go_on = |end: usize| is_scalar && end == text.len() && !at_end;
        match end_of_item(text).filter(|(end, _)| !may_go_on(*end)) {
            // A bracket too many, a colon.
            Some((0, _)) => {
                advance(rest, 1);
                Some(Step::Broken { breakage: Breakage::NotJson, length: 1 })
            }
            Some((end, escapes)) if end <= LONGEST_ITEM => {
                advance(rest, end);
                Some(Step::Item { text: text.get(..end)?, escapes })
            }
            Some((end, _)) => {
                let length = resume(rest).unwrap_or(end);
                advance(rest, length);
                Some(Step::Broken { breakage: Breakage::TooLarge, length })
            }
            None => Some(self.incomplete_item(rest, at_end, around)),
        }
    }

    fn incomplete_item<'w>(&mut self, rest: &mut &'w [u8], at_end: bool, around: Around) -> Step<'w> {
        let text = *rest;
        let step = incomplete(rest, at_end);
        match step {
            Step::Broken { breakage: Breakage::TooLarge, length } if length == text.len() => {
                let mut brackets = Brackets::default();
                brackets.feed(text);
                self.place = Place::Skipping(brackets, around);
            }
            Step::Broken { length, .. } if length == text.len() => self.place = Place::Between,
            _ => {}
        }
        step
    }
}

impl Around {
    fn place(self) -> Place {
        match self {
            Self::Nothing => Place::Between,
            Self::Array | Self::EnvelopeArray => Place::Elements(self),
        }
    }
}

/// Whether the object begins as CloudTrail writes its records: then it is no envelope.
pub fn starts_like_a_record(object: &[u8]) -> bool {
    const FIRST_KEYS: [&[u8]; 10] = [
        b"eventVersion\"",
        b"userIdentity\"",
        b"awsRegion\"",
        b"additionalEventData\"",
        b"eventTime\"",
        b"eventSource\"",
        b"eventName\"",
        b"eventID\"",
        b"eventType\"",
        b"eventCategory\"",
    ];
    let inside = object.get(1..).unwrap_or_default().trim_ascii_start();
    let key = inside.strip_prefix(b"\"");
    object.starts_with(b"{") && key.is_some_and(|key| FIRST_KEYS.iter().any(|first| key.starts_with(first)))
}

/// Where the next object starts on a line of its own, behind the first byte of `text`.
pub fn next_object_line(text: &[u8]) -> Option<usize> {
    memmem::find(text.get(1..)?, b"\n{\"").map(|at| at + 2)
}

/// The start of a member: its key is read, its value begins.
struct MemberHead<'w> {
    value: &'w [u8],
    items: Items,
}

/// Whether a member holds an envelope's items.
enum Items {
    Array,
    /// It is `Records`, and no array.
    NoArray,
    None,
}

impl<'w> MemberHead<'w> {
    fn read(text: &'w [u8]) -> Option<Self> {
        let text = skip_separators(text);
        if text.first()? != &b'"' {
            return None;
        }
        let (key, behind) = text.split_at_checked(end_of_value(text)?)?;
        let value = behind.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let key = string(key)?;
        let items = match value.first()? {
            b'[' if ARRAYS.contains(&key.as_ref()) => Items::Array,
            b'[' => Items::None,
            _ if key == "Records" => Items::NoArray,
            _ => Items::None,
        };
        Some(Self { value, items })
    }
}

/// What does not end in `rest`: more text is needed, unless there is none or it would be too large.
fn incomplete<'w>(rest: &mut &'w [u8], at_end: bool) -> Step<'w> {
    let too_large = rest.len() >= LONGEST_ITEM;
    if !at_end && !too_large {
        return Step::More;
    }
    let breakage = if too_large { Breakage::TooLarge } else { Breakage::CutOff };
    let length = resume(rest).unwrap_or(rest.len());
    advance(rest, length);
    Step::Broken { breakage, length }
}

/// Where to go on behind what is broken; looks as far as an item may reach, so that windows of any size agree.
fn resume(text: &[u8]) -> Option<usize> {
    next_object_line(text.get(..LONGEST_ITEM).unwrap_or(text))
}

/// A line that does not start as JSON. Exports may write the time in front of each record; else the line is broken.
fn no_json<'w>(rest: &mut &'w [u8], at_end: bool) -> Option<Step<'w>> {
    /// Enough for a time and a level.
    const LONGEST_PREFIX: usize = 80;
    let end = memchr::memchr(b'\n', rest);
    let line = rest.get(..end.unwrap_or(rest.len()))?;
    let brace = memchr::memchr(b'{', line).filter(|brace| *brace <= LONGEST_PREFIX);
    if let Some(brace) = brace.filter(|_| line.first().is_some_and(u8::is_ascii_digit)) {
        advance(rest, brace);
        return None;
    }
    if end.is_none() && !at_end && line.len() < LONGEST_ITEM {
        return Some(Step::More);
    }
    let length = line.len();
    advance(rest, length);
    Some(Step::Broken { breakage: Breakage::NotJson, length })
}

fn advance(rest: &mut &[u8], by: usize) {
    *rest = rest.get(by..).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Items as text and breakages, with a window that grows by `step` bytes at a time.
    fn split_by(text: &str, step: usize) -> Vec<String> {
        let (mut splitter, mut found) = (Splitter::default(), Vec::new());
        let (mut start, mut end) = (0, 0);
        loop {
            let mut rest = &text.as_bytes()[start..end];
            let next = splitter.next(&mut rest, end == text.len());
            start = end - rest.len();
            match next {
                Step::Item { text: item, escapes } => {
                    assert!(escapes || !item.contains(&b'\\'));
                    found.push(String::from_utf8(item.to_vec()).unwrap());
                }
                Step::Broken { breakage, .. } => found.push(format!("{breakage:?}")),
                Step::More => end = (end + step).min(text.len()),
                Step::End => return found,
            }
        }
    }

    fn split(text: &str) -> Vec<String> {
        let whole = split_by(text, text.len());
        for step in [1, 2, 3, 7, 64] {
            assert_eq!(split_by(text, step), whole, "window growing by {step}");
        }
        whole
    }

    #[test]
    fn envelopes_fall_apart_into_items() {
        for text in [
            r#"{"Records":[{"a":1},{"b":[2]}]}"#,
            r#"{"NextToken":"x","Events":[{"a":1},{"b":[2]}],"More":{"c":[]}}"#,
            r#"{"messageType":"DATA_MESSAGE","logEvents":[{"a":1},{"b":[2]}]}"#,
            r#"[{"a":1},{"b":[2]}]"#,
            "{\"a\":1}\n\n{\"b\":[2]}\n",
            r#"{"a":1}{"b":[2]}"#,
            "{ \"Records\" : [\n  {\"a\":1}\n , {\"b\":[2]} ] }\n",
            r#"{"Records":[{"a":1}]} {"Records":[]} {"Records":[{"b":[2]}]}"#,
            "2026-03-13T08:33:30.000Z {\"a\":1}\n2026-03-13T08:33:31.000Z {\"b\":[2]}\n",
        ] {
            assert_eq!(split(text), [r#"{"a":1}"#, r#"{"b":[2]}"#], "{text}");
        }
        assert_eq!(split(r#"["{\"a\":1}","b"]"#), [r#""{\"a\":1}""#, r#""b""#]);
        assert_eq!(split("[1,null]"), ["1", "null"]);
        for text in ["", "  \n", "[]", r#"{"Records":[]}"#, r#"{"Records":[],"x":1}"#] {
            assert_eq!(split(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn strings_hide_brackets() {
        assert_eq!(split(r#"{"Records":[{"a":"]}\"["}]}"#), [r#"{"a":"]}\"["}"#]);
        assert_eq!(split(r#"{"x":"Records","y":{"Records":[1]}}"#), [r#"{"x":"Records","y":{"Records":[1]}}"#]);
    }

    #[test]
    fn what_is_broken_is_named() {
        assert_eq!(split(r#"{"Records":{"a":1}}"#), ["RecordsNotAnArray"]);
        assert_eq!(split(r#"{"Records":[{"a":1},{"b":"#), [r#"{"a":1}"#, "CutOff"]);
        assert_eq!(split(r#"{"Records":[{"a":1}"#), [r#"{"a":1}"#, "CutOff"]);
        assert_eq!(split(r#"{"Records":[{"a":1}],"x"#), [r#"{"a":1}"#, "CutOff"]);
        assert_eq!(split("hello\nworld"), ["NotJson", "NotJson"]);
        assert_eq!(split("[:1]"), ["NotJson", "1"]);
    }

    #[test]
    fn splitting_goes_on_at_the_next_line_with_an_object() {
        assert_eq!(split("{\"a\":\n{\"b\":1"), ["CutOff", "CutOff"]);
        assert_eq!(split("{\"a\":[\n{\"b\":1}\n"), ["CutOff", r#"{"b":1}"#]);
        assert_eq!(split("x\n{\"b\":1}\n"), ["NotJson", r#"{"b":1}"#]);
    }

    #[test]
    fn an_item_that_is_too_large_is_skipped() {
        let text = format!(r#"{{"Records":[{{"a":"{}"}},{{"b":1}}]}}"#, "x".repeat(LONGEST_ITEM + 10));
        for step in [1 << 20, LONGEST_ITEM + 1, text.len()] {
            let found = split_by(&text, step);
            assert!(found == ["TooLarge", r#"{"b":1}"#], "{step}: {} items", found.len());
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_or_hang(text in r#"[\[\]{}",:\\ Ra1\n]{0,60}"#, step in 1usize..20) {
            prop_assert_eq!(split_by(&text, step), split_by(&text, text.len().max(1)));
        }

        #[test]
        fn noise_around_records_does_not_hang(noise in r#"[\[\]{}",:\\ ]{0,20}"#) {
            split_by(&format!(r#"{{"Records":[{noise}{{"a":1}}{noise}]}}"#), 5);
        }
    }
}
