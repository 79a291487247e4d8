//! `data/lifecycle.toml`, read once.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::catalog::Catalog;
use crate::data_file;
use crate::iam::Action;

/// The rows of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rows {
    inverse: Vec<Inverse>,
    extra: Vec<Extra>,
    never: Vec<Never>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Inverse {
    verb: String,
    undo: String,
    reason: String,
}

/// More actions in the life of a thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Extra {
    #[serde(deserialize_with = "action")]
    pub when: Action,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(deserialize_with = "actions")]
    pub add: Vec<Action>,
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Never {
    #[serde(deserialize_with = "action")]
    action: Action,
    #[expect(dead_code, reason = "for people who read the file; its presence is checked by deserialising it")]
    reason: String,
}

impl Rows {
    pub fn load() -> &'static Self {
        static ROWS: LazyLock<Rows> = LazyLock::new(|| data_file::sound(include_str!("../data/lifecycle.toml")));
        &ROWS
    }

    pub fn excludes(&self, action: &Action) -> bool {
        self.never.iter().any(|row| row.action == *action)
    }

    /// Rows for a thing made by an action.
    pub fn extras<'r>(&'r self, made_by: &'r Action, kind: &'r str) -> impl Iterator<Item = &'r Extra> {
        self.extra.iter().filter(move |row| row.when == *made_by && row.kind == kind)
    }

    /// Rows for a change that makes no thing of its own, such as a route.
    pub fn extras_of_seen<'r>(&'r self, seen: &'r Action) -> impl Iterator<Item = &'r Extra> {
        self.extra.iter().filter(move |row| row.when == *seen)
    }

    /// The actions that undo a change, with why: the inverse verb and the same name, also in the plural.
    pub fn undo(&self, change: &Action, catalog: &Catalog) -> Vec<(Action, String)> {
        let rows = self.inverse.iter().filter_map(|row| Some((row, change.name().strip_prefix(row.verb.as_str())?)));
        let forms = |noun: &str| {
            let singular = noun.strip_suffix('s').map(str::to_owned);
            [Some(noun.to_owned()), Some(format!("{noun}s")), singular, swapped(noun)].into_iter().flatten().collect()
        };
        rows.flat_map(|(row, noun)| {
            let nouns: Vec<String> = forms(noun);
            nouns.into_iter().map(move |noun| (format!("{}:{}{noun}", change.service(), row.undo), row.reason.clone()))
        })
        .filter_map(|(text, reason)| Some((catalog.action(&text.parse().ok()?)?.action.clone(), reason)))
        .collect()
    }

    #[cfg(test)]
    pub fn all_actions(&self) -> impl Iterator<Item = &Action> {
        let extras = self.extra.iter().flat_map(|row| row.add.iter().chain([&row.when]));
        extras.chain(self.never.iter().map(|row| &row.action))
    }

    #[cfg(test)]
    pub fn extra(&self) -> &[Extra] {
        &self.extra
    }
}

/// What is added *to* something is removed *from* it.
fn swapped(noun: &str) -> Option<String> {
    let (what, holder) = noun.split_once("To")?;
    Some(format!("{what}From{holder}"))
}

fn action<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Action, D::Error> {
    String::deserialize(source)?.parse().map_err(serde::de::Error::custom)
}

fn actions<'de, D: serde::Deserializer<'de>>(source: D) -> Result<Vec<Action>, D::Error> {
    let texts = Vec::<String>::deserialize(source)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}
