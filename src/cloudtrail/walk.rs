//! Walks the members of a JSON object without building it.

use std::borrow::Cow;

use super::structure::end_of_value;

/// What is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnObject;

/// The members of one object: name and the text of the value.
pub struct Members<'a> {
    rest: &'a [u8],
    /// Behind the last member; the iterator stays there.
    done: bool,
}

/// The members of the object that starts `text`.
pub fn members(text: &[u8]) -> Result<Members<'_>, NotAnObject> {
    match text.trim_ascii_start().split_first() {
        Some((b'{', rest)) => Ok(Members { rest, done: false }),
        _ => Err(NotAnObject),
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = Result<(Cow<'a, [u8]>, &'a [u8]), NotAnObject>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        self.rest = skip_separators(self.rest);
        let member = match self.rest.first() {
            Some(b'}') => None,
            _ => Some(self.member().ok_or(NotAnObject)),
        };
        self.done = !matches!(member, Some(Ok(_)));
        member
    }
}

impl<'a> Members<'a> {
    /// What has not been walked yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    fn member(&mut self) -> Option<(Cow<'a, [u8]>, &'a [u8])> {
        if self.rest.first() != Some(&b'"') {
            return None;
        }
        let (key, rest) = self.rest.split_at_checked(end_of_value(self.rest)?)?;
        let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let (value, rest) = rest.split_at_checked(end_of_value(rest)?)?;
        if value.is_empty() {
            return None;
        }
        self.rest = rest;
        Some((plain_key(key)?, value))
    }
}

/// The elements of the array that starts `text`, each as text. Ends early where the array is broken.
pub fn elements(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text.trim_ascii_start().strip_prefix(b"[").unwrap_or_default();
    std::iter::from_fn(move || {
        rest = skip_separators(rest);
        if rest.first()? == &b']' {
            return None;
        }
        let (element, behind) = rest.split_at_checked(end_of_value(rest)?)?;
        rest = behind;
        (!element.is_empty()).then_some(element)
    })
}

/// Skips white space and commas. A comma too many does not make a record unreadable.
pub fn skip_separators(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|b| *b != b',' && !b.is_ascii_whitespace());
    text.get(start.unwrap_or(text.len())..).unwrap_or_default()
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

fn plain_key(raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    let inner = raw.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if memchr::memchr(b'\\', inner).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    string(raw).map(|key| Cow::Owned(key.into_owned().into_bytes()))
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
