//! What AWS checks beyond the reference: `data/beyond_reference.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::data_file;
use crate::iam::automaton::{Language, meet};
use crate::iam::{Action, ActionPattern, ArnPattern};

static ROWS: &str = include_str!("data/beyond_reference.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Row>,
}

/// Some actions, and ARNs that they are checked on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(deserialize_with = "parsed")]
    actions: Vec<ActionPattern>,
    #[serde(deserialize_with = "parsed")]
    arns: Vec<ArnPattern>,
    #[serde(default)]
    instead: bool,
    #[serde(rename = "reason")]
    _reason: String,
    #[serde(rename = "source")]
    _source: String,
}

impl Row {
    fn is_on(&self, pattern: &ArnPattern) -> bool {
        let Some(language) = Language::of_arn(pattern) else { return true };
        self.arns.iter().filter_map(Language::of_arn).any(|known| meet(&language, &known))
    }

    fn is_of(&self, action: &Action) -> bool {
        self.actions.iter().any(|pattern| pattern.matches(action))
    }
}

/// Whether AWS checks the action on such a resource; `None` where the reference has the word.
pub(super) fn takes(action: &Action, pattern: &ArnPattern) -> Option<bool> {
    let mut own = rows().iter().filter(|row| row.is_of(action)).peekable();
    let instead = own.peek().is_some_and(|row| row.instead);
    match own.any(|row| row.is_on(pattern)) {
        true => Some(true),
        false => instead.then_some(false),
    }
}

/// Whether AWS checks anything of the service on such a resource that the reference has no type for.
pub(super) fn is_of_service(service: &str, pattern: &ArnPattern) -> bool {
    let of_service = |row: &&Row| row.actions.iter().any(|action| action.service() == Some(service));
    rows().iter().filter(of_service).any(|row| row.is_on(pattern))
}

fn rows() -> &'static [Row] {
    static PARSED: LazyLock<Vec<Row>> = LazyLock::new(|| data_file::sound::<File>(ROWS).row);
    &PARSED
}

fn parsed<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: serde::Deserializer<'de>,
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_row_is_of_actions_that_exist() {
        let catalog = Catalog::embedded();
        for pattern in rows().iter().flat_map(|row| &row.actions) {
            let service = pattern.service().unwrap();
            assert!(catalog.actions(service).iter().any(|entry| pattern.matches(&entry.action)), "{pattern}");
        }
    }

    #[test]
    fn it_adds_to_the_reference_or_takes_its_place() {
        let asked = |action: &str, arn: &str| takes(&action.parse().unwrap(), &arn.parse().unwrap());
        assert_eq!(asked("eks:TagResource", "arn:aws:eks:eu-central-1:111122223333:/createaddon"), Some(true));
        assert_eq!(asked("eks:TagResource", "arn:aws:eks:eu-central-1:111122223333:cluster/demo"), None);
        assert_eq!(asked("eks:DeleteAddon", "arn:aws:eks:eu-central-1:111122223333:/createaddon"), None);
        assert_eq!(asked("iam:CreateServiceLinkedRole", "arn:aws:iam::111122223333:role/*"), Some(true));
        assert_eq!(asked("iam:CreateServiceLinkedRole", "arn:aws:iam::111122223333:role/service-role/x"), Some(false));
    }
}
