//! Scenarios are directories found on disk: a new one needs no Rust.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::run::{Run, repository, text_of, trailtrim};

/// A directory under `fixtures/scenarios/`.
pub struct Scenario {
    pub name: String,
    pub folder: PathBuf,
    setup: Setup,
}

/// `scenario.toml`
#[derive(Deserialize)]
struct Setup {
    #[expect(dead_code, reason = "for people")]
    description: String,
    role: String,
    args: Vec<String>,
}

/// All scenarios, by name. There are always some.
pub fn scenarios() -> Vec<Scenario> {
    let root = repository().join("fixtures/scenarios");
    let folders = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<Scenario> = folders.filter(|folder| folder.is_dir()).map(Scenario::read).collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    assert!(found.len() >= 3, "the scenarios are gone");
    found
}

impl Scenario {
    /// The scenario of a name.
    pub fn named(name: &str) -> Self {
        Self::read(repository().join("fixtures/scenarios").join(name))
    }

    fn read(folder: PathBuf) -> Self {
        let setup = std::fs::read_to_string(folder.join("scenario.toml")).unwrap();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        Self { name, setup: toml::from_str(&setup).unwrap(), folder }
    }

    /// Where its records are, as a path from the package's folder.
    pub fn events(&self) -> String {
        format!("fixtures/scenarios/{}/events", self.name)
    }

    /// Whose records count.
    pub fn role(&self) -> String {
        self.setup.role.clone()
    }

    /// Every file under its records.
    pub fn files(&self) -> Vec<String> {
        let mut files = Vec::new();
        collect_files(Path::new(&self.events()), &mut files);
        files.sort();
        files
    }

    /// `generate` on its records with its own arguments and these.
    pub fn generate(&self, more: &[&str]) -> Run {
        self.generate_from(&[self.events()], more)
    }

    /// `generate` on other sources.
    pub fn generate_from(&self, sources: &[String], more: &[&str]) -> Run {
        let fixed = ["generate", "--role", &self.setup.role].map(str::to_owned);
        let more = more.iter().map(|argument| (*argument).to_owned());
        trailtrim(fixed.into_iter().chain(sources.iter().cloned()).chain(self.setup.args.clone()).chain(more))
    }
}

fn collect_files(folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
        let path = folder.join(entry.unwrap().file_name());
        if repository().join(&path).is_dir() {
            collect_files(&path, files);
        } else {
            files.push(text_of(path));
        }
    }
}
