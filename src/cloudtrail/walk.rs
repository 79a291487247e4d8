//! Walks the members of a JSON object without building it.

use std::borrow::Cow;

use super::structure::{end_of_string, end_of_value};

/// What is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnObject;

/// The members of one object: name and the text of the value.
#[derive(Debug)]
pub struct Members<'a> {
    /// What has not been walked yet.
    rest: &'a [u8],
    /// Behind the last member; the iterator stays there.
    done: bool,
}

/// A member's name, unescaped, and the text of its value.
pub type Member<'a> = (Cow<'a, [u8]>, &'a [u8]);

/// The members of the object that starts `text`.
pub fn members(text: &[u8]) -> Result<Members<'_>, NotAnObject> {
    let rest = text.trim_ascii_start().strip_prefix(b"{").ok_or(NotAnObject)?;
    Ok(Members { rest, done: false })
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<Member<'a>, NotAnObject>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        // A comma too many does not make a record unreadable.
        self.rest = skip_separators(self.rest);
        if self.rest.first() == Some(&b'}') {
            self.done = true;
            return None;
        }
        let member = self.read_member().ok_or(NotAnObject);
        self.done = member.is_err();
        Some(member)
    }
}

impl<'a> Members<'a> {
    /// What has not been walked yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next member if it has one of these names: its place among them, and its value. `None`: [`Members::next`] tells.
    /// To compare a name with the few that may come next is faster than to read it.
    #[inline]
    pub fn next_of(&mut self, names: &[&str]) -> Option<(usize, &'a [u8])> {
        let text = skip_separators(self.rest);
        let (place, name) = names.iter().enumerate().find(|(_, name)| starts_with_name(text, name))?;
        let value = self.read_value(text.get(name.len() + "\"\":".len()..)?)?;
        Some((place, value))
    }

    fn read_member(&mut self) -> Option<Member<'a>> {
        let (name, behind) = read_name(self.rest)?;
        let value = self.read_value(skip_space(behind).strip_prefix(b":")?)?;
        Some((name, value))
    }

    /// The value behind the colon of a member, behind which the walk goes on.
    fn read_value(&mut self, behind_colon: &'a [u8]) -> Option<&'a [u8]> {
        let value = skip_space(behind_colon);
        let (value, behind) = value.split_at_checked(end_of_value(value)?)?;
        let rest = skip_space(behind);
        let ends = matches!(rest.first()?, b',' | b'}');
        if !ends || value.is_empty() {
            return None;
        }
        self.rest = rest;
        Some(value)
    }
}

/// Whether a member with this name starts the text, written without white space.
#[inline]
fn starts_with_name(text: &[u8], name: &str) -> bool {
    let behind = name.len() + 1;
    // Where it ends tells most names apart.
    text.get(behind..behind + 2) == Some(b"\":")
        && text.get(1..behind) == Some(name.as_bytes())
        && text.first() == Some(&b'"')
}

/// The name that starts a member, and what comes behind it. Names are short: a plain loop beats a search.
#[inline]
fn read_name(text: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let inner = text.strip_prefix(b"\"")?;
    let end = inner.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
    if inner.get(end) == Some(&b'"') {
        return Some((Cow::Borrowed(inner.get(..end)?), inner.get(end + 1..)?));
    }
    let (raw, behind) = text.split_at_checked(end_of_string(text)?)?;
    let name = string(raw)?.into_owned().into_bytes();
    Some((Cow::Owned(name), behind))
}

/// Without white space in front, of which there is none most of the time.
#[inline]
fn skip_space(text: &[u8]) -> &[u8] {
    match text.first() {
        Some(first) if *first > b' ' => text,
        _ => text.trim_ascii_start(),
    }
}

/// The elements of the array that starts `text`, each as text. Ends early where the array is broken.
pub fn elements(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text.strip_prefix(b"[").unwrap_or_default();
    std::iter::from_fn(move || {
        let text = skip_separators(rest);
        let (element, behind) = text.split_at_checked(end_of_value(text)?)?;
        rest = behind;
        (!element.is_empty()).then_some(element)
    })
}

/// Skips white space and commas. A comma too many does not make a record unreadable.
#[inline]
pub fn skip_separators(text: &[u8]) -> &[u8] {
    let separates = |byte: &u8| *byte == b',' || byte.is_ascii_whitespace();
    let mut rest = text;
    while let Some((first, behind)) = rest.split_first()
        && separates(first)
    {
        rest = behind;
    }
    rest
}

/// A string's text without quotes and escapes; `None` if it is no legal string.
pub fn string(raw: &[u8]) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        return std::str::from_utf8(inner).ok().map(Cow::Borrowed);
    }
    serde_json::from_slice::<String>(raw).ok().map(Cow::Owned)
}

/// Text that people may have written as another type: a number or boolean as it stands, a list as its strings with a
/// blank between. `None` for null, objects and the empty string.
pub fn lenient_text(raw: &[u8]) -> Option<Cow<'_, str>> {
    let text = match raw.first()? {
        b'"' => string(raw)?,
        b'n' | b'{' => return None,
        b'[' => Cow::Owned(serde_json::from_slice::<Vec<String>>(raw).ok()?.join(" ")),
        _ => Cow::Borrowed(std::str::from_utf8(raw).ok()?),
    };
    (!text.is_empty()).then_some(text)
}

/// A boolean, also as a string in any case.
pub fn lenient_bool(raw: &[u8]) -> Option<bool> {
    let text = lenient_text(raw)?;
    [true, false].into_iter().find(|value| text.eq_ignore_ascii_case(if *value { "true" } else { "false" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_with_their_raw_values() {
        let found: Vec<_> =
            members(br#" { "a" : 1, "b\u0063":{"d":[]} ,"e":"x\ny",} "#).unwrap().map(Result::unwrap).collect();
        let expected: [(&[u8], &[u8]); 3] = [(b"a", b"1"), (b"bc", br#"{"d":[]}"#), (b"e", br#""x\ny""#)];
        assert_eq!(found.len(), expected.len());
        for ((key, value), (expected_key, expected_value)) in found.iter().zip(expected) {
            assert_eq!((key.as_ref(), *value), (expected_key, expected_value));
        }
    }

    #[test]
    fn an_expected_member_is_found_by_its_name() {
        let text = br#"{"a":1, "bc":{"a":2},"b" :3,"x":4"#;
        let mut walk = members(text).unwrap();
        assert_eq!(walk.next_of(&["b", "bc", "a"]), Some((2, &b"1"[..])));
        assert_eq!(walk.next_of(&["a", "b"]), None);
        assert_eq!(walk.next_of(&["bc"]), Some((0, &br#"{"a":2}"#[..])));
        assert_eq!(walk.next_of(&["b"]), None, "with a space before the colon it is left to the walk");
        assert_eq!(walk.next(), Some(Ok((b"b".as_slice().into(), &b"3"[..]))));
        assert_eq!(walk.next_of(&["x"]), None, "it does not end");
        assert_eq!(walk.next(), Some(Err(NotAnObject)));
        assert_eq!(walk.next_of(&["x"]), None);
    }

    #[test]
    fn broken_objects_end_in_an_error() {
        for text in [&b"{\"a\""[..], b"{\"a\":", b"{\"a\":1", b"{a:1}", b"{\"a\":}"] {
            assert_eq!(members(text).unwrap().last(), Some(Err(NotAnObject)), "{}", text.escape_ascii());
        }
        assert!(members(b"[1]").is_err());
    }

    #[test]
    fn text_may_be_written_as_another_type() {
        assert_eq!(lenient_text(br#"["a","b"]"#).as_deref(), Some("a b"));
        assert_eq!(lenient_text(b"12").as_deref(), Some("12"));
        assert_eq!(lenient_text(b"null"), None);
        assert_eq!(lenient_bool(br#""True""#), Some(true));
        assert_eq!(lenient_bool(b"false"), Some(false));
    }
}
