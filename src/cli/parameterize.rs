//! `--parameterize`: which values of this environment become parameters.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::CliError;
use crate::iam::ResourceClause;
use crate::report::Report;
use crate::report::parameters::Parameters;

/// One item of the list: `account`, `region=eu-central-1`, `cluster=my-cluster`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterChoice {
    Account(Option<String>),
    Region(Option<String>),
    Partition(Option<String>),
    Named(String, String),
}

/// Why a text is no parameter.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("write `account`, `region`, `partition`, or a variable with its value such as `cluster=my-cluster`")]
pub struct ParseParameterError;

impl FromStr for ParameterChoice {
    type Err = ParseParameterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) if !value.is_empty() => (name, Some(value.to_owned())),
            Some(_) => return Err(ParseParameterError),
            None => (text, None),
        };
        match (name, value) {
            ("account", value) => Ok(Self::Account(value)),
            ("region", value) => Ok(Self::Region(value)),
            ("partition", value) => Ok(Self::Partition(value)),
            (name, Some(value)) if is_name(name) => Ok(Self::Named(name.to_owned(), value)),
            _ => Err(ParseParameterError),
        }
    }
}

/// What Terraform takes as the name of a variable.
fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
}

/// The values behind the choices. What has none of its own is read from the roles and the policies; each must occur.
pub fn parameters(choices: &[ParameterChoice], report: &Report) -> Result<Parameters, CliError> {
    let roles = &report.scope.roles;
    let mut parameters = Parameters::default();
    for choice in choices {
        match choice {
            ParameterChoice::Account(value) => {
                let seen = || only("account", roles.iter().map(|role| role.account().to_owned()).collect());
                parameters.account = Some(value.clone().map_or_else(seen, Ok)?);
            }
            ParameterChoice::Partition(value) => {
                let seen = || only("partition", roles.iter().map(|role| role.arn().partition().to_owned()).collect());
                parameters.partition = Some(value.clone().map_or_else(seen, Ok)?);
            }
            ParameterChoice::Region(value) => {
                let seen = || only("region", regions(report));
                parameters.region = Some(value.clone().map_or_else(seen, Ok)?);
            }
            ParameterChoice::Named(name, value) => {
                if parameters.named.insert(name.clone(), value.clone()).is_some() {
                    return Err(CliError::ParameterTwice { name: name.clone() });
                }
            }
        }
    }
    occurs(&parameters, report)?;
    Ok(parameters)
}

/// The Regions that resources name.
fn regions(report: &Report) -> BTreeSet<String> {
    let statements = report.policies.iter().flat_map(|policy| &policy.document.statements);
    let patterns = statements.flat_map(|statement| match &statement.resources {
        ResourceClause::Resource(patterns) | ResourceClause::NotResource(patterns) => patterns,
    });
    let named = patterns.filter_map(|pattern| pattern.as_str().split(':').nth(3).map(str::to_owned));
    named.filter(|region| !region.is_empty() && !region.contains(['*', '?', '$'])).collect()
}

fn only(name: &'static str, mut values: BTreeSet<String>) -> Result<String, CliError> {
    let first = values.pop_first();
    match (first, values.is_empty()) {
        (Some(value), true) => Ok(value),
        (None, _) => Err(CliError::ParameterUnseen { name: name.to_owned(), value: String::new() }),
        (Some(first), false) => {
            let values: Vec<String> = std::iter::once(first).chain(values).collect();
            Err(CliError::ParameterAmbiguous { name, values: values.join(", ") })
        }
    }
}

/// A named value that stands nowhere is most often a slip of the pen.
fn occurs(parameters: &Parameters, report: &Report) -> Result<(), CliError> {
    let documents: Vec<String> = report.policies.iter().map(|policy| policy.document.to_json()).collect();
    for (name, value) in &parameters.named {
        let alone = Parameters { named: [(name.clone(), value.clone())].into(), ..Parameters::default() };
        if documents.iter().all(|document| alone.used_in(document).next().is_none()) {
            return Err(CliError::ParameterUnseen { name: name.clone(), value: value.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_fixed_names_or_variables_with_a_value() {
        assert_eq!("account".parse(), Ok(ParameterChoice::Account(None)));
        assert_eq!("region=eu-west-1".parse(), Ok(ParameterChoice::Region(Some("eu-west-1".into()))));
        assert_eq!("cluster=a=b".parse(), Ok(ParameterChoice::Named("cluster".into(), "a=b".into())));
        for wrong in ["cluster", "cluster=", "9a=b", "a b=c", ""] {
            assert_eq!(wrong.parse::<ParameterChoice>(), Err(ParseParameterError), "{wrong}");
        }
    }

    #[test]
    fn several_values_are_not_guessed_between() {
        let values = |values: &[&str]| values.iter().map(ToString::to_string).collect();
        assert_eq!(only("region", values(&["a"])).unwrap(), "a");
        assert!(matches!(only("region", values(&["a", "b"])), Err(CliError::ParameterAmbiguous { .. })));
        assert!(matches!(only("region", values(&[])), Err(CliError::ParameterUnseen { .. })));
    }
}
