//! The known paths: `data/escalation.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::iam::Action;

static ROWS: &str = include_str!("../data/escalation.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: BTreeMap<String, String>,
    path: Vec<Path>,
}

/// A way from some permissions to more.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Path {
    pub name: String,
    /// Paths to the same end by the same means.
    pub family: String,
    /// What is gained.
    pub goal: String,
    #[serde(default)]
    pub needs: Option<Needs>,
    /// Where it is described; short names in the file, addresses here.
    pub source: Vec<String>,
    pub steps: Vec<Step>,
}

/// What the role must have for the path to lead anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needs {
    Boundary,
}

/// One request of a path.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    #[serde(deserialize_with = "action")]
    pub action: Action,
    pub on: Target,
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    #[serde(default)]
    pub without: Vec<String>,
}

/// What a step acts on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Target {
    /// The principal itself.
    Own,
    Anything,
    /// One of its kind that no policy names.
    Other(Kind),
    /// The same one in every step.
    Shared(Kind),
}

/// What a step may act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Role,
    User,
    Group,
    Policy,
    Function,
    Instance,
}

impl Kind {
    const ALL: [(&'static str, Self); 6] = [
        ("role", Self::Role),
        ("user", Self::User),
        ("group", Self::Group),
        ("policy", Self::Policy),
        ("function", Self::Function),
        ("instance", Self::Instance),
    ];

    fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// As the file writes it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shared = text.strip_prefix('$').and_then(Kind::of).map(Self::Shared);
        let other = text.strip_prefix("other-").and_then(Kind::of).map(Self::Other);
        match text.as_str() {
            "self" => Ok(Self::Own),
            "anything" => Ok(Self::Anything),
            _ => shared.or(other).ok_or_else(|| format!("`{text}` is nothing that a step acts on")),
        }
    }
}

fn action<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Action, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// All paths, the shortest first.
pub fn paths() -> &'static [Path] {
    static PARSED: LazyLock<Vec<Path>> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "compiled in and read by a test: it can't fail for a user")]
        read(ROWS).expect("escalation.toml is sound")
    });
    &PARSED
}

fn read(text: &str) -> Result<Vec<Path>, String> {
    let mut file: File = toml::from_str(text).map_err(|error| error.to_string())?;
    for path in &mut file.path {
        for source in &mut path.source {
            *source = file.source.get(source).ok_or_else(|| format!("no source `{source}`"))?.clone();
        }
    }
    file.path.sort_by_key(|path| path.steps.len());
    Ok(file.path)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::catalog::Catalog;
    use crate::iam::ConditionKey;

    #[test]
    fn every_path_is_of_actions_and_keys_that_exist() {
        let mut names = BTreeSet::new();
        for path in read(ROWS).unwrap() {
            assert!(names.insert(path.name.clone()), "{}", path.name);
            assert!(!path.source.is_empty() && !path.steps.is_empty());
            for step in &path.steps {
                let entry = Catalog::embedded().action(&step.action).unwrap_or_else(|| panic!("{}", step.action));
                for key in step.with.keys() {
                    assert!(entry.takes_key(&ConditionKey::new(key.as_str()), None), "{} {key}", step.action);
                }
            }
        }
    }
}
