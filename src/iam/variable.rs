//! Policy variables: `${aws:username}`, `${aws:PrincipalTag/team, 'none'}`, and the escapes `${*}`, `${?}`, `${$}`.

use super::glob::Symbol;

/// One piece of a text with variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    /// Plain text; `*` and `?` in it are wildcards where the element takes them.
    Text(&'t str),
    /// `${*}`, `${?}` or `${$}`: the character itself.
    Escape(char),
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
            Piece::Escape(character) => ("", Some(Symbol::Char(character))),
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
        "*" => Piece::Escape('*'),
        "?" => Piece::Escape('?'),
        "$" => Piece::Escape('$'),
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
                Piece::Escape('*'),
                Piece::Text("b"),
                Piece::Variable { whole: "${aws:PrincipalTag/team, 'no one'}", key, default: Some("no one") },
            ]
        );
    }

    #[test]
    fn what_is_never_closed_is_text() {
        assert_eq!(pieces("a${b").collect::<Vec<_>>(), [Piece::Text("a${b")]);
    }
}
