//! Finds where a JSON value ends, without building it: 64 bytes at a time, with one bit a byte.
//!
//! In: text that starts at an object or an array. Out: the index behind its closing bracket. Brackets inside strings do
//! not count. Nothing recurses, so nesting a million deep costs nothing. Nothing is validated either: what can't be right
//! JSON fails later, when it is parsed.
//!
//! The steps for each block, after Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019), section 3.1:
//!
//! 1. a bitmap each of quotes, backslashes, opening and closing brackets (AVX2 where the processor has it);
//! 2. quotes behind an odd run of backslashes drop out;
//! 3. a running exclusive or over the quotes gives the bytes inside strings;
//! 4. the brackets outside strings are counted; only a block in which the depth can reach zero is looked at bit by bit.

/// Bytes that are looked at in one step: as many as a word has bits.
const BLOCK: usize = 64;

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
            Some((end, brackets.backslashes != 0))
        }
        _ => end_of_value(text).map(|end| (end, true)),
    }
}

/// Counts brackets over any number of pieces of text.
#[derive(Debug, Clone, Default)]
pub struct Brackets {
    depth: u64,
    /// Not zero once a backslash was met.
    backslashes: u64,
    /// All ones while inside a string.
    in_string: u64,
    /// 1 if the next byte stands behind a backslash.
    escaped: u64,
}

impl Brackets {
    /// Takes the next piece; the index in it behind the bracket that closes the first one.
    pub fn feed(&mut self, text: &[u8]) -> Option<usize> {
        #[cfg(target_arch = "x86_64")]
        if avx2::is_there() {
            #[expect(unsafe_code, reason = "calls code for AVX2 behind the check that the processor has it")]
            // SAFETY: the processor has what `feed` is compiled for.
            return unsafe { avx2::feed(self, text) };
        }
        self.feed_with(text, portable)
    }

    #[inline(always)]
    fn feed_with(&mut self, text: &[u8], classify: impl Fn(&[u8; BLOCK]) -> Bitmaps) -> Option<usize> {
        let (blocks, rest) = text.as_chunks::<BLOCK>();
        for (index, block) in blocks.iter().enumerate() {
            if let Some(end) = self.step(classify(block), BLOCK) {
                return Some(index * BLOCK + end);
            }
        }
        if rest.is_empty() {
            return None;
        }
        let mut block = [0; BLOCK];
        block.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        let end = self.step(classify(&block), rest.len())?;
        Some(blocks.len() * BLOCK + end)
    }

    /// Takes the bitmaps of one block of `length` bytes.
    #[inline(always)]
    fn step(&mut self, block: Bitmaps, length: usize) -> Option<usize> {
        let mut quotes = block.quotes;
        self.backslashes |= block.backslashes;
        if block.backslashes | self.escaped != 0 {
            quotes &= !self.escaped_bytes(block.backslashes, length);
        }
        let strings = running_xor(quotes) ^ self.in_string;
        self.in_string = if strings >> (BLOCK - 1) == 1 { u64::MAX } else { 0 };
        let opens = block.opens & !strings;
        let closes = block.closes & !strings;
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

/// One bit a byte of a block.
struct Bitmaps {
    quotes: u64,
    backslashes: u64,
    opens: u64,
    closes: u64,
}

/// Each bit becomes the exclusive or of itself and all below it.
#[inline(always)]
fn running_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

/// `[` and `{`, like `]` and `}`, differ in one bit only.
const BRACKET_BIT: u8 = b'[' ^ b'{';

#[inline(always)]
fn portable(block: &[u8; BLOCK]) -> Bitmaps {
    let bitmap = |test: fn(u8) -> bool| {
        block.iter().enumerate().fold(0, |bits, (index, byte)| bits | u64::from(test(*byte)) << index)
    };
    Bitmaps {
        quotes: bitmap(|b| b == b'"'),
        backslashes: bitmap(|b| b == b'\\'),
        opens: bitmap(|b| b | BRACKET_BIT == b'{'),
        closes: bitmap(|b| b | BRACKET_BIT == b'}'),
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! The same bitmaps with 32 bytes an instruction.

    use std::arch::x86_64::{
        __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8,
    };

    use super::{BLOCK, BRACKET_BIT, Bitmaps, Brackets};

    /// Whether the processor has what [`feed`] is compiled for: all with AVX2 since 2013.
    pub fn is_there() -> bool {
        use std::arch::is_x86_feature_detected as has;
        has!("avx2") && has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt")
    }

    // Counting bits is in the inner loop: without `popcnt` it takes more than twice the time.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    pub fn feed(brackets: &mut Brackets, text: &[u8]) -> Option<usize> {
        brackets.feed_with(text, |block| classify(block))
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[inline]
    fn classify(block: &[u8; BLOCK]) -> Bitmaps {
        let (low, high) = halves(block);
        let bit = _mm256_set1_epi8(BRACKET_BIT.cast_signed());
        let (low_folded, high_folded) = (_mm256_or_si256(low, bit), _mm256_or_si256(high, bit));
        Bitmaps {
            quotes: bitmap(low, high, b'"'),
            backslashes: bitmap(low, high, b'\\'),
            opens: bitmap(low_folded, high_folded, b'{'),
            closes: bitmap(low_folded, high_folded, b'}'),
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[inline]
    fn halves(block: &[u8; BLOCK]) -> (__m256i, __m256i) {
        let start = block.as_ptr().cast::<__m256i>();
        #[expect(unsafe_code, reason = "a vector load has no safe form for a byte array yet")]
        // SAFETY: the block's 64 bytes are two vectors of 32; the load needs no alignment.
        unsafe {
            (_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1)))
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
    #[inline]
    fn bitmap(low: __m256i, high: __m256i, byte: u8) -> u64 {
        let wanted = _mm256_set1_epi8(byte.cast_signed());
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)).cast_unsigned();
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)).cast_unsigned();
        u64::from(high) << 32 | u64::from(low)
    }
}

fn end_of_string(text: &[u8]) -> Option<usize> {
    // Most strings are short keys, for which a call costs more than a look.
    const LOOK_AT: usize = 24;
    let ends = |byte: &u8| matches!(byte, b'"' | b'\\');
    let mut from = 1 + text.iter().skip(1).take(LOOK_AT).position(ends).unwrap_or(LOOK_AT);
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
        let byte = prop_oneof![Just(b'{'), Just(b'}'), Just(b'['), Just(b']'), Just(b'"'), Just(b'\\'), Just(b'a')];
        proptest::collection::vec(byte, 0..300).prop_map(|mut bytes| {
            bytes.insert(0, b'{');
            bytes
        })
    }

    proptest! {
        #[test]
        fn equals_the_plain_way(text in noisy_text()) {
            prop_assert_eq!(Brackets::default().feed(&text), naive(&text));
            prop_assert_eq!(Brackets::default().feed_with(&text, portable), naive(&text));
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
