//! The rule rows: what each call really needs, as data with a source a row.
//!
//! One file a service in `data/rules/`, plus `_common.toml` for what holds everywhere. Adding a service or a quirk is a
//! row there and touches no Rust: the folder is compiled in as it is, a file is parsed when its service first shows up.

mod like;
mod page;
mod path;
mod plan;
mod predicate;
mod resource_expr;
mod service_rules;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};
use serde::Deserialize;

use crate::catalog::Catalog;
use crate::data_file;
use crate::iam::Action;

pub use like::{like, squeeze};
pub use page::ServicePage;
pub use path::{FieldPath, Root, SinglePath, Step, Transform};
pub use plan::Plan;
pub use predicate::{Predicate, Test};
pub use resource_expr::{ResourceExpr, ResourceTerm, TemplatePart};
pub use service_rules::{
    ActionName, CallRule, ContextRule, ContextSource, ExtraRule, ServiceRules, Settings, TypeRule,
};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/catalog/data/rules");

/// What holds for every service.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonRules {
    pub cite: BTreeMap<String, String>,
    /// Event source (without `.amazonaws.com`) to IAM prefix, where they differ. A `*` at the end is allowed.
    pub event_sources: BTreeMap<String, String>,
    /// Verbs that begin the names of creating operations.
    pub create_verbs: Vec<String>,
    /// Verbs that begin the names of operations which hand a role to the service.
    pub passing_verbs: Vec<String>,
    /// Members of a request that name no resource.
    pub not_resources: Vec<String>,
    /// Members that tell one call from the next and nothing else: tokens against repetition, marks of pages, request ids.
    pub tokens: Vec<String>,
    /// Where create calls carry tags.
    pub tags: Vec<FieldPath>,
    /// Actions that add tags, tried in this order for services without a rule file.
    pub tag_actions: Vec<String>,
    /// To which service the operations of a service (by IAM prefix) hand a role.
    #[serde(default)]
    pub passed_to: BTreeMap<String, String>,
    /// Principals of services that have another name in China.
    #[serde(default)]
    pub other_principals_in_china: Vec<String>,
    /// Services for which AWS documents `aws:CalledVia`.
    pub called_via: Vec<String>,
    /// Services (without `.amazonaws.com`) that AWS documents for `kms:ViaService`.
    pub kms_via: Vec<String>,
    /// Services that KMS is called by under another name than that of `kms:ViaService`.
    #[serde(default)]
    pub kms_via_as: BTreeMap<String, String>,
}

impl CommonRules {
    /// How `kms:ViaService` names a service that uses a key for its caller, without Region.
    pub fn kms_via(&self, invoked_by: &str) -> Option<&str> {
        let name = invoked_by.strip_suffix(".amazonaws.com")?;
        let known = || self.kms_via.iter().find(|known| *known == name);
        self.kms_via_as.get(name).or_else(known).map(String::as_str)
    }

    /// To which service an operation hands a role, as far as that is known.
    pub fn passed_to(&self, service: &str, operation: &str) -> Option<&str> {
        let own = self.passed_to.get(&format!("{service}:{operation}"));
        own.or_else(|| self.passed_to.get(service)).map(String::as_str).filter(|principal| !principal.is_empty())
    }
}

/// A rule file that does not hold what it must.
#[derive(Debug, thiserror::Error)]
#[error("rule file `{file}`: {problem}")]
pub struct RuleError {
    pub file: String,
    pub problem: String,
}

/// The compiled-in rules.
#[derive(Debug)]
pub struct Rules {
    common: CommonRules,
    services: BTreeMap<String, OnceLock<ServiceRules>>,
    empty: ServiceRules,
    words: BTreeMap<String, OnceLock<BTreeSet<String>>>,
    plans: plan::Plans,
}

impl Rules {
    /// The rules in this binary. A file that does not parse is a bug that the tests catch; it then counts as absent.
    pub fn embedded() -> &'static Self {
        static RULES: OnceLock<Rules> = OnceLock::new();
        RULES.get_or_init(|| Self {
            common: common().unwrap_or_default(),
            services: names().map(|name| (name.to_owned(), OnceLock::new())).collect(),
            empty: ServiceRules::default(),
            words: names().map(|name| (name.to_owned(), OnceLock::new())).collect(),
            plans: plan::Plans::default(),
        })
    }

    pub fn common(&self) -> &CommonRules {
        &self.common
    }

    /// The rules of a service, by IAM prefix; empty ones where there is no file.
    pub fn service(&self, prefix: &str) -> &ServiceRules {
        match self.services.get(prefix) {
            Some(rules) => rules.get_or_init(|| parse_service(prefix).unwrap_or_default()),
            None => &self.empty,
        }
    }

    /// Whether the rules of a service speak of a member of that name, whatever its case. Members of which no row speaks
    /// are read for ARNs, ids and names alone.
    pub fn mention(&self, prefix: &str, member: &str) -> bool {
        let words = self.words.get(prefix);
        words.is_some_and(|words| words.get_or_init(|| words_of(prefix)).contains(&member.to_ascii_lowercase()))
    }

    /// What the rules say of one operation.
    pub fn plan(&self, event_source: &str, operation: &str, catalog: &Catalog) -> Arc<Plan> {
        self.plans.plan(self, event_source, operation, catalog)
    }

    /// The context rows that name an action.
    pub fn context_rows(&self, action: &Action) -> impl Iterator<Item = &ContextRule> {
        let rules = self.service(action.service());
        let rows = self.plans.context(rules, action);
        (0..rows.len()).filter_map(move |index| rules.context.get(*rows.get(index)?))
    }

    /// Whether a service has a rule file.
    pub fn has_file(&self, prefix: &str) -> bool {
        self.services.contains_key(prefix)
    }

    /// Prefixes of the services that have a rule file.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.services.keys().map(String::as_str)
    }

    /// The IAM prefix behind an event source such as `monitoring.amazonaws.com`. Of a source with several labels
    /// (`runtime.lex.amazonaws.com`) the last one names the service, unless a row says otherwise.
    pub fn prefix_of<'a>(&'a self, event_source: &'a str) -> &'a str {
        let name = [".amazonaws.com", ".aws"].into_iter().find_map(|end| event_source.split_once(end));
        let name = name.map_or(event_source, |(name, _)| name);
        let label = name.rsplit('.').next().unwrap_or(name);
        self.renamed(name).or_else(|| self.renamed(label)).unwrap_or(label)
    }

    fn renamed(&self, name: &str) -> Option<&str> {
        if let Some(prefix) = self.common.event_sources.get(name) {
            return Some(prefix);
        }
        let patterns =
            self.common.event_sources.iter().filter_map(|(source, prefix)| Some((source.strip_suffix('*')?, prefix)));
        patterns.into_iter().find(|(start, _)| name.starts_with(start)).map(|(_, prefix)| prefix.as_str())
    }
}

/// Names of the services that have a rule file.
fn names() -> impl Iterator<Item = &'static str> {
    FILES.files().filter_map(|file| file.path().file_stem()?.to_str()).filter(|name| !name.starts_with('_'))
}

fn text(name: &str) -> Result<&'static str, RuleError> {
    let file = format!("{name}.toml");
    let found = FILES.get_file(&file).and_then(include_dir::File::contents_utf8);
    found.ok_or_else(|| RuleError { file, problem: "no such file".to_owned() })
}

/// All words of a rule file, the names of members among them.
fn words_of(prefix: &str) -> BTreeSet<String> {
    let words = text(prefix).unwrap_or_default().split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
    words.map(str::to_ascii_lowercase).collect()
}

fn common() -> Result<CommonRules, RuleError> {
    data_file::read(text("_common")?)
        .map_err(|error| RuleError { file: "_common.toml".to_owned(), problem: error.to_string() })
}

fn parse_service(prefix: &str) -> Result<ServiceRules, RuleError> {
    let mut rules: ServiceRules = data_file::read(text(prefix)?)
        .map_err(|error| RuleError { file: format!("{prefix}.toml"), problem: error.to_string() })?;
    rules.prefix = prefix.to_owned();
    rules.settings.id_kinds = rules.settings.id_prefixes.values().cloned().collect();
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_rule_file_parses() {
        common().unwrap();
        for name in names() {
            parse_service(name).unwrap();
        }
    }

    #[test]
    fn every_row_cites_a_source_that_the_file_explains() {
        for name in names() {
            let rules = parse_service(name).unwrap();
            let rows = rules.calls.iter().map(|row| &row.source).chain(rules.extra.iter().map(|row| &row.source));
            let rows = rows
                .chain(rules.context.iter().map(|row| &row.source))
                .chain(rules.types.values().filter_map(|t| t.source.as_ref()));
            for source in rows {
                for short in source.split(", ") {
                    let known = rules.cite.contains_key(short) || short.starts_with("https://");
                    assert!(known, "{name}.toml cites `{short}`, which [cite] does not explain");
                }
            }
        }
    }

    #[test]
    fn an_event_source_is_told_by_its_last_label_unless_a_row_renames_it() {
        let prefixes = [
            ("eks.amazonaws.com", "eks"),
            ("monitoring.amazonaws.com", "cloudwatch"),
            ("chime-sdk-voice.amazonaws.com", "chime"),
            ("runtime.lex.amazonaws.com", "lex"),
            ("streams.dynamodb.amazonaws.com", "dynamodb"),
            ("catalog.marketplace.amazonaws.com", "aws-marketplace"),
            ("data.jobs.iot.amazonaws.com", "iotjobsdata"),
            ("ec2.amazonaws.com.cn", "ec2"),
            ("a4b", "a4b"),
        ];
        for (source, prefix) in prefixes {
            assert_eq!(Rules::embedded().prefix_of(source), prefix, "{source}");
        }
    }

    #[test]
    fn every_prefix_behind_an_event_source_is_in_the_catalogue() {
        let catalog = Catalog::embedded();
        for (source, prefix) in &Rules::embedded().common().event_sources {
            assert!(catalog.service_exists(prefix), "`{source}` stands for `{prefix}`, which AWS does not have");
        }
    }

    #[test]
    fn every_action_and_type_of_a_rule_is_in_the_catalogue() {
        let catalog = Catalog::embedded();
        for name in names() {
            let rules = parse_service(name).unwrap();
            let calls = rules.calls.iter().flat_map(|row| &row.actions);
            for ActionName(action) in calls.chain(rules.extra.iter().map(|row| &row.action)) {
                assert!(catalog.action(action).is_some(), "{name}.toml names `{action}`, which AWS does not have");
            }
            for kind in rules.types.iter().filter(|(_, rule)| rule.template.is_none()).map(|(kind, _)| kind) {
                assert!(
                    catalog.resource_type(name, kind).is_some(),
                    "{name}.toml names the type `{kind}`, which {name} does not have"
                );
            }
        }
    }

    #[test]
    fn every_condition_key_of_a_row_is_one_that_the_reference_lists_for_the_action() {
        let catalog = Catalog::embedded();
        let mut faults = Vec::new();
        for name in names() {
            let rules = parse_service(name).unwrap();
            for row in &rules.context {
                let key = crate::iam::ConditionKey::new(&row.key);
                for pattern in &row.actions {
                    let service = pattern.split(':').next().unwrap_or_default();
                    let actions = catalog.actions(service).iter();
                    let named: Vec<_> = actions.filter(|entry| like(pattern, &entry.action.to_string())).collect();
                    let listed = named.iter().all(|entry| {
                        let mut kinds = entry.resource_types.iter().map(|kind| kind.name.as_str());
                        entry.takes_key(&key, None) || kinds.any(|kind| entry.takes_key(&key, Some(kind)))
                    });
                    if named.is_empty() || !listed {
                        faults.push(format!("{name}.toml: {} of {pattern}", row.key));
                    }
                }
            }
        }
        assert!(faults.is_empty(), "{}", faults.join("\n"));
    }
}
