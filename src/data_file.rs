//! The data files that are compiled in: TOML tables of what AWS does.

use serde::de::DeserializeOwned;

/// Reads a data file. By way of a [`toml::Table`]: a reader of the text itself is compiled to three times the code for each
/// kind of row, and tells no more of a file that is sound. Tests read the text, so that a broken row is shown with its line.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, toml::de::Error> {
    #[cfg(test)]
    toml::from_str::<T>(text)?;
    toml::from_str::<toml::Table>(text)?.try_into()
}

/// The same of a file that needs nothing further: it is part of the program and a test reads it, so it can't fail for a user.
#[track_caller]
#[expect(clippy::expect_used, reason = "see above")]
pub(crate) fn sound<T: DeserializeOwned>(text: &str) -> T {
    read(text).expect("a data file that is compiled in is sound")
}
