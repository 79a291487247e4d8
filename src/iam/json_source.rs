//! JSON that remembers where it stood: keys in order, repeated ones included, and the line of every value.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// A JSON text and where its lines begin.
#[derive(Debug)]
pub(super) struct Source<'t> {
    text: &'t str,
    newlines: Vec<usize>,
}

/// A value inside a [`Source`], one level deep.
#[derive(Debug)]
pub(super) enum Shape<'t> {
    Object(Vec<(String, &'t RawValue)>),
    List(Vec<&'t RawValue>),
    String(String),
    /// As written: `443`, `1.50`.
    Number(&'t str),
    /// `true` or `false`
    Bool(&'t str),
    Null,
}

impl<'t> Source<'t> {
    /// Checks that the text is one JSON value.
    pub(super) fn new(text: &'t str) -> Result<(Self, &'t RawValue), serde_json::Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let root = serde_json::from_str(text)?;
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        Ok((Self { text, newlines }, root))
    }

    /// The line that the value begins on, from 1.
    pub(super) fn line(&self, value: &RawValue) -> usize {
        // INVARIANT: a borrowed raw value is a slice of the text that it was read from.
        let offset = (value.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.newlines.partition_point(|&newline| newline < offset) + 1
    }
}

impl<'t> Shape<'t> {
    /// Looks one level into a value. Fails only on a string that no Unicode text stands for, such as half a surrogate pair.
    pub(super) fn of(value: &'t RawValue) -> Result<Self, serde_json::Error> {
        let text = value.get();
        Ok(match text.bytes().next() {
            Some(b'{') => Self::Object(serde_json::from_str::<Entries<'t>>(text)?.0),
            Some(b'[') => Self::List(serde_json::from_str(text)?),
            Some(b'"') => Self::String(serde_json::from_str(text)?),
            Some(b't' | b'f') => Self::Bool(text),
            Some(b'n') => Self::Null,
            _ => Self::Number(text),
        })
    }

    /// What it is, for people.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Object(_) => "an object",
            Self::List(_) => "a list",
            Self::String(_) => "a string",
            Self::Number(_) => "a number",
            Self::Bool(_) => "a boolean",
            Self::Null => "null",
        }
    }
}

/// The entries of an object, as written.
struct Entries<'t>(Vec<(String, &'t RawValue)>);

impl<'de: 't, 't> Deserialize<'de> for Entries<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }

        deserializer.deserialize_map(EntriesVisitor).map(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_know_their_lines_and_keys_may_repeat() {
        let (source, root) = Source::new("\u{feff}{\n \"a\": 1,\n\n \"a\": [\"x\",\n \"y\"]}").unwrap();
        let Shape::Object(entries) = Shape::of(root).unwrap() else { panic!("no object") };
        let lines: Vec<_> = entries.iter().map(|(key, value)| (key.as_str(), source.line(value))).collect();
        assert_eq!(lines, [("a", 2), ("a", 4)]);
        let Shape::List(list) = Shape::of(entries[1].1).unwrap() else { panic!("no list") };
        assert_eq!(list.iter().map(|value| source.line(value)).collect::<Vec<_>>(), [4, 5]);
    }

    #[test]
    fn what_is_no_json_is_refused() {
        for text in ["", "{", "{} {}", "{\"a\": }", "nul"] {
            assert!(Source::new(text).is_err(), "{text}");
        }
    }
}
