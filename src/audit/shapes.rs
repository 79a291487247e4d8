//! Which resource types an ARN pattern can stand for, decided exactly on the reference's ARN templates.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::LazyLock;

use serde::Deserialize;

use super::beyond;
use crate::catalog::{ActionEntry, Catalog};
use crate::data_file;
use crate::iam::automaton::{Class, Language, meet};
use crate::iam::{Action, ArnPattern};

static PLAIN_NAMES: &str = include_str!("data/plain_names.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    service: Vec<PlainService>,
}

/// A service whose names hold no slash.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainService {
    prefix: String,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    but_not: Vec<String>,
    #[serde(rename = "source")]
    _source: String,
}

/// ARN shapes by service, with the answers given so far.
#[derive(Debug)]
pub(super) struct Shapes<'c> {
    catalog: &'c Catalog,
    templates: RefCell<BTreeMap<String, Rc<Vec<Shape>>>>,
    answers: RefCell<Answers>,
}

/// Service and pattern to the resource types that it can mean.
type Answers = BTreeMap<(String, ArnPattern), Rc<BTreeSet<String>>>;

/// One template of a resource type.
#[derive(Debug)]
struct Shape {
    resource_type: String,
    language: Language,
    /// What every such resource begins with: `cluster/`.
    beginning: String,
    /// The resource begins with a variable: a bucket, a queue, a topic.
    untyped: bool,
}

impl Shape {
    /// Whether the resources can begin alike: a quick no for most pairs.
    fn may_begin_as(&self, pattern: &ArnPattern) -> bool {
        let Some(resource) = pattern.resource() else { return true };
        let plain = resource.split(['*', '?', '$']).next().unwrap_or_default();
        plain.starts_with(&self.beginning) || self.beginning.starts_with(plain)
    }
}

impl<'c> Shapes<'c> {
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, templates: RefCell::default(), answers: RefCell::default() }
    }

    /// Names of the types of the service that the pattern can stand for; all of them for `*` and for what only a request
    /// tells.
    pub fn types(&self, service: &str, pattern: &ArnPattern) -> Rc<BTreeSet<String>> {
        let key = (service.to_owned(), pattern.clone());
        if let Some(known) = self.answers.borrow().get(&key) {
            return Rc::clone(known);
        }
        let language = Language::of_arn(pattern);
        let shapes = self.shapes(service);
        let fits = |shape: &&Shape| {
            language.as_ref().is_none_or(|language| shape.may_begin_as(pattern) && meet(language, &shape.language))
        };
        let found: Rc<BTreeSet<String>> =
            Rc::new(shapes.iter().filter(fits).map(|shape| shape.resource_type.clone()).collect());
        self.answers.borrow_mut().insert(key, Rc::clone(&found));
        found
    }

    /// Whether the action is ever checked on a resource of the pattern, by the reference and what is known beyond it.
    pub fn takes(&self, entry: &ActionEntry, pattern: &ArnPattern) -> bool {
        if pattern.is_any() {
            return true;
        }
        beyond::takes(&entry.action, pattern).unwrap_or_else(|| {
            let types = self.types(entry.action.service(), pattern);
            entry.resource_types.iter().any(|kind| types.contains(&kind.name))
        })
    }

    /// Whether AWS may check the action on such a resource. A pattern over a whole service or account is left alone: some
    /// actions that take no resource by the reference are checked on it (`eks:DescribeClusterVersions`).
    pub fn may_meet(&self, action: &Action, pattern: &ArnPattern) -> bool {
        let whole = pattern.resource() == Some("*") && pattern.service() == Some(action.service());
        let known = self.catalog.action(action);
        whole || known.is_none_or(|entry| self.takes(entry, pattern))
    }

    /// The catalogue behind it.
    pub fn catalog(&self) -> &'c Catalog {
        self.catalog
    }

    /// Whether the pattern can stand for anything of the service, in the reference or beyond it.
    pub fn is_known(&self, service: &str, pattern: &ArnPattern) -> bool {
        !self.types(service, pattern).is_empty() || beyond::is_of_service(service, pattern)
    }

    /// Literal text behind the first variable of a template: `autoScalingGroupName/`.
    pub fn has_inner_word(&self, service: &str, text: &str) -> bool {
        let words = |template: &String| {
            let resource = template.splitn(6, ':').last().unwrap_or_default();
            let inner = resource.split('}').skip(1).filter_map(|rest| rest.split("${").next());
            inner.map(|word| word.trim_matches(['/', ':']).to_owned()).collect::<Vec<_>>()
        };
        let templates = self.catalog.resource_types(service).iter().flat_map(|kind| &kind.arn_templates);
        templates.flat_map(words).any(|word| word.len() > 2 && text.contains(&word))
    }

    /// Whether the reference has ARNs of the service with this word for the account: `aws`, say.
    pub fn has_account(&self, service: &str, account: &str) -> bool {
        let templates = self.catalog.resource_types(service).iter().flat_map(|kind| &kind.arn_templates);
        templates.into_iter().any(|template| template.split(':').nth(4) == Some(account))
    }

    /// Whether the service has ARNs at all.
    pub fn has_shapes(&self, service: &str) -> bool {
        !self.shapes(service).is_empty()
    }

    /// Whether every resource of the service begins with the name of its type.
    pub fn is_typed(&self, service: &str) -> bool {
        let shapes = self.shapes(service);
        !shapes.is_empty() && shapes.iter().all(|shape| !shape.untyped)
    }

    /// The templates of a service as people write them, for advice.
    pub fn templates_of(&self, service: &str, types: &BTreeSet<String>) -> Vec<&'c str> {
        let kinds = self.catalog.resource_types(service).iter().filter(|kind| types.contains(&kind.name));
        kinds.flat_map(|kind| kind.arn_templates.iter().map(String::as_str)).collect()
    }

    fn shapes(&self, service: &str) -> Rc<Vec<Shape>> {
        if let Some(known) = self.templates.borrow().get(service) {
            return Rc::clone(known);
        }
        let kinds = self.catalog.resource_types(service).iter();
        let of_kind = |kind: &crate::catalog::ResourceType| {
            let plain = names_are_plain(service, &kind.name);
            let shape = |template: &String| {
                let resource = template.splitn(6, ':').last().unwrap_or_default();
                Some(Shape {
                    resource_type: kind.name.clone(),
                    language: language(template, plain)?,
                    beginning: resource.split("${").next().unwrap_or_default().to_owned(),
                    untyped: resource.starts_with("${"),
                })
            };
            kind.arn_templates.iter().filter_map(shape).collect::<Vec<_>>()
        };
        let shapes = Rc::new(kinds.flat_map(of_kind).collect::<Vec<_>>());
        self.templates.borrow_mut().insert(service.to_owned(), Rc::clone(&shapes));
        shapes
    }
}

fn names_are_plain(service: &str, resource_type: &str) -> bool {
    static PARSED: LazyLock<Vec<PlainService>> = LazyLock::new(|| data_file::sound::<File>(PLAIN_NAMES).service);
    let row = PARSED.iter().find(|row| row.prefix == service);
    let named = |names: &[String]| names.iter().any(|name| name == resource_type);
    row.is_some_and(|row| (row.only.is_empty() || named(&row.only)) && !named(&row.but_not))
}

/// The ARNs of a template. A variable stands for one character or more, within its segment; in the resource it stays
/// within its name where names hold no slash.
fn language(template: &str, plain: bool) -> Option<Language> {
    let mut segments = template.splitn(6, ':');
    let mut language = Language::default();
    for _ in 0..5 {
        language = with_variables(language, segments.next()?, Class::NoColon)?.then_text(":");
    }
    with_variables(language, segments.next()?, if plain { Class::Name } else { Class::Any })
}

fn with_variables(mut language: Language, text: &str, class: Class) -> Option<Language> {
    let mut rest = text;
    while let Some((literal, tail)) = rest.split_once("${") {
        language = language.then_text(literal).then_some(class);
        rest = tail.split_once('}')?.1;
    }
    Some(language.then_text(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(service: &str, pattern: &str) -> Vec<String> {
        Shapes::new(Catalog::embedded()).types(service, &pattern.parse().unwrap()).iter().cloned().collect()
    }

    #[test]
    fn an_arn_is_of_the_types_whose_template_it_fits() {
        assert_eq!(types("eks", "arn:aws:eks:eu-central-1:1:addon/*/*/*"), ["addon"]);
        assert_eq!(types("eks", "arn:aws:eks:eu-central-1:1:cluster/demo"), ["cluster"]);
        assert!(types("eks", "arn:aws:eks:eu-central-1:1:addon/demo/cni").is_empty());
        assert!(types("eks", "arn:aws:eks:eu-central-1:1:cluster/demo/x").is_empty());
        assert!(types("eks", "arn:aws:eks:eu-central-1::cluster/demo").is_empty());
        assert!(types("eks", "arn:aws:eks:eu-central-1:1:/createaddon").is_empty());
    }

    #[test]
    fn paths_belong_to_names_where_aws_has_them() {
        assert_eq!(types("iam", "arn:aws:iam::1:role/ci/eks-runner"), ["role"]);
        assert!(types("iam", "arn:aws:iam:eu-central-1:1:role/x").is_empty());
        assert!(types("s3", "arn:aws:s3:::state/key").contains(&"object".to_owned()));
    }

    #[test]
    fn a_variable_in_a_policy_may_be_anything() {
        assert!(types("iam", "arn:aws:iam::1:user/${aws:username}").contains(&"user".to_owned()));
    }

    #[test]
    fn buckets_have_no_type_and_clusters_do() {
        let shapes = Shapes::new(Catalog::embedded());
        assert!(shapes.is_typed("eks") && shapes.is_typed("ec2") && shapes.is_typed("iam") && !shapes.is_typed("s3"));
    }

    #[test]
    fn every_row_of_plain_names_speaks_of_what_exists() {
        let catalog = Catalog::embedded();
        for row in toml::from_str::<File>(PLAIN_NAMES).unwrap().service {
            assert!(catalog.service_exists(&row.prefix));
            let mut names = row.only.iter().chain(&row.but_not);
            assert!(names.all(|name| catalog.resource_type(&row.prefix, name).is_some()), "{}", row.prefix);
        }
    }
}
