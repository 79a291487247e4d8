//! Finds where a JSON value ends, without building it: 64 bytes at a time.
//!
//! Brackets inside strings do not count. Nothing recurses, so nesting a million deep costs nothing. Nothing is
//! validated either: what can't be right JSON fails later, when it is parsed.
//!
//! The steps for each block, after Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019), section 3.1:
//!
//! 1. a bitmap each of quotes, backslashes and brackets ([`bitmaps`](super::bitmaps));
//! 2. quotes behind an odd run of backslashes drop out;
//! 3. a running exclusive or over the quotes gives the bytes inside strings;
//! 4. the brackets outside strings are counted; only a block in which the depth comes down far enough is looked at bit by bit.

use super::bitmaps::{BLOCK, Bitmaps, BlockLoop, run};

/// The index behind the value that starts `text`; `None` if the text ends before the value does.
pub fn end_of_value(text: &[u8]) -> Option<usize> {
    match text.first()? {
        b'{' | b'[' => Brackets::default().feed(text),
        b'"' => end_of_string(text),
        _ => Some(end_of_scalar(text)),
    }
}

/// Like [`end_of_value`]; and whether the value holds a backslash, as far as that is known.
pub fn end_of_item(text: &[u8]) -> Option<(usize, bool)> {
    match text.first()? {
        b'{' | b'[' => {
            let mut brackets = Brackets::default();
            let end = brackets.feed(text)?;
            Some((end, brackets.strings.backslashes != 0))
        }
        _ => end_of_value(text).map(|end| (end, true)),
    }
}

/// Which bytes are inside strings, from block to block.
#[derive(Debug, Clone, Default)]
struct Strings {
    /// All ones while inside a string.
    open: u64,
    /// 1 if the next byte stands behind a backslash.
    escaped: u64,
    /// Not zero once a backslash was met.
    backslashes: u64,
}

impl Strings {
    /// The bytes inside strings of the next block, of which `length` bytes are text.
    #[inline(always)]
    fn inside(&mut self, block: &Bitmaps, length: usize, running_xor: impl Fn(u64) -> u64) -> u64 {
        let mut quotes = block.quotes;
        self.backslashes |= block.backslashes;
        if block.backslashes | self.escaped != 0 {
            quotes &= !self.escaped_bytes(block.backslashes, length);
        }
        let inside = running_xor(quotes) ^ self.open;
        self.open = if inside >> (BLOCK - 1) == 1 { u64::MAX } else { 0 };
        inside
    }

    /// The bytes that stand behind an unescaped backslash, without a branch: adding the starts of runs at odd places to
    /// the runs carries through each of them.
    #[inline(always)]
    fn escaped_bytes(&mut self, backslashes: u64, length: usize) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let backslashes = backslashes & !self.escaped;
        let follows = backslashes << 1 | self.escaped;
        let odd_starts = backslashes & !EVEN & !follows;
        let (runs, carry) = odd_starts.overflowing_add(backslashes);
        let escaped = (EVEN ^ (runs << 1)) & follows;
        self.escaped = if length < BLOCK { escaped >> length & 1 } else { u64::from(carry) };
        escaped
    }
}

/// Counts brackets over any number of pieces of text.
#[derive(Debug, Clone, Default)]
pub struct Brackets {
    depth: u64,
    strings: Strings,
}

impl Brackets {
    /// Takes the next piece; the index in it behind the bracket that closes the first one.
    pub fn feed(&mut self, text: &[u8]) -> Option<usize> {
        run(Feed { brackets: self, text })
    }

    /// Takes one block of `length` bytes.
    #[inline(always)]
    fn step(&mut self, block: &Bitmaps, length: usize, running_xor: impl Fn(u64) -> u64) -> Option<usize> {
        let inside = self.strings.inside(block, length, running_xor);
        let (opens, closes) = (block.opens & !inside, block.closes & !inside);
        let closing = u64::from(closes.count_ones());
        if self.depth > closing {
            self.depth = self.depth + u64::from(opens.count_ones()) - closing;
            return None;
        }
        self.walk(opens, closes)
    }

    /// Counts bracket by bracket: the depth may reach zero here.
    fn walk(&mut self, opens: u64, closes: u64) -> Option<usize> {
        let mut brackets = opens | closes;
        while brackets != 0 {
            let index = brackets.trailing_zeros();
            if opens >> index & 1 == 1 {
                self.depth += 1;
            } else {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    return Some(index as usize + 1);
                }
            }
            brackets &= brackets - 1;
        }
        None
    }
}

struct Feed<'b, 't> {
    brackets: &'b mut Brackets,
    text: &'t [u8],
}

impl BlockLoop for Feed<'_, '_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn run(self, classify: impl Fn(&[u8; BLOCK]) -> Bitmaps, running_xor: impl Fn(u64) -> u64) -> Option<usize> {
        let (blocks, rest) = self.text.as_chunks::<BLOCK>();
        // A copy stays in registers, where a reference would be written through block by block. The loop is plain: inside
        // a closure the code for the processor's own instructions could not be inlined.
        let mut brackets = self.brackets.clone();
        let mut found = None;
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = brackets.step(&classify(block), BLOCK, &running_xor) {
                found = Some(index * BLOCK + end);
                break;
            }
        }
        if found.is_none() && !rest.is_empty() {
            found =
                brackets.step(&classify(&padded(rest)), rest.len(), &running_xor).map(|end| blocks.len() * BLOCK + end);
        }
        *self.brackets = brackets;
        found
    }
}

/// Fills what a text lacks to a whole block with zeros.
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
    block
}

/// The index behind the string that starts `text`.
pub fn end_of_string(text: &[u8]) -> Option<usize> {
    let mut from = 1;
    loop {
        let at = from + memchr::memchr2(b'"', b'\\', text.get(from..)?)?;
        match text.get(at)? {
            b'"' => return Some(at + 1),
            _ => from = at + 2,
        }
    }
}

fn end_of_scalar(text: &[u8]) -> usize {
    let ends = |byte: &u8| matches!(byte, b',' | b'}' | b']' | b':') || byte.is_ascii_whitespace();
    text.iter().position(ends).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::bitmaps::run_portable;
    use super::*;

    /// The plain way, to compare with.
    fn naive(text: &[u8]) -> Option<usize> {
        let (mut depth, mut in_string, mut escaped) = (0u64, false, false);
        for (index, byte) in text.iter().enumerate() {
            // A backslash outside a string is no JSON; it then hides a quote, but no bracket.
            let was_escaped = std::mem::take(&mut escaped);
            match byte {
                b'"' | b'\\' if was_escaped => {}
                b'\\' => escaped = true,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        return Some(index + 1);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn noisy_text() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![
            Just(b'{'),
            Just(b'}'),
            Just(b'['),
            Just(b']'),
            Just(b'"'),
            Just(b'\\'),
            Just(b','),
            Just(b'a')
        ];
        proptest::collection::vec(byte, 0..300).prop_map(|mut bytes| {
            bytes.insert(0, b'{');
            bytes
        })
    }

    proptest! {
        #[test]
        fn equals_the_plain_way(text in noisy_text()) {
            prop_assert_eq!(Brackets::default().feed(&text), naive(&text));
            let mut brackets = Brackets::default();
            prop_assert_eq!(run_portable(Feed { brackets: &mut brackets, text: &text }), naive(&text));
        }

        #[test]
        fn pieces_give_what_the_whole_gives(text in noisy_text(), cuts in proptest::collection::vec(0usize..300, 0..4)) {
            let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| *cut < text.len()).collect();
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let mut brackets = Brackets::default();
            let found = cuts.windows(2).find_map(|cut| Some(cut[0] + brackets.feed(&text[cut[0]..cut[1]])?));
            prop_assert_eq!(found, naive(&text));
        }
    }

    #[test]
    fn strings_hide_brackets_and_quotes() {
        let text = br#"{"a":"}\"}","b":["]"]} tail"#;
        assert_eq!(end_of_value(text), Some(text.len() - 5));
        assert_eq!(end_of_value(br#""a\"b\\" x"#), Some(8));
        assert_eq!(end_of_value(b"12,"), Some(2));
        assert_eq!(end_of_value(b"[1"), None);
    }

    #[test]
    fn depth_costs_nothing() {
        let text = [vec![b'['; 1_000_000], vec![b']'; 1_000_000]].concat();
        assert_eq!(end_of_value(&text), Some(2_000_000));
    }
}
