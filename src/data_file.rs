//! The data files that are compiled in: TOML tables of what AWS does.

use serde::de::DeserializeOwned;

/// Reads a data file. By way of a [`toml::Table`]: a reader of the text itself is compiled to three times the code for each
/// kind of row, and tells no more of a file that is sound. Tests read the text, so that a broken row is shown with its line.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, toml::de::Error> {
    #[cfg(test)]
    toml::from_str::<T>(text)?;
    toml::from_str::<toml::Table>(text)?.try_into()
}
