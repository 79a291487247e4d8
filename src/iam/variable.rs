//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and the escapes `${*}`, `${?}`, `${$}`.

use std::borrow::Cow;

use super::glob::{LITERAL_QUESTION_MARK, LITERAL_STAR, Symbol};
use super::{Context, ContextValue};

/// One piece of a text with variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Plain text; `*` and `?` in it are wildcards where the element takes them.
    Text(&'t str),
    /// `${*}`, `${?}` or `${$}`: the character itself.
    Escape(&'t str),
    /// `${key}` or `${key, 'default'}`; `whole` is the variable as written.
    Variable { whole: &'t str, key: &'t str, default: Option<&'t str> },
}

/// The pieces of a text, in order. A `${` that is never closed is plain text.
pub(super) fn pieces(mut text: &str) -> impl Iterator<Item = Piece<'_>> {
    std::iter::from_fn(move || {
        let (piece, rest) = next_piece(text)?;
        text = rest;
        Some(piece)
    })
}

/// Whether the text holds a variable or an escape.
pub(super) fn has_variable(text: &str) -> bool {
    text.contains("${")
}

/// The elements of a pattern, for questions about its texts.
pub(super) fn symbols(text: &str) -> impl Iterator<Item = Symbol<'_>> {
    pieces(text).flat_map(|piece| {
        let (plain, single) = match piece {
            Piece::Text(plain) => (plain, None),
            Piece::Escape(character) => ("", character.chars().next().map(Symbol::Char)),
            Piece::Variable { whole, .. } => ("", Some(Symbol::Variable(whole))),
        };
        let plain = plain.chars().map(|character| match character {
            '*' => Symbol::Run,
            '?' => Symbol::One,
            other => Symbol::Char(other),
        });
        plain.chain(single)
    })
}

/// Where variables get their values: one request, and whether the document's version knows variables at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) context: &'a Context,
    pub(super) variables: bool,
}

impl<'a> Scope<'a> {
    /// The text with its variables filled in. `None`: one has no value.
    pub(super) fn text<'t>(self, text: &'t str) -> Option<Cow<'t, str>>
    where
        'a: 't,
    {
        if !(self.variables && has_variable(text)) {
            return Some(Cow::Borrowed(text));
        }
        let mut filled = String::new();
        for piece in pieces(text) {
            filled.push_str(self.fill(&piece)?.0);
        }
        Some(Cow::Owned(filled))
    }

    /// The pattern for [`glob::matches`](super::glob::matches) with its variables filled in: what comes from a variable or
    /// an escape is no wildcard. `None`: a variable has no value.
    pub(super) fn pattern<'t>(self, text: &'t str) -> Option<Cow<'t, [u8]>>
    where
        'a: 't,
    {
        if !(self.variables && has_variable(text)) {
            return Some(Cow::Borrowed(text.as_bytes()));
        }
        let mut filled = Vec::new();
        for piece in pieces(text) {
            let (text, plain) = self.fill(&piece)?;
            filled.extend(text.bytes().map(|byte| match byte {
                b'*' if !plain => LITERAL_STAR,
                b'?' if !plain => LITERAL_QUESTION_MARK,
                other => other,
            }));
        }
        Some(Cow::Owned(filled))
    }

    /// The text of a piece, and whether it is plain text of the policy.
    fn fill<'t>(self, piece: &Piece<'t>) -> Option<(&'t str, bool)>
    where
        'a: 't,
    {
        match *piece {
            Piece::Text(text) => Some((text, true)),
            Piece::Escape(text) => Some((text, false)),
            // Keys with several values can't be variables:
            // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
            Piece::Variable { key, default, .. } => match self.context.get(key) {
                Some(ContextValue::One(value)) => Some((value, false)),
                _ => default.map(|default| (default, false)),
            },
        }
    }
}

fn next_piece(text: &str) -> Option<(Piece<'_>, &str)> {
    if text.is_empty() {
        return None;
    }
    let Some((before, inside, rest)) = split_variable(text) else { return Some((Piece::Text(text), "")) };
    if !before.is_empty() {
        return Some((Piece::Text(before), text.get(before.len()..).unwrap_or_default()));
    }
    let whole = text.get(..text.len() - rest.len()).unwrap_or_default();
    Some((variable(whole, inside), rest))
}

/// Text before the first variable, inside of it, behind it.
fn split_variable(text: &str) -> Option<(&str, &str, &str)> {
    let (before, behind) = text.split_once("${")?;
    let (inside, rest) = behind.split_once('}')?;
    Some((before, inside, rest))
}

fn variable<'t>(whole: &'t str, inside: &'t str) -> Piece<'t> {
    match inside {
        "*" | "?" | "$" => Piece::Escape(inside),
        _ => {
            let (key, default) = match inside.split_once(',') {
                Some((key, default)) => (key, quoted(default)),
                None => (inside, None),
            };
            Piece::Variable { whole, key: key.trim(), default }
        }
    }
}

/// What stands between the single quotes of a default value.
fn quoted(text: &str) -> Option<&str> {
    text.trim().strip_prefix('\'')?.strip_suffix('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_falls_into_its_pieces() {
        let found: Vec<_> = pieces("a/${aws:username}${*}b${aws:PrincipalTag/team, 'no one'}").collect();
        let key = "aws:PrincipalTag/team";
        assert_eq!(
            found,
            [
                Piece::Text("a/"),
                Piece::Variable { whole: "${aws:username}", key: "aws:username", default: None },
                Piece::Escape("*"),
                Piece::Text("b"),
                Piece::Variable { whole: "${aws:PrincipalTag/team, 'no one'}", key, default: Some("no one") },
            ]
        );
    }

    #[test]
    fn values_come_from_the_request_and_are_no_wildcards() {
        let mut context = Context::from_iter([("aws:username", "a*")]);
        context.insert("aws:TagKeys", vec!["x".to_owned()]);
        let scope = Scope { context: &context, variables: true };
        assert_eq!(scope.text("u/${AWS:UserName}${$}").as_deref(), Some("u/a*$"));
        assert_eq!(scope.pattern("*${aws:username}").as_deref(), Some(&[b'*', b'a', LITERAL_STAR][..]));
        assert_eq!(scope.text("${aws:userid, 'nobody'}").as_deref(), Some("nobody"));
        assert_eq!((scope.text("${aws:userid}"), scope.text("${aws:TagKeys}")), (None, None));
        let old = Scope { context: &context, variables: false };
        assert_eq!(old.text("${aws:username}").as_deref(), Some("${aws:username}"));
    }

    #[test]
    fn what_is_never_closed_is_text() {
        assert_eq!(pieces("a${b").collect::<Vec<_>>(), [Piece::Text("a${b")]);
    }
}
