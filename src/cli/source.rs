//! A source of records as it is typed.

use std::path::PathBuf;
use std::str::FromStr;

use crate::collector::Input;

/// A source as typed, kept for the report, with what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As typed.
    pub text: String,
    pub input: Input,
}

/// Why a text is no source.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ParseSourceError {
    #[error("a source is a file, a directory, or `-` for standard input; this one is empty")]
    Empty,
    #[error("this build reads files, directories and `-`; bring the records to disk first (`{advice}`)")]
    NotAFile { advice: &'static str },
}

/// Sources that are no files, and the command that makes files of them.
const REMOTE: [(&str, &str); 5] = [
    ("s3://", "aws s3 sync s3://BUCKET/PREFIX DIR"),
    ("lookup-events", "aws cloudtrail lookup-events > FILE"),
    ("athena://", "aws athena get-query-results > FILE"),
    ("lake://", "aws cloudtrail get-query-results > FILE"),
    ("store:", "trailtrim reads the original records"),
];

impl FromStr for Source {
    type Err = ParseSourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ParseSourceError::Empty);
        }
        let is_remote =
            |prefix: &str| if prefix.ends_with([':', '/']) { text.starts_with(prefix) } else { text == prefix };
        if let Some((_, advice)) = REMOTE.iter().find(|(prefix, _)| is_remote(prefix)) {
            return Err(ParseSourceError::NotAFile { advice });
        }
        let input = if text == "-" { Input::StandardInput } else { Input::Path(PathBuf::from(text)) };
        Ok(Self { text: text.to_owned(), input })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_standard_input_and_the_rest_are_paths() {
        assert_eq!("-".parse::<Source>().unwrap().input, Input::StandardInput);
        assert_eq!("./lookup-events".parse::<Source>().unwrap().input, Input::Path("./lookup-events".into()));
    }

    #[test]
    fn what_is_no_file_gets_advice() {
        let error = "s3://bucket/prefix".parse::<Source>().unwrap_err();
        assert!(error.to_string().contains("aws s3 sync"), "{error}");
    }
}
