//! What the resolver reads of an operation's payloads: worked out from the rules and the catalogue, so that an engine can
//! leave out the rest before it counts calls.
//!
//! Members are the ones at the top of `requestParameters` and `responseElements`, by their squeezed names. ARNs are read
//! wherever they stand and are not part of this.

use std::collections::{BTreeMap, BTreeSet};

use super::fitting::{BARE, Fitting};
use super::naming;
use crate::catalog::rules::{
    ContextSource, FieldPath, Plan, Predicate, ResourceExpr, ResourceTerm, Root, Rules, ServiceRules, SinglePath, Step,
    TemplatePart, Test, like, squeeze,
};
use crate::catalog::{Catalog, ResourceType};

/// What is read of one operation's payloads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reads {
    pub request: Members,
    pub response: Members,
    /// The call makes something: what is new in its name is told by comparing the answer with all of the request.
    pub creates: bool,
}

/// The members of a payload that are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// By name at the top.
    pub top: BTreeMap<String, Below>,
    /// Looked for at any depth.
    pub anywhere: BTreeSet<String>,
}

/// What is read below a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Below {
    /// All of it.
    All,
    /// Something, if one of these names stands there.
    Holding(BTreeSet<String>),
    /// The names of its members, and no value.
    Names,
}

/// Where EC2's calls carry tags.
const SPECIFICATIONS: [&str; 3] = ["tagSpecificationSet", "TagSpecification", "tagSpecifications"];

impl Reads {
    /// What is read of an operation, given its event source.
    pub fn of(catalog: &Catalog, event_source: &str, operation: &str) -> Self {
        let rules = Rules::embedded();
        let prefix = rules.prefix_of(event_source);
        let reading = Reading {
            catalog,
            rules: rules.service(prefix),
            prefix,
            operation,
            plan: &rules.plan(prefix, operation, catalog),
        };
        let mut reads = Self { creates: !reading.plan.creates.is_empty(), ..Self::default() };
        reading.paths(&mut |path| reads.add(path));
        let tags = &reading.rules.settings.tags;
        for path in if tags.is_empty() { &rules.common().tags } else { tags } {
            reads.add(path);
        }
        for name in SPECIFICATIONS {
            reads.request.read(squeeze(name), Below::All);
        }
        for path in read_by_name(event_source, operation) {
            reads.add_text(path);
        }
        for (kind, created) in reading.kinds() {
            reading.guessed(kind, created, &mut reads);
        }
        reads
    }

    /// Adds what another operation reads.
    pub fn merge(&mut self, other: Self) {
        self.creates |= other.creates;
        for (mine, theirs) in [(&mut self.request, other.request), (&mut self.response, other.response)] {
            theirs.top.into_iter().for_each(|(name, below)| mine.read(name, below));
            mine.anywhere.extend(theirs.anywhere);
        }
    }

    fn add(&mut self, path: &FieldPath) {
        path.alternatives.iter().for_each(|single| self.add_single(single));
    }

    fn add_text(&mut self, path: &str) {
        if let Ok(path) = FieldPath::try_from(path.to_owned()) {
            self.add(&path);
        }
    }

    fn add_single(&mut self, path: &SinglePath) {
        let members = match path.root {
            Root::Request => &mut self.request,
            Root::Response => &mut self.response,
            Root::Resources | Root::Event => return,
        };
        match path.steps.as_slice() {
            [Step::Key(top)] => members.read(squeeze(top), Below::All),
            [Step::Key(top), Step::Names] => members.read(squeeze(top), Below::Names),
            [Step::Key(top), Step::Key(next) | Step::Deep(next), ..] => {
                members.read(squeeze(top), Below::Holding([squeeze(next)].into()));
            }
            [Step::Deep(name), ..] => {
                members.anywhere.insert(squeeze(name));
            }
            [] | [Step::Names, ..] | [Step::Key(_), Step::Names, ..] => {}
        }
    }
}

impl Members {
    fn read(&mut self, name: String, below: Below) {
        let known = self.top.entry(name).or_insert_with(|| below.clone());
        match (&mut *known, below) {
            (Below::Holding(names), Below::Holding(more)) => names.extend(more),
            (Below::Names, Below::Names) => {}
            _ => *known = Below::All,
        }
    }
}

/// What the code reads by name, besides the rows (`learn` of instance profiles, sessions that a call opened).
fn read_by_name(event_source: &str, operation: &str) -> &'static [&'static str] {
    match (event_source, operation) {
        ("sts.amazonaws.com", "AssumeRole") => &["request.roleArn", "response.credentials.accessKeyId"],
        ("iam.amazonaws.com", "AddRoleToInstanceProfile" | "RemoveRoleFromInstanceProfile") => {
            &["request.instanceProfileName", "request.roleName"]
        }
        _ => &[],
    }
}

/// One operation while it is looked at.
struct Reading<'r> {
    catalog: &'r Catalog,
    rules: &'r ServiceRules,
    prefix: &'r str,
    operation: &'r str,
    plan: &'r Plan,
}

impl<'r> Reading<'r> {
    /// Every path in the rows that the operation selects.
    fn paths(&self, see: &mut impl FnMut(&FieldPath)) {
        for row in self.plan.calls.iter().filter_map(|index| self.rules.calls.get(*index)) {
            asked_of(&row.when, see);
            row.resources.iter().flatten().for_each(|expression| named_in(expression, see));
        }
        for row in self.plan.extra.iter().filter_map(|index| self.rules.extra.get(*index)) {
            asked_of(&row.when, see);
            row.resources.iter().for_each(|expression| named_in(expression, see));
            let fields = row.context.values().filter_map(|value| value.strip_prefix('{')?.strip_suffix('}'));
            fields.filter_map(|path| FieldPath::try_from(path.to_owned()).ok()).for_each(|path| see(&path));
        }
        let actions = self.actions();
        let of_ours = |patterns: &[String]| actions.iter().any(|action| patterns.iter().any(|name| like(name, action)));
        for row in self.rules.context.iter().filter(|row| of_ours(&row.actions)) {
            match &row.value {
                ContextSource::Field(path) => see(path),
                ContextSource::Arn(expression) => named_in(expression, see),
            }
        }
        for rule in self.kinds().into_iter().filter_map(|(kind, _)| self.rules.types.get(&kind.name)) {
            rule.arns.iter().chain(rule.vars.values()).for_each(&mut *see);
            rule.template.iter().for_each(|expression| named_in(expression, see));
            asked_of(&rule.when, see);
        }
    }

    /// The actions behind the operation, as `kms:Decrypt`.
    fn actions(&self) -> Vec<String> {
        let rows = self.plan.calls.iter().filter_map(|index| self.rules.calls.get(*index));
        let named = rows.flat_map(|row| row.actions.iter().map(|action| action.0.to_string()));
        let plain = naming::action(self.catalog, self.prefix, self.operation).map(|entry| entry.action.to_string());
        named.chain(plain).collect()
    }

    /// Resource types that may be looked for, and whether the operation makes one.
    fn kinds(&self) -> Vec<(&'r ResourceType, bool)> {
        let mut names: BTreeSet<String> = self.plan.creates.clone();
        let entries = self.actions();
        let entries = entries.iter().filter_map(|action| self.catalog.action(&action.parse().ok()?));
        names.extend(entries.flat_map(|entry| entry.resource_types.iter().map(|kind| kind.name.clone())));
        let calls = self.plan.calls.iter().filter_map(|index| self.rules.calls.get(*index));
        let extras = self.plan.extra.iter().filter_map(|index| self.rules.extra.get(*index));
        names.extend(calls.clone().flat_map(|row| row.types.iter().flatten().cloned()));
        let expressions = calls.flat_map(|row| row.resources.iter().flatten());
        for term in expressions.chain(extras.flat_map(|row| &row.resources)).flat_map(|one| &one.terms) {
            if let ResourceTerm::Type(name) = term {
                names.insert(name.clone());
            }
        }
        let kind =
            |name: &String| Some((self.catalog.resource_type(self.prefix, name)?, self.plan.creates.contains(name)));
        names.iter().filter_map(kind).collect()
    }

    /// Names that fit the variables of a type for which no row names fields.
    fn guessed(&self, kind: &ResourceType, created: bool, reads: &mut Reads) {
        let rule = self.rules.types.get(&kind.name);
        if rule.is_some_and(|rule| rule.template.is_some()) {
            return;
        }
        let mut names = BTreeSet::new();
        for template in kind.templates() {
            let only = template.variables().count() == 1;
            let open = template.variables().filter(|name| rule.is_none_or(|rule| !rule.vars.contains_key(*name)));
            names.extend(open.flat_map(|name| Fitting::new(&kind.name, name, only).names()));
        }
        if names.is_empty() {
            return;
        }
        BARE.iter().for_each(|name| reads.request.read((*name).to_owned(), Below::All));
        if created {
            reads.response.anywhere.extend(names.iter().cloned());
        }
        reads.request.anywhere.extend(names);
    }
}

fn asked_of(predicates: &[Predicate], see: &mut impl FnMut(&FieldPath)) {
    for predicate in predicates {
        match &predicate.test {
            Test::Present(path) | Test::Among(path, _) | Test::Like(path, _) => see(path),
            Test::Tags => {}
        }
    }
}

fn named_in(expression: &ResourceExpr, see: &mut impl FnMut(&FieldPath)) {
    for term in &expression.terms {
        match term {
            ResourceTerm::Field(path) | ResourceTerm::ProfileRole(path) => see(path),
            ResourceTerm::Template(parts) => {
                for part in parts {
                    if let TemplatePart::Field(path) | TemplatePart::Optional(path, _) = part {
                        see(path);
                    }
                }
            }
            ResourceTerm::Any
            | ResourceTerm::Same
            | ResourceTerm::Created
            | ResourceTerm::Tagged
            | ResourceTerm::Type(_)
            | ResourceTerm::Whole(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(source: &str, operation: &str) -> Reads {
        Reads::of(Catalog::embedded(), source, operation)
    }

    #[test]
    fn fields_of_rows_are_read_and_others_are_not() {
        let get = reads("s3.amazonaws.com", "GetObject").request;
        assert_eq!(get.top.get("bucketname"), Some(&Below::All));
        assert_eq!(get.top.get("key"), Some(&Below::All));
        assert_eq!(get.top.get("versionid"), Some(&Below::All));
        assert_eq!(get.top.get("range"), None);
    }

    #[test]
    fn of_an_encryption_context_the_names_are_read_alone() {
        let decrypt = reads("kms.amazonaws.com", "Decrypt").request;
        assert_eq!(decrypt.top.get("encryptioncontext"), Some(&Below::Names));
        assert_eq!(decrypt.top.get("keyid"), Some(&Below::All));
    }

    #[test]
    fn an_item_is_read_where_it_holds_the_key_that_a_row_names() {
        let get = reads("dynamodb.amazonaws.com", "GetItem").request;
        assert_eq!(get.top.get("key"), Some(&Below::Holding(["lockid".to_owned()].into())));
    }

    #[test]
    fn names_that_fit_a_variable_are_read_where_no_row_names_fields() {
        let get = reads("schemas.amazonaws.com", "DescribeSchema").request;
        assert!(get.anywhere.contains("schemaname") && get.anywhere.contains("registryname"), "{:?}", get.anywhere);
        assert!(get.top.contains_key("name"));
    }

    #[test]
    fn what_the_code_reads_by_name_is_read() {
        assert!(reads("sts.amazonaws.com", "AssumeRole").response.top.contains_key("credentials"));
    }
}
