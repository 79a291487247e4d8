//! A thing that was created, and which actions of its service are part of its life.

use crate::aggregator::CreatedResource;
use crate::catalog::{ActionEntry, Catalog};
use crate::iam::{AccessLevel, Action, Arn};

/// A created thing and the names that its actions bear.
#[derive(Debug)]
pub(super) struct Thing<'a> {
    service: &'a str,
    kind: &'a str,
    /// Name of the operation that made it: `CreateNodegroup`.
    operation: &'a str,
    /// `Nodegroup`, by the operation; in lower case, singular.
    nouns: Vec<String>,
}

const MAKING: [&str; 7] = ["Create", "Run", "Allocate", "Register", "Import", "Put", "Request"];

impl<'a> Thing<'a> {
    pub fn new(arn: &'a Arn, created: &'a CreatedResource) -> Self {
        let operation = created.operation.rsplit_once(':').map_or("", |(_, name)| name);
        // Lambda and CloudFront put a date behind the name.
        let operation = operation.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
        let of_operation = MAKING.iter().find_map(|verb| operation.strip_prefix(verb)).map(singular);
        let of_kind = singular(&created.resource_type.replace(['-', '_'], ""));
        let mut nouns: Vec<String> = of_operation.into_iter().chain([of_kind]).filter(|noun| noun.len() > 2).collect();
        nouns.dedup();
        Self { service: arn.service(), kind: &created.resource_type, operation, nouns }
    }

    /// The action behind the operation.
    pub fn created_by(&self) -> Action {
        let text = format!("{}:{}", self.service, self.operation);
        // An operation's name is legal in an action; if not, no row has it either.
        text.parse().unwrap_or_else(|_| fallback())
    }

    /// Why an action is part of the thing's life, if it is.
    pub fn concerns(&self, entry: &ActionEntry, catalog: &Catalog) -> Option<&'static str> {
        let takes_it = entry.resource_type(self.kind).is_some();
        let name = entry.action.name();
        match entry.access_level {
            AccessLevel::Tagging if takes_it => Some("its tags are changed"),
            AccessLevel::Read | AccessLevel::List if takes_it && self.reads_it(name) => Some("it is read"),
            AccessLevel::Read | AccessLevel::List if takes_it && self.reads_tags(name) => Some("its tags are read"),
            AccessLevel::Read | AccessLevel::List if self.is_listed_by(entry, catalog) => Some("it is read by listing"),
            AccessLevel::Write if takes_it && self.follows(name, "Delete", false) => Some("it is deleted"),
            AccessLevel::Write
                if takes_it && ["Update", "Modify"].iter().any(|verb| self.follows(name, verb, true)) =>
            {
                Some("it is updated")
            }
            _ => None,
        }
    }

    /// Verb and noun, with more words behind them where that is allowed: `UpdateNodegroupConfig`.
    fn follows(&self, name: &str, verb: &str, more: bool) -> bool {
        let Some(rest) = name.strip_prefix(verb) else { return false };
        let lower = rest.to_ascii_lowercase();
        self.nouns.iter().any(|noun| {
            let Some(tail) = lower.strip_prefix(noun.as_str()) else { return false };
            let tail = rest.get(rest.len() - tail.len()..).unwrap_or_default();
            let tail = tail.strip_prefix('s').unwrap_or(tail);
            tail.is_empty() || (more && tail.starts_with(|c: char| c.is_ascii_uppercase()))
        })
    }

    /// The call that reads the thing itself, or an attribute of it: more reading is for the rows to say.
    fn reads_it(&self, name: &str) -> bool {
        let stem = ["Attributes", "Attribute"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        ["Describe", "Get", "Head"].iter().any(|verb| self.follows(stem, verb, false))
    }

    fn reads_tags(&self, name: &str) -> bool {
        let of_it = name.strip_suffix("Tags").is_some_and(|stem| self.follows(stem, "List", false));
        of_it || is_tag_list(name)
    }

    /// Some services read a thing only by a call that lists all: `DescribeVpcs`, on `*`.
    fn is_listed_by(&self, entry: &ActionEntry, catalog: &Catalog) -> bool {
        let name = entry.action.name();
        let lists = entry.resource_types.is_empty() && self.follows(name, "Describe", false);
        let reads_one = |verb: &str| {
            catalog
                .actions(self.service)
                .iter()
                .any(|other| other.resource_type(self.kind).is_some() && self.follows(other.action.name(), verb, false))
        };
        lists && !reads_one("Describe") && !reads_one("Get")
    }
}

fn is_tag_list(name: &str) -> bool {
    matches!(
        name,
        "ListTagsForResource" | "ListTagsOfResource" | "ListTags" | "DescribeTags" | "GetTags" | "ListResourceTags"
    )
}

/// Lower case, without a plural `s`.
fn singular(noun: &str) -> String {
    let lower = noun.to_ascii_lowercase();
    match lower.strip_suffix('s') {
        Some(stem) if !stem.ends_with('s') => stem.to_owned(),
        _ => lower,
    }
}

#[expect(clippy::expect_used, reason = "a constant")]
fn fallback() -> Action {
    "none:None".parse().expect("a legal action")
}
