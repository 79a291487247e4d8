//! Resource types to ARNs: which resources of a type a call names.
//!
//! In this order: a whole ARN in a field that the rule names; an ARN of the type's shape anywhere in the request, in
//! `resources[]` or in the response; an id whose beginning tells its type; the type's template filled from named fields.
//! What no field tells becomes a hole.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::super::instance_profiles;
use super::fields::{Fields, Leaf};
use super::fitting::{BARE, Fitting};
use super::{Hole, HoleCause};
use crate::catalog::rules::{
    FieldPath, ResourceExpr, ResourceTerm, Root, ServiceRules, Step, TemplatePart, TypeRule, squeeze,
};
use crate::catalog::{ArnTemplate, Place, ResourceType};
use crate::iam::Arn;

/// An ARN that a record names, with what it does not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub arn: Arn,
    pub holes: Vec<Hole>,
    /// Filled from fields that any type could be named by (`name`, `id`): counts less than another type's own field.
    pub vague: bool,
}

impl Found {
    /// The resource of a whole ARN in a field.
    pub fn at(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::whole)
    }

    fn whole(arn: Arn) -> Self {
        Self { arn, holes: Vec::new(), vague: false }
    }
}

/// Looks resources up in one event.
#[derive(Debug)]
pub struct Finder<'e> {
    pub fields: &'e Fields<'e>,
    pub rules: &'static ServiceRules,
    pub service: &'e str,
    request: Vec<Leaf<'e>>,
    response: Vec<Leaf<'e>>,
    /// Their names, squeezed, one a leaf.
    request_names: OnceCell<Vec<String>>,
    response_names: OnceCell<Vec<String>>,
}

/// Where a name is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Directly in the request.
    Top,
    Request,
    Response,
}

/// One way to find the value of a variable: where, by which names, and whether such a name is vague.
type Try<'t> = (Within, &'t dyn Fn(&str, &Leaf<'_>) -> bool, bool);

/// A resource type as a call takes it.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'e> {
    pub kind: &'e ResourceType,
    pub rule: Option<&'e TypeRule>,
    /// The call makes it: its id stands in the response.
    pub created: bool,
}

impl<'e> Finder<'e> {
    pub fn new(
        fields: &'e Fields<'e>,
        rules: &'static ServiceRules,
        service: &'e str,
        not_resources: &[String],
    ) -> Self {
        let skipped = [not_resources, &rules.settings.not_resources];
        let request = fields.request_leaves(&skipped);
        let response = fields.response_leaves();
        let (request_names, response_names) = (OnceCell::new(), OnceCell::new());
        Self { fields, rules, service, request, response, request_names, response_names }
    }

    /// The values of the leaves with such a name.
    fn named(&self, within: Within, fits: &dyn Fn(&str, &Leaf<'_>) -> bool) -> Vec<String> {
        let (leaves, names) = match within {
            Within::Top | Within::Request => (&self.request, &self.request_names),
            Within::Response => (&self.response, &self.response_names),
        };
        let names = names.get_or_init(|| leaves.iter().map(|leaf| squeeze(leaf.key)).collect());
        let fits = |leaf: &Leaf<'_>, name: &str| (leaf.top || within != Within::Top) && fits(name, leaf);
        let fitting = leaves.iter().zip(names).filter(|(leaf, name)| fits(leaf, name));
        fitting.map(|(leaf, _)| leaf.value.to_string()).collect()
    }

    /// Texts of the request that may name a resource.
    pub fn request(&self) -> &[Leaf<'e>] {
        &self.request
    }

    /// Texts of the response.
    pub fn response(&self) -> &[Leaf<'e>] {
        &self.response
    }

    fn place(&self) -> Place<'e> {
        Place {
            partition: self.fields.partition(),
            service: self.service,
            region: self.fields.region(),
            account: self.fields.account(),
        }
    }

    /// The resources of a type that the call names; empty: the record names none.
    pub fn find(&self, wanted: Wanted<'_>) -> Vec<Found> {
        if let Some(rule) = wanted.rule {
            if !self.fields.hold(&rule.when, || false) {
                return Vec::new();
            }
            let arns = rule.arns.iter().map(|path| self.arns_at(path)).find(|arns| !arns.is_empty());
            if let Some(arns) = arns {
                return arns;
            }
        }
        // A rule's own template knows better than the shape of some ARN that a long request happens to hold.
        if let Some(expression) = wanted.rule.and_then(|rule| rule.template.as_ref()) {
            let found = self.by_rule_template(expression);
            if !found.is_empty() {
                return found;
            }
        }
        let templates = wanted.kind.templates();
        let found = self.arns_of_shape(templates, wanted.created);
        if !found.is_empty() {
            return found;
        }
        let found = self.by_id_prefix(wanted, templates);
        if !found.is_empty() {
            return found;
        }
        // A rule's own template, and a type that ids tell by their beginnings, leave nothing to guess.
        let told = wanted.rule.is_some_and(|rule| rule.template.is_some());
        if told || (self.told_by_id(wanted) && wanted.rule.is_none_or(|rule| rule.vars.is_empty())) {
            return Vec::new();
        }
        let filled = templates.iter().map(|template| self.fill(wanted, template));
        filled.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// All of a type in the Region and account of the call.
    pub fn whole_type(&self, kind: &ResourceType, cause: HoleCause) -> Option<Found> {
        let template = kind.templates().first()?;
        let arn = template.fill(self.place(), |_| "*".to_owned());
        let detail = match template.service() {
            // No wildcard may stand for the service or the type.
            None => return None,
            Some(_) => format!("every {} of the account and Region", kind.name),
        };
        Some(Found { arn, holes: vec![Hole { cause, detail }], vague: false })
    }

    /// Of some types there is one in an account and Region: its ARN holds no name (Glue's `catalog`).
    pub fn only_one(&self, kind: &ResourceType) -> Vec<Found> {
        let nameless = |template: &&ArnTemplate| template.service().is_some() && template.variables().count() == 0;
        let arns = kind.templates().iter().filter(nameless).map(|one| one.fill(self.place(), |_| "*".to_owned()));
        unique(arns.filter(|arn| !arn.as_str().contains('*')).map(Found::whole))
    }

    /// Whole ARNs at a path.
    pub fn arns_at(&self, path: &FieldPath) -> Vec<Found> {
        self.fields.values(path).iter().filter_map(|value| value.parse().ok()).map(Found::whole).collect()
    }

    /// The ARN in a field that can hold any resource of the service, where no type of the reference has its shape.
    pub fn tagged_arn(&self) -> Vec<Found> {
        let named =
            |leaf: &&Leaf<'_>| leaf.top && matches!(squeeze(leaf.key).as_str(), "resourcearn" | "resource" | "arn");
        let found = self.request.iter().filter(named).filter_map(|leaf| Found::at(&leaf.value));
        unique(found.filter(|one| one.arn.service() == self.service))
    }

    fn arns_of_shape(&self, templates: &[ArnTemplate], created: bool) -> Vec<Found> {
        let of_shape = |text: &str| -> Option<Arn> {
            let arn: Arn = text.starts_with("arn:").then(|| text.parse().ok())??;
            templates.iter().any(|template| template.match_arn(&arn).is_some()).then_some(arn)
        };
        let in_leaves =
            |leaves: &[Leaf<'_>]| leaves.iter().filter_map(|leaf| of_shape(&leaf.value)).collect::<Vec<_>>();
        let request = || in_leaves(&self.request);
        let resources =
            || self.fields.event().resources.iter().filter_map(|resource| of_shape(&resource.arn)).collect();
        let response = || in_leaves(&self.response);
        let mut places: [&dyn Fn() -> Vec<Arn>; 3] = [&request, &resources, &response];
        if created {
            places.reverse();
        }
        let arns = places.into_iter().map(|place| place()).find(|arns| !arns.is_empty()).unwrap_or_default();
        unique(arns.into_iter().map(Found::whole))
    }

    fn told_by_id(&self, wanted: Wanted<'_>) -> bool {
        self.rules.settings.id_kinds.contains(&wanted.kind.name)
    }

    fn by_id_prefix(&self, wanted: Wanted<'_>, templates: &[ArnTemplate]) -> Vec<Found> {
        let prefixes = &self.rules.settings.id_prefixes;
        let Some(template) = templates.first().filter(|_| self.told_by_id(wanted)) else { return Vec::new() };
        let ids = |leaves: &[Leaf<'e>]| -> Vec<String> {
            let of_kind = |leaf: &&Leaf<'_>| {
                kind_of_id(&leaf.value, prefixes) == Some(wanted.kind.name.as_str()) && !is_name(leaf.key)
            };
            leaves.iter().filter(of_kind).map(|leaf| leaf.value.to_string()).collect()
        };
        let found = if wanted.created { ids(&self.response) } else { ids(&self.request) };
        unique(found.into_iter().map(|id| Found::whole(template.fill(self.place(), |_| id.clone()))))
    }

    /// The resource of a type whose id the answer holds.
    pub fn answered_id(&self, kind: &ResourceType) -> Vec<Found> {
        self.by_id_prefix(Wanted { kind, rule: None, created: true }, kind.templates())
    }

    /// The roles in the instance profiles at a path, which hold one each.
    pub fn profile_roles(&self, path: &FieldPath) -> Vec<Found> {
        let role = |profile: Cow<'_, str>| {
            let account =
                profile.parse::<Arn>().map_or(self.fields.account().to_owned(), |arn| arn.account().to_owned());
            let name = profile.rsplit('/').next().unwrap_or_default();
            let arn = format!("arn:{}:iam::{account}:role/*", self.fields.partition()).parse().ok()?;
            Some(Found { arn, holes: vec![instance_profiles::role_in(name)], vague: false })
        };
        self.fields.values(path).into_iter().filter_map(role).collect()
    }

    fn by_rule_template(&self, expression: &ResourceExpr) -> Vec<Found> {
        let filled = expression.terms.iter().map(|term| match term {
            ResourceTerm::Template(parts) => self.template(parts),
            ResourceTerm::Field(path) => self.arns_at(path),
            _ => Vec::new(),
        });
        filled.into_iter().find(|found| !found.is_empty()).unwrap_or_default()
    }

    /// Fills a template of the reference; nothing if no variable is known.
    fn fill(&self, wanted: Wanted<'_>, template: &ArnTemplate) -> Vec<Found> {
        let values: Vec<(&str, Named)> =
            template.variables().map(|name| (name, self.variable(wanted, name, template))).collect();
        let known = || values.iter().map(|(_, named)| named).filter(|named| !named.values.is_empty());
        if known().next().is_none() || template.service().is_none() {
            return Vec::new();
        }
        let vague = known().all(|named| named.vague);
        // Two variables with several values each would be a product; records name such pairs by ARN.
        let rows = known().map(|named| named.values.len()).max().unwrap_or(0);
        let row = |index: usize| {
            let mut holes = Vec::new();
            let arn = template.fill(self.place(), |name| {
                let values =
                    values.iter().find(|(other, _)| *other == name).map_or(&[][..], |(_, named)| &named.values);
                match values.get(index).or_else(|| values.first()) {
                    Some(value) => value.clone(),
                    None => {
                        holes.push(Hole {
                            cause: HoleCause::UnresolvedField,
                            detail: format!("{name} of {}", wanted.kind.name),
                        });
                        "*".to_owned()
                    }
                }
            });
            Found { arn, holes, vague }
        };
        unique((0..rows).map(row))
    }

    fn variable(&self, wanted: Wanted<'_>, name: &str, template: &ArnTemplate) -> Named {
        let mut named = match wanted.rule.and_then(|rule| rule.vars.get(name)) {
            Some(path) => Named { values: self.texts(path), vague: false },
            None => self.guess(wanted, name, template),
        };
        named.values = named.values.into_iter().filter_map(|value| plain(value, name, template)).collect();
        named
    }

    /// The value of a variable from fields whose names fit it.
    fn guess(&self, wanted: Wanted<'_>, variable: &str, template: &ArnTemplate) -> Named {
        let fitting = Fitting::new(&wanted.kind.name, variable, template.variables().count() == 1);
        // Where ids tell their types, a field for any id names no type that ids do not tell.
        let any_id = self.rules.settings.id_prefixes.is_empty();
        let exact = |key: &str, _: &Leaf<'_>| fitting.exact(key);
        let typed = |key: &str, _: &Leaf<'_>| fitting.typed(key);
        let bare = |key: &str, _: &Leaf<'_>| fitting.bare(key, any_id);
        let loose = |key: &str, _: &Leaf<'_>| fitting.loose(key);
        let inside = |key: &str, leaf: &Leaf<'_>| BARE.contains(&key) && fitting.inside(&squeeze(leaf.parent), key);
        let vague = fitting.says_nothing();
        let tries: [Try<'_>; 10] = [
            (Within::Top, &exact, vague),
            (Within::Top, &typed, false),
            (Within::Top, &bare, true),
            (Within::Request, &exact, vague),
            (Within::Request, &typed, false),
            (Within::Request, &inside, false),
            (Within::Request, &loose, false),
            (Within::Response, &exact, false),
            (Within::Response, &typed, false),
            (Within::Response, &inside, false),
        ];
        let asked = tries.into_iter().filter(|(within, ..)| wanted.created || *within != Within::Response);
        let mut found = asked.map(|(within, fits, vague)| Named { values: self.named(within, fits), vague });
        let mut named =
            found.find(|named| !named.values.is_empty()).unwrap_or(Named { values: Vec::new(), vague: false });
        named.values.dedup();
        named
    }

    /// Fills a template of a rule file. Nothing comes of it if it takes fields of the request or response and the record
    /// holds none of them.
    pub fn template(&self, parts: &[TemplatePart]) -> Vec<Found> {
        let mut rows = vec![(String::new(), Vec::new())];
        let (mut asked, mut known) = (false, false);
        for part in parts {
            match part {
                // A star that the rule itself writes stands for more than the record names.
                TemplatePart::Literal(text) if text.contains('*') => {
                    append(&mut rows, &[text.as_str()], Some("checked on more than the name in the record".to_owned()));
                }
                TemplatePart::Literal(text) => append(&mut rows, &[text.as_str()], None),
                TemplatePart::Hole { name, form } => append(&mut rows, &[form.as_str()], Some(name.clone())),
                TemplatePart::Optional(path, default) => match self.fields.values(path) {
                    texts if texts.is_empty() => append(&mut rows, &[default.as_str()], None),
                    texts => append(&mut rows, &texts, None),
                },
                TemplatePart::Field(path) => {
                    asked |= !is_event(path);
                    match self.fields.values(path) {
                        texts if texts.is_empty() => append(&mut rows, &["*"], Some(describe(path))),
                        texts => {
                            known |= !is_event(path);
                            append(&mut rows, &texts, None);
                        }
                    }
                }
            }
        }
        if asked && !known {
            return Vec::new();
        }
        unique(
            rows.into_iter().filter_map(|(text, holes)| Some(Found { arn: text.parse().ok()?, holes, vague: false })),
        )
    }

    fn texts(&self, path: &FieldPath) -> Vec<String> {
        self.fields.values(path).iter().map(ToString::to_string).collect()
    }
}

/// Puts a text behind each row; several texts make as many rows of each.
fn append(rows: &mut Vec<(String, Vec<Hole>)>, texts: &[impl AsRef<str>], hole: Option<String>) {
    let hole = hole.map(|detail| Hole { cause: HoleCause::UnresolvedField, detail });
    if let [text] = texts {
        for (start, holes) in rows {
            start.push_str(text.as_ref());
            holes.extend(hole.clone());
        }
        return;
    }
    let started = std::mem::take(rows);
    for (start, holes) in &started {
        let row =
            |text: &_| (format!("{start}{}", AsRef::<str>::as_ref(text)), [holes.as_slice(), hole.as_slice()].concat());
        rows.extend(texts.iter().map(row));
    }
}

/// The values of a template's variable.
struct Named {
    values: Vec<String>,
    /// From a field that any type could be named by.
    vague: bool,
}

/// The resource type that an AWS-made id tells by its beginning: `vpc-0a1b…` is a `vpc`, `fleet-` and a UUID a `fleet`.
pub fn kind_of_id<'r>(id: &str, prefixes: &'r BTreeMap<String, String>) -> Option<&'r str> {
    let (prefix, rest) = id.rsplit_once('-')?;
    // A word behind a type's prefix (`ipam-owner`) is no id: those hold digits.
    if !rest.bytes().all(|byte| byte.is_ascii_alphanumeric()) || !rest.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kind = prefixes.get(prefix).or_else(|| prefixes.get(before_uuid(id)?));
    kind.map(String::as_str)
}

/// What stands before a UUID at the end.
fn before_uuid(id: &str) -> Option<&str> {
    const UUID: usize = 36;
    let (head, uuid) = id.split_at_checked(id.len().checked_sub(UUID)?)?;
    let made = uuid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    head.strip_suffix('-').filter(|_| made)
}

/// Whether a member holds a name that somebody chose: `lt-blue` in it is no id.
fn is_name(key: &str) -> bool {
    key.len() >= 4 && key.get(key.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case("name"))
}

/// A variable's value from a field that may hold a whole ARN; `None` if it holds something else's.
fn plain(value: String, variable: &str, template: &ArnTemplate) -> Option<String> {
    if !value.starts_with("arn:") {
        return Some(value);
    }
    let arn: Arn = value.parse().ok()?;
    template.match_arn(&arn)?.into_iter().find(|(name, _)| *name == variable).map(|(_, value)| value.to_owned())
}

fn describe(path: &FieldPath) -> String {
    let last = path.alternatives.first().and_then(|path| path.steps.last());
    match last {
        Some(Step::Key(key) | Step::Deep(key)) => key.clone(),
        Some(Step::Names) | None => "a part of the ARN".to_owned(),
    }
}

/// Whether every record fills it.
fn is_event(path: &FieldPath) -> bool {
    path.alternatives.iter().any(|path| path.root == Root::Event)
}

/// In order, without repeats.
pub fn unique(found: impl IntoIterator<Item = Found>) -> Vec<Found> {
    let mut kept: Vec<Found> = Vec::new();
    for one in found {
        if !kept.iter().any(|other| other.arn == one.arn) {
            kept.push(one);
        }
    }
    kept
}
