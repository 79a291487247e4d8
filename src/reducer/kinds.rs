//! Which resource types of the catalogue an ARN pattern can be of, and which pairs can therefore never be a request.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::catalog::{ActionResourceType, Catalog};
use crate::iam::{Action, ArnPattern, ConditionKey};

/// Resource types by ARN shape, with the answers given so far.
#[derive(Debug)]
pub(crate) struct Kinds<'c> {
    catalog: &'c Catalog,
    templates: RefCell<BTreeMap<String, Rc<Templates>>>,
    answers: RefCell<BTreeMap<String, BTreeMap<ArnPattern, Rc<Answer>>>>,
    /// Each answer once: there are few.
    distinct: RefCell<BTreeSet<Rc<Answer>>>,
}

/// Names of the types that a pattern can stand for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Answer {
    /// All whose template fits.
    fitting: BTreeSet<String>,
    /// Those of them that say most of it.
    closest: BTreeSet<String>,
}

/// Name of a type, its template as a pattern, and how many literal characters that has.
type Templates = Vec<(String, ArnPattern, usize)>;

impl<'c> Kinds<'c> {
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, templates: RefCell::default(), answers: RefCell::default(), distinct: RefCell::default() }
    }

    /// The types of the service that the pattern can stand for: of those whose template fits, the ones that say most
    /// of it. Empty for `*` and for names that the reference does not know.
    pub fn of(&self, service: &str, pattern: &ArnPattern) -> BTreeSet<String> {
        self.answer(service, pattern).closest.clone()
    }

    fn answer(&self, service: &str, pattern: &ArnPattern) -> Rc<Answer> {
        if let Some(known) = self.answers.borrow().get(service).and_then(|of_service| of_service.get(pattern)) {
            return Rc::clone(known);
        }
        let found = self.once(self.find(service, pattern));
        let mut answers = self.answers.borrow_mut();
        answers.entry(service.to_owned()).or_default().insert(pattern.clone(), Rc::clone(&found));
        found
    }

    fn once(&self, found: Answer) -> Rc<Answer> {
        let mut distinct = self.distinct.borrow_mut();
        if let Some(known) = distinct.get(&found) {
            return Rc::clone(known);
        }
        let found = Rc::new(found);
        distinct.insert(Rc::clone(&found));
        found
    }

    fn find(&self, service: &str, pattern: &ArnPattern) -> Answer {
        let templates = self.templates(service);
        let fits = |template: &ArnPattern| !pattern.is_any() && template.intersects(pattern);
        let fitting: Vec<_> = templates.iter().filter(|(_, template, _)| fits(template)).collect();
        let most = fitting.iter().map(|(_, _, literal)| *literal).max().unwrap_or_default();
        let closest = fitting.iter().filter(|(_, _, literal)| *literal == most);
        Answer {
            closest: closest.map(|(name, _, _)| name.clone()).collect(),
            fitting: fitting.iter().map(|(name, _, _)| name.clone()).collect(),
        }
    }

    fn templates(&self, service: &str) -> Rc<Templates> {
        if let Some(known) = self.templates.borrow().get(service) {
            return Rc::clone(known);
        }
        let types = self.catalog.resource_types(service).iter();
        let of_type = |kind: &crate::catalog::ResourceType| {
            let patterns = kind.arn_templates.iter().filter_map(|template| as_pattern(template));
            patterns.map(|(pattern, literal)| (kind.name.clone(), pattern, literal)).collect::<Vec<_>>()
        };
        let all = Rc::new(types.flat_map(of_type).collect::<Templates>());
        self.templates.borrow_mut().insert(service.to_owned(), Rc::clone(&all));
        all
    }

    /// The types that the action takes and the pattern can be.
    pub fn taken(&self, action: &Action, pattern: &ArnPattern) -> Vec<&'c ActionResourceType> {
        let answer = self.answer(action.service(), pattern);
        let types = self.catalog.action(action).into_iter().flat_map(|entry| &entry.resource_types);
        types.filter(|kind| answer.closest.contains(&kind.name)).collect()
    }

    /// Whether AWS never asks for this action on such a resource: the reference knows both, and no type that the action
    /// takes has names like it. An action that takes no type by the reference is no proof: AWS checks
    /// `eks:CreateCluster` on a cluster.
    pub fn never_asked(&self, action: &Action, pattern: &ArnPattern) -> bool {
        let Some(entry) = self.catalog.action(action) else { return false };
        if entry.resource_types.is_empty() {
            return false;
        }
        let fitting = &self.answer(action.service(), pattern).fitting;
        let taken = |name: &String| entry.resource_types.iter().any(|kind| kind.name.eq_ignore_ascii_case(name));
        !fitting.is_empty() && !fitting.iter().any(taken)
    }

    /// Whether the action takes some resource by the reference.
    pub fn takes_resource(&self, action: &Action) -> bool {
        self.catalog.action(action).is_some_and(|entry| !entry.resource_types.is_empty())
    }

    /// Whether the reference gives the condition key for the action on such a resource.
    pub fn takes_key(&self, action: &Action, pattern: &ArnPattern, key: &ConditionKey) -> bool {
        let Some(entry) = self.catalog.action(action) else { return false };
        let taken = self.taken(action, pattern);
        match taken.is_empty() {
            true => entry.takes_key(key, None),
            false => taken.iter().all(|kind| entry.takes_key(key, Some(&kind.name))),
        }
    }
}

/// A template with `*` for its variables, and how many characters it says.
fn as_pattern(template: &str) -> Option<(ArnPattern, usize)> {
    let mut text = String::new();
    let mut rest = template;
    while let Some((literal, tail)) = rest.split_once("${") {
        text.push_str(literal);
        text.push('*');
        rest = tail.split_once('}').map_or("", |(_, behind)| behind);
    }
    text.push_str(rest);
    let literal = text.bytes().filter(|byte| *byte != b'*').count();
    Some((ArnPattern::parse(&text).ok()?, literal))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> ArnPattern {
        text.parse().unwrap()
    }

    fn action(text: &str) -> Action {
        text.parse().unwrap()
    }

    #[test]
    fn a_node_group_is_no_cluster() {
        let kinds = Kinds::new(Catalog::embedded());
        let nodegroup = pattern("arn:aws:eks:eu-central-1:111122223333:nodegroup/blue/default/*");
        assert!(kinds.of("eks", &nodegroup).contains("nodegroup"));
        assert!(kinds.never_asked(&action("eks:DescribeCluster"), &nodegroup));
        assert!(!kinds.never_asked(&action("eks:DescribeNodegroup"), &nodegroup));
    }

    #[test]
    fn a_name_unknown_to_the_reference_proves_nothing() {
        let kinds = Kinds::new(Catalog::embedded());
        let odd = pattern("arn:aws:eks:eu-central-1:111122223333:/createaddon");
        assert!(!kinds.never_asked(&action("eks:TagResource"), &odd));
        let all = pattern("arn:aws:eks:eu-central-1:111122223333:*");
        assert!(!kinds.never_asked(&action("eks:DescribeCluster"), &all));
    }

    #[test]
    fn request_tags_are_checked_on_what_is_made_and_resource_tags_on_what_is_there() {
        let kinds = Kinds::new(Catalog::embedded());
        let create = action("ec2:CreateSubnet");
        let subnet = pattern("arn:aws:ec2:eu-central-1:111122223333:subnet/*");
        let vpc = pattern("arn:aws:ec2:eu-central-1:111122223333:vpc/*");
        let request_tag = ConditionKey::new("aws:RequestTag/Team");
        assert!(kinds.takes_key(&create, &subnet, &request_tag));
        assert!(!kinds.takes_key(&create, &vpc, &request_tag));
    }
}
