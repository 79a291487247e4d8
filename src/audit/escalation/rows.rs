//! The known paths: `data/escalation.toml`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use crate::data_file;
use crate::iam::Action;

static ROWS: &str = include_str!("../data/escalation.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    source: BTreeMap<String, String>,
    kind: BTreeMap<String, String>,
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

/// What a step may act on, by its name in the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind(String);

impl Kind {
    /// The ARN of such a thing, with `${Partition}`, `${Region}`, `${Account}` and `${Name}` in it.
    pub fn template(&self) -> &'static str {
        file().kind.get(&self.0).map_or("", String::as_str)
    }
}

impl Target {
    fn kind(&self) -> Option<&Kind> {
        match self {
            Self::Own | Self::Anything => None,
            Self::Other(kind) | Self::Shared(kind) => Some(kind),
        }
    }
}

impl TryFrom<String> for Target {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let shared = text.strip_prefix('$').filter(|name| !name.starts_with('{'));
        let other = text.strip_prefix("other-");
        match (text.as_str(), shared, other) {
            ("self", ..) => Ok(Self::Own),
            ("anything", ..) => Ok(Self::Anything),
            (_, Some(name), _) => Ok(Self::Shared(Kind(name.to_owned()))),
            (.., Some(name)) => Ok(Self::Other(Kind(name.to_owned()))),
            _ => Err(format!("`{text}` is nothing that a step acts on")),
        }
    }
}

fn action<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Action, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// All paths, the shortest first.
pub fn paths() -> &'static [Path] {
    &file().path
}

fn file() -> &'static File {
    static PARSED: LazyLock<File> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "compiled in and read by a test: it can't fail for a user")]
        read(ROWS).expect("escalation.toml is sound")
    });
    &PARSED
}

fn read(text: &str) -> Result<File, String> {
    let mut file: File = data_file::read(text).map_err(|error| error.to_string())?;
    for path in &mut file.path {
        for source in &mut path.source {
            *source = file.source.get(source).ok_or_else(|| format!("no source `{source}`"))?.clone();
        }
    }
    let named = file.path.iter().flat_map(|path| &path.steps).filter_map(|step| step.on.kind());
    if let Some(Kind(unknown)) = named.into_iter().find(|kind| !file.kind.contains_key(&kind.0)) {
        return Err(format!("no kind `{unknown}`"));
    }
    file.path.sort_by_key(|path| path.steps.len());
    Ok(file)
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
        for path in read(ROWS).unwrap().path {
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
