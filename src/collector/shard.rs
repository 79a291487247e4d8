//! A part of the files, for several workers.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// One of so many parts: `3/16`. Which part a file belongs to, its name alone decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    /// From 1 on.
    index: u32,
    of: NonZeroU32,
}

/// Why a text is no shard.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("write a shard as `3/16`: the third of sixteen, counted from 1")]
pub struct ParseShardError;

impl Shard {
    /// Whether a file of this name, as it is named below the source, belongs to this part.
    pub fn takes(&self, name: &str) -> bool {
        // The same on every machine, in every version.
        let name = name.replace('\\', "/");
        let digest = Sha256::digest(name.as_bytes());
        let number = digest.iter().take(8).fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
        number % u64::from(self.of.get()) + 1 == u64::from(self.index)
    }
}

impl FromStr for Shard {
    type Err = ParseShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (index, of) = text.split_once('/').ok_or(ParseShardError)?;
        let index: u32 = index.parse().map_err(|_| ParseShardError)?;
        let of: NonZeroU32 = of.parse().map_err(|_| ParseShardError)?;
        if (1..=of.get()).contains(&index) { Ok(Self { index, of }) } else { Err(ParseShardError) }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_belongs_to_one_part() {
        let shards: Vec<Shard> = (1..=3).map(|index| format!("{index}/3").parse().unwrap()).collect();
        let mut taken = [0; 3];
        for number in 0..300 {
            let name = format!("eu-central-1/2026/11/20/{number}.json.gz");
            let of: Vec<usize> = (0..3).filter(|index| shards[*index].takes(&name)).collect();
            assert_eq!(of.len(), 1, "{name}");
            taken[of[0]] += 1;
        }
        assert!(taken.iter().all(|files| (60..140).contains(files)), "{taken:?}");
    }

    #[test]
    fn what_is_no_part_of_a_whole_is_refused() {
        for text in ["", "3", "0/3", "4/3", "1/0", "-1/2", "a/b"] {
            assert_eq!(text.parse::<Shard>(), Err(ParseShardError), "{text}");
        }
    }
}
