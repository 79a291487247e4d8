//! Texts with `*` (any run of characters) and `?` (any one character): matching, containment, overlap.
//!
//! [`matches`] runs on bytes without allocating. [`covers`] and [`intersects`] are exact questions about the sets of texts
//! that two patterns stand for.

use std::collections::BTreeSet;

use super::variable::symbols;

/// Stands for a literal `*` in the pattern of [`matches`]: a byte that UTF-8 never holds.
pub(super) const LITERAL_STAR: u8 = 0xFE;
/// Stands for a literal `?` in the pattern of [`matches`].
pub(super) const LITERAL_QUESTION_MARK: u8 = 0xFF;

/// How many state sets [`covers`] looks at before it gives up and says no, which is the safe answer. Only patterns made for
/// the purpose get there.
const MAX_STATE_SETS: usize = 4096;

/// Whether the pattern stands for the text. Iterative: goes back to the last `*` only.
pub(super) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry = None;
    loop {
        match (pattern.get(p), text.get(t)) {
            (Some(b'*'), _) => {
                p += 1;
                if p == pattern.len() {
                    return true;
                }
                retry = Some((p, t));
            }
            (Some(b'?'), Some(_)) => {
                p += 1;
                t = next_character(text, t);
            }
            (Some(&want), Some(&have)) if literal(want) == have => {
                p += 1;
                t += 1;
            }
            (None, None) => return true,
            _ => match retry {
                Some((star, at)) if at < text.len() => {
                    (p, t) = (star, next_character(text, at));
                    retry = Some((p, t));
                }
                _ => return false,
            },
        }
    }
}

fn literal(byte: u8) -> u8 {
    match byte {
        LITERAL_STAR => b'*',
        LITERAL_QUESTION_MARK => b'?',
        other => other,
    }
}

/// The start of the character behind the one at `at`: `?` is one character, not one byte.
fn next_character(text: &[u8], at: usize) -> usize {
    let mut next = at + 1;
    while text.get(next).is_some_and(|byte| byte & 0xC0 == 0x80) {
        next += 1;
    }
    next
}

/// One element of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol<'p> {
    /// `*`
    Run,
    /// `?`
    One,
    Char(char),
    /// A policy variable, `${…}`: some text, the same wherever the same variable stands.
    Variable(&'p str),
}

/// Whether each text of `narrow` is one of `wide`. The long way is taken only where both hold wildcards.
pub(super) fn covers(wide: &str, narrow: &str) -> bool {
    match (is_plain(wide), is_plain(narrow)) {
        _ if wide == narrow || wide == "*" => true,
        _ if begin_differently(wide, narrow) => false,
        (_, true) if !wide.contains('$') => matches(wide.as_bytes(), narrow.as_bytes()),
        (true, false) if !narrow.contains('$') => false,
        _ => covers_symbols(&symbols(wide).collect::<Vec<_>>(), &symbols(narrow).collect::<Vec<_>>()),
    }
}

/// Whether some text belongs to both. A policy variable counts as `*`.
pub(super) fn intersects(left: &str, right: &str) -> bool {
    match (is_plain(left), is_plain(right)) {
        _ if left == right => true,
        (true, true) => false,
        _ if begin_differently(left, right) => false,
        (_, true) if !left.contains('$') => matches(left.as_bytes(), right.as_bytes()),
        (true, _) if !right.contains('$') => matches(right.as_bytes(), left.as_bytes()),
        _ => intersects_symbols(&symbols(left).collect::<Vec<_>>(), &symbols(right).collect::<Vec<_>>()),
    }
}

/// Whether two patterns differ before the first wildcard or variable of either: then no text belongs to both.
fn begin_differently(left: &str, right: &str) -> bool {
    let is_open = |byte: u8| matches!(byte, b'*' | b'?' | b'$');
    let mut pairs = left.bytes().zip(right.bytes()).take_while(|(one, other)| !is_open(*one) && !is_open(*other));
    pairs.any(|(one, other)| one != other)
}

/// Whether the pattern stands for itself alone.
fn is_plain(pattern: &str) -> bool {
    !pattern.contains(['*', '?', '$'])
}

/// A text over an alphabet with a character that `wide` never names is the hardest that a `*` or `?` of `narrow` can bring:
/// what takes it takes any character. So it is enough to walk `narrow` with that one fresh character in place of its
/// wildcards, keeping the sets of positions in `wide` that each text so far may have led to.
fn covers_symbols(wide: &[Symbol<'_>], narrow: &[Symbol<'_>]) -> bool {
    let mut sets = BTreeSet::from([closure(wide, BTreeSet::from([0]))]);
    for symbol in narrow {
        sets = match symbol {
            Symbol::Run => match all_runs(wide, sets) {
                Some(sets) => sets,
                None => return false,
            },
            _ => sets.iter().map(|set| step(wide, set, symbol)).collect(),
        };
        if sets.iter().any(BTreeSet::is_empty) {
            return false;
        }
    }
    sets.iter().all(|set| set.contains(&wide.len()))
}

/// The sets reached by no, one, two … fresh characters. `None`: too many.
fn all_runs(wide: &[Symbol<'_>], sets: BTreeSet<BTreeSet<usize>>) -> Option<BTreeSet<BTreeSet<usize>>> {
    let mut open: Vec<_> = sets.iter().cloned().collect();
    let mut all = sets;
    while let Some(set) = open.pop() {
        let next = step(wide, &set, &Symbol::One);
        if all.insert(next.clone()) {
            open.push(next);
        }
        if all.len() > MAX_STATE_SETS {
            return None;
        }
    }
    Some(all)
}

/// The positions in `wide` after one more symbol; [`Symbol::One`] is the fresh character.
fn step(wide: &[Symbol<'_>], set: &BTreeSet<usize>, symbol: &Symbol<'_>) -> BTreeSet<usize> {
    let moved = set.iter().filter_map(|&at| match (wide.get(at)?, symbol) {
        (Symbol::Run, _) => Some(at),
        (Symbol::One, Symbol::One | Symbol::Char(_)) => Some(at + 1),
        (wanted @ (Symbol::Char(_) | Symbol::Variable(_)), given) if wanted == given => Some(at + 1),
        _ => None,
    });
    closure(wide, moved.collect())
}

/// Adds the positions that a `*` for no character leads to.
fn closure(wide: &[Symbol<'_>], mut set: BTreeSet<usize>) -> BTreeSet<usize> {
    for at in 0..wide.len() {
        if set.contains(&at) && wide.get(at) == Some(&Symbol::Run) {
            set.insert(at + 1);
        }
    }
    set
}

fn intersects_symbols(left: &[Symbol<'_>], right: &[Symbol<'_>]) -> bool {
    let is_run = |symbol: &Symbol<'_>| matches!(symbol, Symbol::Run | Symbol::Variable(_));
    // `row[j]`: what is left of `left` from the present symbol on overlaps with `right` from `j` on.
    let mut row: Vec<bool> = vec![false; right.len() + 1];
    for i in (0..=left.len()).rev() {
        let below = std::mem::take(&mut row);
        row = vec![false; right.len() + 1];
        for j in (0..=right.len()).rev() {
            let at = |row: &[bool], j: usize| row.get(j).copied().unwrap_or(false);
            let overlap = match (left.get(i), right.get(j)) {
                (None, None) => true,
                (Some(l), r) if is_run(l) => at(&below, j) || (r.is_some() && at(&row, j + 1)),
                (l, Some(r)) if is_run(r) => at(&row, j + 1) || (l.is_some() && at(&below, j)),
                (Some(Symbol::Char(l)), Some(Symbol::Char(r))) => l == r && at(&below, j + 1),
                (Some(_), Some(_)) => at(&below, j + 1),
                _ => false,
            };
            if let Some(cell) = row.get_mut(j) {
                *cell = overlap;
            }
        }
    }
    row.first().copied().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glob(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes())
    }

    #[test]
    fn stars_take_any_run_and_question_marks_one_character() {
        assert!(glob("*", "") && glob("a*c", "ac") && glob("a*c", "abcbc") && glob("a?c", "aäc"));
        assert!(!glob("?", "") && !glob("a*c", "abcb") && !glob("a?c", "ac") && !glob("", "a"));
        assert!(glob("*?b", "äb") && !glob("*??b", "äb"));
    }

    #[test]
    fn escaped_wildcards_stand_for_themselves() {
        assert!(matches(&[b'a', LITERAL_STAR], b"a*") && !matches(&[b'a', LITERAL_STAR], b"ab"));
        assert!(matches(&[LITERAL_QUESTION_MARK], b"?") && !matches(&[LITERAL_QUESTION_MARK], b"x"));
    }

    #[test]
    fn containment_is_about_all_texts() {
        assert!(covers("a*", "ab*c") && covers("*?", "?*") && covers("**", "*") && covers("a?*", "a??"));
        assert!(!covers("?*", "*") && !covers("a*b*", "a*c") && !covers("a?", "a*") && !covers("ab", "a?"));
        assert!(covers("*${aws:username}", "x/${aws:username}") && covers("*", "${aws:username}"));
        assert!(!covers("?", "${aws:username}") && !covers("${a:b}", "${a:c}") && !covers("${a:b}", "*"));
        assert!(covers("a?c", "abc") && !covers("a?c", "ac") && !covers("ab", "ab*") && covers("a$", "a$"));
        assert!(!covers("${*}", "*") && covers("*", "${*}") && covers("?", "${*}"));
    }

    #[test]
    fn overlap_is_about_some_text() {
        assert!(intersects("a*", "*b") && intersects("a?c", "*b*") && intersects("", "*"));
        assert!(!intersects("a*", "b*") && !intersects("??", "?") && !intersects("", "?"));
        assert!(intersects("x-${aws:username}", "x-abc") && intersects("ab", "a?") && !intersects("abc", "a?"));
        assert!(!intersects("ab", "ac") && intersects("x-abc", "x-${aws:username}"));
    }
}
