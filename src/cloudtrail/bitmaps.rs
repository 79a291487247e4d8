//! One bit a byte: where quotes, backslashes and brackets stand in 64 bytes of text.
//!
//! There are three versions of the same: for AVX-512, for AVX2, and for any processor. Which one runs is decided when the
//! program does. Code that loops over blocks is generic over the version and inlined into it, so that the compiler
//! may use the version's instructions in all of the loop; counting bits without `popcnt` alone would double the time.

/// Bytes that are looked at in one step: as many as a word has bits.
pub const BLOCK: usize = 64;

/// One bit a byte of a block.
pub struct Bitmaps {
    pub quotes: u64,
    pub backslashes: u64,
    pub opens: u64,
    pub closes: u64,
}

/// A loop over blocks, to be run in the version for the processor.
pub trait BlockLoop {
    type Output;

    /// Runs the loop. Implementations are `#[inline(always)]`.
    /// `running_xor`: each bit becomes the exclusive or of itself and all below it.
    fn run(self, classify: impl Fn(&[u8; BLOCK]) -> Bitmaps, running_xor: impl Fn(u64) -> u64) -> Self::Output;
}

/// Runs a loop in the best version that the processor has.
#[inline]
pub fn run<L: BlockLoop>(block_loop: L) -> L::Output {
    #[cfg(target_arch = "x86_64")]
    match x86::version() {
        #[expect(unsafe_code, reason = "calls code for AVX-512 behind the check that the processor has it")]
        // SAFETY: the processor has what this version is compiled for.
        x86::Version::Avx512 => return unsafe { x86::run_avx512(block_loop) },
        #[expect(unsafe_code, reason = "calls code for AVX2 behind the check that the processor has it")]
        // SAFETY: the processor has what this version is compiled for.
        x86::Version::Avx2 => return unsafe { x86::run_avx2(block_loop) },
        x86::Version::Portable => {}
    }
    run_portable(block_loop)
}

/// Runs a loop in the version for any processor.
pub fn run_portable<L: BlockLoop>(block_loop: L) -> L::Output {
    block_loop.run(portable, running_xor)
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

#[inline(always)]
fn running_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256i, __m512i, _mm_clmulepi64_si128, _mm_cvtsi128_si64, _mm_set_epi64x, _mm_set1_epi8, _mm256_cmpeq_epi8,
        _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm512_cmpeq_epi8_mask,
        _mm512_loadu_si512, _mm512_or_si512, _mm512_set1_epi8,
    };
    use std::sync::LazyLock;

    use super::{BLOCK, BRACKET_BIT, Bitmaps, BlockLoop};

    /// The versions for this kind of processor.
    #[derive(Clone, Copy)]
    pub enum Version {
        Avx512,
        Avx2,
        Portable,
    }

    /// The best version that the processor has.
    #[inline]
    pub fn version() -> Version {
        static VERSION: LazyLock<Version> = LazyLock::new(|| {
            use std::arch::is_x86_feature_detected as has;
            let counts_bits = has!("bmi1") && has!("bmi2") && has!("lzcnt") && has!("popcnt") && has!("pclmulqdq");
            match counts_bits && has!("avx2") {
                true if has!("avx512f") && has!("avx512bw") => Version::Avx512,
                true => Version::Avx2,
                false => Version::Portable,
            }
        });
        *VERSION
    }

    #[target_feature(enable = "avx512f,avx512bw,avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    pub fn run_avx512<L: BlockLoop>(block_loop: L) -> L::Output {
        block_loop.run(|block| classify_avx512(block), |bits| running_xor_clmul(bits))
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    pub fn run_avx2<L: BlockLoop>(block_loop: L) -> L::Output {
        block_loop.run(|block| classify_avx2(block), |bits| running_xor_clmul(bits))
    }

    #[target_feature(enable = "avx512f,avx512bw,avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    #[inline]
    fn classify_avx512(block: &[u8; BLOCK]) -> Bitmaps {
        #[expect(unsafe_code, reason = "a vector load has no safe form for a byte array yet")]
        // SAFETY: the block is a vector of 64 bytes; the load needs no alignment.
        let text = unsafe { _mm512_loadu_si512(block.as_ptr().cast::<__m512i>()) };
        let folded = _mm512_or_si512(text, _mm512_set1_epi8(BRACKET_BIT.cast_signed()));
        Bitmaps {
            quotes: _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(b'"'.cast_signed())),
            backslashes: _mm512_cmpeq_epi8_mask(text, _mm512_set1_epi8(b'\\'.cast_signed())),
            opens: _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8(b'{'.cast_signed())),
            closes: _mm512_cmpeq_epi8_mask(folded, _mm512_set1_epi8(b'}'.cast_signed())),
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    #[inline]
    fn classify_avx2(block: &[u8; BLOCK]) -> Bitmaps {
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

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    #[inline]
    fn halves(block: &[u8; BLOCK]) -> (__m256i, __m256i) {
        let start = block.as_ptr().cast::<__m256i>();
        #[expect(unsafe_code, reason = "a vector load has no safe form for a byte array yet")]
        // SAFETY: the block's 64 bytes are two vectors of 32; the load needs no alignment.
        unsafe {
            (_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1)))
        }
    }

    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    #[inline]
    fn bitmap(low: __m256i, high: __m256i, byte: u8) -> u64 {
        let wanted = _mm256_set1_epi8(byte.cast_signed());
        let low = _mm256_movemask_epi8(_mm256_cmpeq_epi8(low, wanted)).cast_unsigned();
        let high = _mm256_movemask_epi8(_mm256_cmpeq_epi8(high, wanted)).cast_unsigned();
        u64::from(high) << 32 | u64::from(low)
    }

    /// Multiplied by ones without carrying, each bit is added to all above it.
    #[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt,pclmulqdq")]
    #[inline]
    fn running_xor_clmul(bits: u64) -> u64 {
        let bits = _mm_set_epi64x(0, bits.cast_signed());
        _mm_cvtsi128_si64(_mm_clmulepi64_si128::<0>(bits, _mm_set1_epi8(-1))).cast_unsigned()
    }

    #[cfg(test)]
    mod tests {
        use super::super::{portable, run_portable, running_xor};
        use super::*;

        struct Classified<'t>(&'t [u8; BLOCK]);

        impl BlockLoop for Classified<'_> {
            type Output = [u64; 5];

            fn run(self, classify: impl Fn(&[u8; BLOCK]) -> Bitmaps, running_xor: impl Fn(u64) -> u64) -> Self::Output {
                let Bitmaps { quotes, backslashes, opens, closes } = classify(self.0);
                [quotes, backslashes, opens, closes, running_xor(quotes)]
            }
        }

        #[test]
        fn all_versions_see_the_same() {
            for first in 0..=255u8 {
                let block: [u8; BLOCK] = std::array::from_fn(|index| first.wrapping_add((index * 37) as u8));
                let expected = Classified(&block).run(portable, running_xor);
                assert_eq!(run_portable(Classified(&block)), expected);
                if matches!(version(), Version::Avx2 | Version::Avx512) {
                    #[expect(unsafe_code, reason = "behind the check that the processor has it")]
                    // SAFETY: see the check.
                    let found = unsafe { run_avx2(Classified(&block)) };
                    assert_eq!(found, expected);
                }
                if matches!(version(), Version::Avx512) {
                    #[expect(unsafe_code, reason = "behind the check that the processor has it")]
                    // SAFETY: see the check.
                    let found = unsafe { run_avx512(Classified(&block)) };
                    assert_eq!(found, expected);
                }
            }
        }
    }
}
