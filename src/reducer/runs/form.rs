//! What the parts of a name look like.

/// Parts of a name and the separators between them, in order.
pub(super) fn parts(name: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for chunk in name.split_inclusive(['-', '_', '.']) {
        let part = chunk.trim_end_matches(['-', '_', '.']);
        found.push(part);
        found.push(chunk.get(part.len()..).unwrap_or_default());
    }
    found.retain(|part| !part.is_empty());
    found
}

/// The form of a part; a word is itself, so that names with other words are not alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Word(String),
    Separator(String),
    /// Looks drawn at random or counted up by a machine. A drawn id is now and then all digits or all hexadecimal, so
    /// these are one form.
    Random,
}

/// A shorter number may be a year, a size or a generation.
const NUMBER: usize = 5;
/// So many hexadecimal digits, one of them decimal, are no word.
const LONG_HEX: usize = 8;
/// `a1b2` changes between letters and digits three times, `node1` once.
const CHANGES: usize = 2;

impl Form {
    pub fn of(part: &str) -> Self {
        let lower = part.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase());
        let digits = part.bytes().filter(u8::is_ascii_digit).count();
        let hex = part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_digit = |byte: &u8| byte.is_ascii_digit();
        let changes = part.bytes().zip(part.bytes().skip(1)).filter(|(a, b)| is_digit(a) != is_digit(b));
        let number = digits == part.len() && part.len() >= NUMBER;
        let long_hex = hex && digits > 0 && part.len() >= LONG_HEX;
        if lower && (number || long_hex || (part.len() >= 4 && changes.count() >= CHANGES)) {
            Self::Random
        } else if part.bytes().all(|byte| matches!(byte, b'-' | b'_' | b'.')) {
            Self::Separator(part.to_owned())
        } else {
            Self::Word(part.to_owned())
        }
    }

    pub fn is_random(&self) -> bool {
        matches!(self, Self::Random)
    }

    pub fn is_word(&self) -> bool {
        matches!(self, Self::Word(_))
    }
}

/// Words that name a place, a stage or a part, never drawn at random.
const CHOSEN: [&str; 40] = [
    "dev",
    "development",
    "test",
    "testing",
    "stage",
    "staging",
    "preprod",
    "prod",
    "production",
    "live",
    "demo",
    "qa",
    "uat",
    "sandbox",
    "north",
    "south",
    "east",
    "west",
    "central",
    "northeast",
    "southeast",
    "northwest",
    "southwest",
    "blue",
    "green",
    "red",
    "canary",
    "main",
    "master",
    "primary",
    "secondary",
    "public",
    "private",
    "cluster",
    "node",
    "nodes",
    "role",
    "app",
    "api",
    "web",
];

/// Whether these parts of a name are two random words or more, as `random_pet` draws them.
pub(super) fn are_drawn_words(varying: &[&str]) -> bool {
    let word = |part: &&str| part.len() >= 3 && part.bytes().all(|byte| byte.is_ascii_lowercase());
    varying.len() >= 2 && varying.iter().all(word) && !varying.iter().any(|part| CHOSEN.contains(part))
}
