//! The configuration file, `trailtrim.toml`: what is typed on every run, written down once.
//!
//! Text in, [`Config`] out, checked in one step: an unknown key or a bad value is an error with its line, never ignored.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use clap::Args;
use miette::Diagnostic;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::moment::{Age, Moment};
use super::policies::ScpLevel;
use super::reduce_args::{Conditions, Tag};
use crate::audit::{Accepted, Severity};
use crate::iam::{PrincipalArn, PrincipalSelector};
use crate::reducer::{UserRules, UserRulesError};
use crate::report::Format;

/// The name that is looked for in the working directory.
pub const FILE_NAME: &str = "trailtrim.toml";

/// Which configuration file to read.
#[derive(Debug, Args)]
#[command(next_help_heading = "Configuration")]
pub struct ConfigArgs {
    /// Configuration file; `trailtrim.toml` in the working directory when not given and there.
    #[arg(long, value_name = "FILE", env = "TRAILTRIM_CONFIG")]
    pub config: Option<PathBuf>,

    /// Read no configuration file.
    #[arg(long, conflicts_with = "config")]
    pub no_config: bool,
}

/// What a configuration file may say. Keys are the long flags without their dashes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    #[serde(deserialize_with = "parsed_list")]
    pub role: Vec<PrincipalSelector>,
    #[serde(deserialize_with = "parsed_list")]
    pub session: Vec<String>,
    #[serde(deserialize_with = "parsed_list")]
    pub region: Vec<String>,
    #[serde(deserialize_with = "parsed_list")]
    pub account: Vec<String>,
    #[serde(deserialize_with = "parsed")]
    pub since: Option<Moment>,
    #[serde(deserialize_with = "parsed")]
    pub until: Option<Moment>,
    pub threads: Option<NonZeroUsize>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    #[serde(deserialize_with = "parsed")]
    pub assume_role: Option<PrincipalArn>,
    pub request_payer: Option<bool>,
    pub cache: Option<PathBuf>,
    pub verify_digests: Option<bool>,
    #[serde(deserialize_with = "parsed_list")]
    pub digest_keys: Vec<PathBuf>,
    pub strict: Option<bool>,
    pub include_denied: Option<bool>,
    pub require_complete: Option<bool>,
    #[serde(deserialize_with = "choice")]
    pub conditions: Option<Conditions>,
    #[serde(deserialize_with = "parsed_list")]
    pub owner_tag: Vec<Tag>,
    pub max_policies: Option<NonZeroUsize>,
    pub inline: Option<bool>,
    pub fit: Option<bool>,
    pub wildcard_actions: Option<bool>,
    pub complete_lifecycle: Option<bool>,
    pub split_bootstrap: Option<bool>,
    #[serde(deserialize_with = "choice")]
    pub format: Option<Format>,
    /// Policies of the role, for `audit`, `replay` and `explain`.
    #[serde(deserialize_with = "parsed_list")]
    pub policy: Vec<PathBuf>,
    #[serde(deserialize_with = "parsed_list")]
    pub boundary: Vec<PathBuf>,
    #[serde(deserialize_with = "parsed_list")]
    pub scp: Vec<ScpLevel>,
    #[serde(deserialize_with = "parsed")]
    pub unused_for: Option<Age>,
    pub baseline: Option<PathBuf>,
    #[serde(deserialize_with = "choice")]
    pub fail_on: Option<Severity>,
    pub exit_zero: Option<bool>,
    /// Findings that are accepted.
    pub accepted: Vec<Accepted>,
    /// Read by [`UserRules`].
    pub(super) rules: toml::Table,
    #[serde(skip)]
    pub user_rules: UserRules,
}

/// Why there is no configuration.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    #[error("can't read the configuration file `{}`", path.display())]
    Unreadable { path: PathBuf, source: io::Error },

    #[error("configuration file `{}`{place}: {problem}", path.display())]
    #[diagnostic(help(
        "the keys are the long flags without their dashes; the reference section of the book lists them"
    ))]
    Invalid { path: PathBuf, place: String, problem: String },
}

impl Config {
    /// Reads the file that the arguments name, or the one in the working directory if there is one.
    pub fn load(args: &ConfigArgs) -> Result<Self, ConfigError> {
        match (&args.config, args.no_config) {
            (Some(path), _) => Self::read(path),
            (None, false) if Path::new(FILE_NAME).is_file() => {
                tracing::info!("configuration from `{FILE_NAME}`");
                Self::read(Path::new(FILE_NAME))
            }
            (None, _) => Ok(Self::default()),
        }
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let invalid = |(place, problem)| ConfigError::Invalid { path: path.to_owned(), place, problem };
        let config: Self = toml::from_str(&text).map_err(|error| invalid(toml_problem(&text, &error)))?;
        let user_rules = text.parse::<UserRules>().map_err(|error| match error {
            UserRulesError::Toml(error) => invalid(toml_problem(&text, &error)),
            UserRulesError::Invalid { line, key, problem } => {
                invalid((format!(", line {line}"), format!("`{key}`: {problem}")))
            }
        })?;
        Ok(Self { user_rules, ..config })
    }
}

/// Where and what.
fn toml_problem(text: &str, error: &toml::de::Error) -> (String, String) {
    let place = error.span().map(|span| line_of(text, span.start)).unwrap_or_default();
    (place, error.message().to_owned())
}

fn line_of(text: &str, offset: usize) -> String {
    let before = text.as_bytes().iter().take(offset);
    format!(", line {}", before.filter(|byte| **byte == b'\n').count() + 1)
}

/// One value or a list of them, each read as the command line reads it.
fn parsed_list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "expected a text or a list of texts")]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    let texts = match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(text) => vec![text],
        OneOrMany::Many(texts) => texts,
    };
    texts.iter().map(|text| text.parse().map_err(D::Error::custom)).collect()
}

fn parsed<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}

fn choice<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: clap::ValueEnum,
{
    let text = String::deserialize(deserializer)?;
    T::from_str(&text, false).map(Some).map_err(|_| {
        let known: Vec<_> = T::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value).collect();
        let names: Vec<&str> = known.iter().map(clap::builder::PossibleValue::get_name).collect();
        D::Error::custom(format!("`{text}` is none of {}", names.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, ConfigError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Config::read(file.path())
    }

    #[test]
    fn one_role_or_a_list_of_roles() {
        let one = read("role = 'eks-runner'\nsince = '90d'").unwrap();
        let list = read("role = ['eks-runner']\nsince = '90d'").unwrap();
        assert_eq!(one, list);
        assert_eq!(one.role.len(), 1);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let error = read("strict = true\n\nrolle = 'x'").unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("rolle"), "{error}");
    }

    #[test]
    fn rules_are_read_and_their_errors_have_a_line() {
        let good = "[[rules.never-widen]]\nname = 'vpc'\nnames = ['main']\nreason = 'shared'\n";
        assert_eq!(read(good).unwrap().user_rules.rules().len(), 1);
        let error = read(&good.replace("names =", "nmaes =")).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains("nmaes"), "{error}");
    }

    #[test]
    fn a_bad_value_says_what_is_possible() {
        let error = read("format = 'docx'").unwrap_err().to_string();
        assert!(error.contains("`docx` is none of policy, json"), "{error}");
    }
}
