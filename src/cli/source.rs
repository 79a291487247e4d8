//! A source of records as it is typed.

use std::path::PathBuf;
use std::str::FromStr;

use crate::collector::{Input, ParseRemoteError};

/// A source as typed, kept for the report, with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As typed.
    pub text: String,
    pub input: Input,
}

/// Why a text is no source.
#[derive(Debug, thiserror::Error)]
pub enum ParseSourceError {
    #[error("a source is a file, a directory, `-` for standard input, or a place in AWS; this one is empty")]
    Empty,
    #[error("this build can't ask AWS (feature `aws`); bring the records to disk first (`{advice}`)")]
    NeedsAws { advice: &'static str },
    #[error("name the store's file: `store:evidence.db`")]
    Store,
    #[error("no store fits `{text}`")]
    NoStoreFits { text: String },
    #[error("`{text}` is no pattern for stores: {source}")]
    Pattern { text: String, source: glob::PatternError },
    #[error(transparent)]
    Remote(#[from] ParseRemoteError),
}

/// The source that is the event history.
const LOOKUP_EVENTS: &str = "lookup-events";

/// The remote source that the text names, with the command that makes files of it.
fn remote(text: &str) -> Option<(Result<Input, ParseRemoteError>, &'static str)> {
    let scheme = text.split_once("://").map_or(text, |(scheme, _)| scheme);
    let is_place = scheme.len() < text.len();
    match scheme {
        LOOKUP_EVENTS if !is_place => Some((Ok(Input::LookupEvents), "aws cloudtrail lookup-events > FILE")),
        "s3" if is_place => Some((text.parse().map(Input::S3), "aws s3 sync s3://BUCKET/PREFIX DIR")),
        "athena" if is_place => Some((text.parse().map(Input::Athena), "aws athena get-query-results > FILE")),
        "lake" if is_place => Some((text.parse().map(Input::Lake), "aws cloudtrail get-query-results > FILE")),
        _ => None,
    }
}

impl FromStr for Source {
    type Err = ParseSourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParseSourceError::Empty);
        }
        if let Some(path) = text.strip_prefix("store:") {
            let input = Input::Store(PathBuf::from(path));
            return if path.is_empty() {
                Err(ParseSourceError::Store)
            } else {
                Ok(Self { text: text.to_owned(), input })
            };
        }
        let input = match remote(text) {
            Some((_, advice)) if cfg!(not(feature = "aws")) => return Err(ParseSourceError::NeedsAws { advice }),
            Some((input, _)) => input?,
            None if text == "-" => Input::StandardInput,
            None => Input::Path(PathBuf::from(text)),
        };
        Ok(Self { text: text.to_owned(), input })
    }
}

impl Source {
    /// A store's name with `*`, `?` or `[…]` stands for all stores that it fits, in the order of their names: behind
    /// `store:` no shell puts them in. A store that is called exactly that is meant alone.
    pub fn expanded(&self) -> Result<Vec<Self>, ParseSourceError> {
        let Input::Store(path) = &self.input else { return Ok(vec![self.clone()]) };
        let pattern = path.to_string_lossy();
        if !pattern.contains(['*', '?', '[']) || path.exists() {
            return Ok(vec![self.clone()]);
        }
        let text = || self.text.clone();
        let found = glob::glob(&pattern).map_err(|source| ParseSourceError::Pattern { text: text(), source })?;
        let stores: Vec<Self> = found.flatten().filter(|path| path.is_file()).map(Self::store).collect();
        if stores.is_empty() { Err(ParseSourceError::NoStoreFits { text: text() }) } else { Ok(stores) }
    }

    fn store(path: PathBuf) -> Self {
        Self { text: format!("store:{}", path.display()), input: Input::Store(path) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_stands_for_all_stores_that_it_fits() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.db", "a.db", "c.txt", "x*.db", "x1.db"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let names = |pattern: &str| -> Result<Vec<String>, ParseSourceError> {
            let text = format!("store:{}", folder.path().join(pattern).display());
            let stores = text.parse::<Source>()?.expanded()?;
            Ok(stores.iter().map(|store| store.text.rsplit(['/', '\\']).next().unwrap().to_owned()).collect())
        };
        assert_eq!(names("*.db").unwrap(), ["a.db", "b.db", "x*.db", "x1.db"]);
        assert_eq!(names("[ab].db").unwrap(), ["a.db", "b.db"]);
        assert_eq!(names("x*.db").unwrap(), ["x*.db"], "a store may be called so");
        assert_eq!(names("none.db").unwrap(), ["none.db"], "whether a store is there is seen when it is read");
        assert!(matches!(names("y*.db"), Err(ParseSourceError::NoStoreFits { .. })));
        assert!(matches!(names("[.db"), Err(ParseSourceError::Pattern { .. })));
    }

    #[test]
    fn a_dash_is_standard_input_and_the_rest_are_paths() {
        assert_eq!("-".parse::<Source>().unwrap().input, Input::StandardInput);
        assert_eq!("./lookup-events".parse::<Source>().unwrap().input, Input::Path("./lookup-events".into()));
    }

    #[test]
    #[cfg(not(feature = "aws"))]
    fn what_is_no_file_gets_advice() {
        let error = "s3://bucket/prefix".parse::<Source>().unwrap_err();
        assert!(error.to_string().contains("aws s3 sync"), "{error}");
    }

    #[test]
    #[cfg(feature = "aws")]
    fn places_in_aws_are_told_from_files() {
        for (text, is_remote) in [
            ("s3://bucket/prefix", true),
            ("lookup-events", true),
            ("athena://primary/default/trail", true),
            ("lake://1111-2222", true),
            ("lookup-events.json", false),
            ("s3/bucket", false),
            ("lake", false),
        ] {
            let input = text.parse::<Source>().unwrap().input;
            assert_eq!(input.is_remote(), is_remote, "{text}");
            assert_eq!(input.to_string(), text);
        }
        assert!("athena://nowhere".parse::<Source>().is_err());
    }
}
