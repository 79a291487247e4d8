//! One event to the requests that it stands for, by the catalogue and its rules.
//!
//! In: an event, the catalogue, the rule rows. Out: the [`Need`]s (action, resource, context) of the call itself and of
//! what AWS checks inside it, what the call created, and which ids it tied together. Phases: the call rule and the
//! actions; the resources of each action (`resources`); what the call creates (`created`); permissions that are never
//! logged (`extra`); condition keys (`context`).

mod context;
mod created;
mod defaults;
mod fields;
mod fitting;
mod naming;
mod reads;
mod resources;
mod tags;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

pub use created::Creation;
pub use fields::Fields;
pub use reads::{Below, Members, Reads};

pub(crate) use self::resources::kind_of_id;
use self::resources::{Finder, Found, Wanted};
use super::{Certainty, Hole, HoleCause, Origin};
use crate::catalog::rules::{ActionName, CallRule, ExtraRule, Plan, ResourceExpr, ResourceTerm, Rules};
use crate::catalog::{ActionEntry, Catalog};
use crate::cloudtrail::Event;
use crate::iam::{AccessLevel, Action, Arn, Context, Resource};

/// One permission that a call needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub action: Action,
    pub resource: Resource,
    pub context: Context,
    pub origin: Origin,
    pub certainty: Certainty,
    pub holes: Vec<Hole>,
    /// Where the rule behind it comes from; `None`: the plain reading of the service reference.
    pub source: Option<&'static str>,
    pub note: Option<&'static str>,
}

impl Need {
    /// What a denial names and no rule knows.
    pub fn denied(action: Action, resource: Resource) -> Self {
        Self {
            action,
            holes: super::learn::holes_of(&resource).into_iter().collect(),
            resource,
            context: Context::default(),
            origin: Origin::Denied,
            certainty: Certainty::Always,
            source: None,
            note: None,
        }
    }
}

/// What a call needs, or why that is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    Resolved(Resolved),
    NeedsNoPermission,
    Unmapped,
}

/// What one call needs and made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    pub needs: Vec<Need>,
    pub created: Vec<Creation>,
    /// Ids that the call ties together.
    pub attachments: BTreeSet<(String, String)>,
    /// Whole ARNs of IAM that the record holds, to complete names elsewhere (a role's path).
    pub arns: BTreeSet<Arn>,
}

/// Resolves events by the catalogue and its rules.
#[derive(Debug, Clone, Copy)]
pub struct Resolver<'c> {
    catalog: &'c Catalog,
    rules: &'static Rules,
}

impl<'c> Resolver<'c> {
    pub fn new(catalog: &'c Catalog) -> Self {
        Self { catalog, rules: Rules::embedded() }
    }

    /// What the call in this record needs, were it authorised.
    pub fn resolve(&self, event: &Event<'_>) -> Resolution {
        let fields = Fields::new(event);
        let plan = self.rules.plan(&event.source, &event.name, self.catalog);
        let rules = self.rules.service(&plan.service);
        let finder = Finder::new(&fields, rules, &plan.service, &self.rules.common().not_resources);
        let (tags, specifications) = (OnceCell::new(), OnceCell::new());
        let call = Call { resolver: *self, fields: &fields, finder: &finder, event, plan: &plan, tags, specifications };
        call.resolve()
    }
}

/// One event while it is resolved.
struct Call<'e> {
    resolver: Resolver<'e>,
    fields: &'e Fields<'e>,
    finder: &'e Finder<'e>,
    event: &'e Event<'e>,
    /// What the rule file says of the operation, whatever the request.
    plan: &'e Plan,
    tags: OnceCell<tags::Tags>,
    specifications: OnceCell<BTreeMap<String, tags::Tags>>,
}

/// Resources of a permission: none needed (`*`), or these.
enum Resources {
    Any(Option<Hole>),
    These(Vec<Found>),
}

impl Call<'_> {
    fn resolve(&self) -> Resolution {
        let rules = self.rules();
        if rules.iter().any(|rule| rule.no_permission) {
            return Resolution::NeedsNoPermission;
        }
        let created = self.created();
        let mut needs = Vec::new();
        let mut same = Vec::new();
        let plain = rules.is_empty().then_some(None);
        for rule in rules.into_iter().map(Some).chain(plain) {
            for entry in self.actions(rule) {
                let resources = self.resources_of(entry, rule);
                if let Resources::These(found) = &resources {
                    same.extend(found.iter().cloned());
                }
                self.push(&mut needs, Permission::of_call(entry, rule), resources);
            }
        }
        if needs.is_empty() {
            return Resolution::Unmapped;
        }
        for extra in self.extras() {
            for expression in &extra.resources {
                let resources = self.expression(expression, &same, &created, false);
                self.push(&mut needs, Permission::of_extra(extra), resources);
            }
        }
        self.default_tagging(&created, &mut needs);
        self.default_passing(&mut needs);
        Resolution::Resolved(Resolved { needs, created, attachments: self.attachments(), arns: self.arns() })
    }

    /// The first call rule that matches, and the next after a rule with `also`.
    fn rules(&self) -> Vec<&'static CallRule> {
        let rules = self.plan.calls.iter().filter_map(|index| self.finder.rules.calls.get(*index));
        let mut matching = Vec::new();
        for rule in rules.filter(|rule| self.fields.hold(&rule.when, || self.tagged())) {
            matching.push(rule);
            if !rule.also {
                break;
            }
        }
        matching
    }

    fn extras(&self) -> impl Iterator<Item = &'static ExtraRule> {
        let rules = self.plan.extra.iter().filter_map(|index| self.finder.rules.extra.get(*index));
        rules.filter(|rule| self.fields.hold(&rule.when, || self.tagged()))
    }

    fn tagged(&self) -> bool {
        !self.tags().is_empty() || !self.specifications().is_empty()
    }

    /// The tags that the request carries.
    fn tags(&self) -> &tags::Tags {
        self.tags.get_or_init(|| {
            if !self.may_hold_tags() {
                return tags::Tags::new();
            }
            let own = &self.finder.rules.settings.tags;
            let places = if own.is_empty() { &self.resolver.rules.common().tags } else { own };
            tags::tags_at(self.fields, places)
        })
    }

    /// EC2's tag specifications: resource type to tags.
    fn specifications(&self) -> &BTreeMap<String, tags::Tags> {
        self.specifications.get_or_init(|| match self.may_hold_tags() {
            true => tags::tag_specifications(self.fields),
            false => BTreeMap::new(),
        })
    }

    fn may_hold_tags(&self) -> bool {
        self.fields.request().is_some_and(tags::may_hold_tags)
    }

    fn actions(&self, rule: Option<&CallRule>) -> Vec<&ActionEntry> {
        let catalog = self.resolver.catalog;
        match rule.map(|rule| rule.actions.as_slice()) {
            Some(named @ [_, ..]) => named.iter().filter_map(|ActionName(action)| catalog.action(action)).collect(),
            _ => {
                let find = || Some(naming::action(catalog, self.finder.service, &self.event.name)?.action.clone());
                self.plan.action.get_or_init(find).iter().filter_map(|action| catalog.action(action)).collect()
            }
        }
    }

    fn resources_of(&self, entry: &ActionEntry, rule: Option<&CallRule>) -> Resources {
        if let Some(expressions) = rule.and_then(|rule| rule.resources.as_ref()) {
            let list = rule.is_some_and(|rule| rule.list);
            let mut found = Vec::new();
            for expression in expressions {
                match self.expression(expression, &[], &[], list) {
                    Resources::Any(hole) => return Resources::Any(hole),
                    Resources::These(more) => found.extend(more),
                }
            }
            if !found.is_empty() {
                return Resources::These(resources::unique(found));
            }
        }
        let named = rule.and_then(|rule| rule.types.as_ref());
        let types: Vec<(&str, bool)> = match named {
            Some(names) => names.iter().map(|name| (name.as_str(), true)).collect(),
            None => entry.resource_types.iter().map(|kind| (kind.name.as_str(), kind.required)).collect(),
        };
        if types.is_empty() {
            return Resources::Any(None);
        }
        self.by_types(entry, &types)
    }

    /// Looks for each type that the action takes; what AWS must check and no field names becomes the whole type.
    fn by_types(&self, entry: &ActionEntry, types: &[(&str, bool)]) -> Resources {
        let service = entry.action.service();
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for (name, required) in types {
            let Some(kind) = self.resolver.catalog.resource_type(service, name) else { continue };
            let rule = self.finder.rules.types.get(*name);
            let hits = self.finder.find(Wanted { kind, rule, created: self.creates(name) });
            // An association's id names neither side, but the answer may.
            let hits = if hits.is_empty() && *required { self.finder.answered_id(kind) } else { hits };
            let hits = if hits.is_empty() && *required { self.finder.only_one(kind) } else { hits };
            if hits.is_empty() && *required {
                missing.push(kind);
            }
            found.push((*name, hits));
        }
        let mut found = self.without_namesakes(found);
        if found.is_empty() {
            found = self.finder.tagged_arn();
        }
        // What the call makes is checked whatever else it names, also where its answer is absent.
        let check_all = found.is_empty() || self.finder.rules.settings.check_all_required;
        let checked = missing.into_iter().filter(|kind| check_all || self.creates(&kind.name));
        found.extend(checked.filter_map(|kind| self.finder.whole_type(kind, HoleCause::UnresolvedField)));
        if found.is_empty() { unknown(entry) } else { Resources::These(resources::unique(found)) }
    }

    /// A field `id` fits each type that the action takes; the operation's own name tells which type is meant.
    fn without_namesakes(&self, found: Vec<(&str, Vec<Found>)>) -> Vec<Found> {
        let operation = crate::catalog::rules::squeeze(&self.event.name);
        let vague = |hits: &[Found]| hits.iter().any(|one| one.vague);
        let meant = |name: &str| operation.contains(&crate::catalog::rules::squeeze(name));
        let told = found.iter().any(|(name, hits)| vague(hits) && meant(name));
        let several = found.iter().filter(|(_, hits)| vague(hits)).count() > 1;
        let keep = |name: &str, hits: &[Found]| !(several && told && vague(hits)) || meant(name);
        found.into_iter().filter(|(name, hits)| keep(name, hits)).flat_map(|(_, hits)| hits).collect()
    }

    fn expression(&self, expression: &ResourceExpr, same: &[Found], created: &[Creation], list: bool) -> Resources {
        for term in &expression.terms {
            let found = match term {
                ResourceTerm::Any => return Resources::Any(None),
                ResourceTerm::Same => same.to_vec(),
                ResourceTerm::Created if created.is_empty() => self.to_be_created(&|_| true),
                ResourceTerm::Created => created.iter().map(Creation::as_found).collect(),
                ResourceTerm::Tagged => self.tagged_resources(),
                ResourceTerm::Type(name) => self.of_type(name),
                ResourceTerm::Whole(name) => self.whole(name, list),
                ResourceTerm::Field(path) => self.finder.arns_at(path),
                ResourceTerm::ProfileRole(path) => self.finder.profile_roles(path),
                ResourceTerm::Template(parts) => self.finder.template(parts),
            };
            if !found.is_empty() {
                return Resources::These(found);
            }
        }
        Resources::These(Vec::new())
    }

    fn of_type(&self, name: &str) -> Vec<Found> {
        let Some(kind) = self.resolver.catalog.resource_type(self.finder.service, name) else { return Vec::new() };
        let rule = self.finder.rules.types.get(name);
        self.finder.find(Wanted { kind, rule, created: self.creates(name) })
    }

    fn whole(&self, name: &str, list: bool) -> Vec<Found> {
        let cause = if list { HoleCause::ListResource } else { HoleCause::UnresolvedField };
        let kind = self.resolver.catalog.resource_type(self.finder.service, name);
        kind.and_then(|kind| self.finder.whole_type(kind, cause)).into_iter().collect()
    }

    /// What EC2's tag specifications name: the new resources of these types, by id where the response tells it.
    fn tagged_resources(&self) -> Vec<Found> {
        let kinds = self.specifications();
        let found = kinds.keys().flat_map(|name| {
            let Some(kind) = self.resolver.catalog.resource_type(self.finder.service, name) else { return Vec::new() };
            let hits = self.finder.find(Wanted { kind, rule: self.finder.rules.types.get(name), created: true });
            let whole = || self.finder.whole_type(kind, HoleCause::UnresolvedField).into_iter().collect();
            if hits.is_empty() { whole() } else { hits }
        });
        resources::unique(found)
    }

    fn push(&self, needs: &mut Vec<Need>, permission: Permission<'_>, resources: Resources) {
        let mut add = |resource: Resource, holes: Vec<Hole>| {
            let context = self.context(&permission, &resource);
            let need = Need {
                action: permission.action.clone(),
                resource,
                context,
                origin: permission.origin,
                certainty: permission.certainty.clone(),
                holes,
                source: permission.source,
                note: permission.note,
            };
            if !needs.iter().any(|other| other.action == need.action && other.resource == need.resource) {
                needs.push(need);
            }
        };
        match resources {
            Resources::Any(hole) => add(Resource::Any, hole.into_iter().collect()),
            Resources::These(found) => found.into_iter().for_each(|one| add(Resource::Arn(one.arn), one.holes)),
        }
    }
}

/// A permission while its resources are sought.
struct Permission<'r> {
    action: &'r Action,
    origin: Origin,
    certainty: Certainty,
    source: Option<&'static str>,
    note: Option<&'static str>,
    extra: Option<&'r ExtraRule>,
    /// To which service a role is passed.
    passed_to: Option<&'r str>,
}

impl<'r> Permission<'r> {
    fn of_call(entry: &'r ActionEntry, rule: Option<&'static CallRule>) -> Self {
        Self {
            action: &entry.action,
            origin: Origin::Observed,
            certainty: Certainty::Always,
            source: rule.map(|rule| rule.source.as_str()),
            note: rule.and_then(|rule| rule.note.as_deref()),
            extra: None,
            passed_to: None,
        }
    }

    fn of_extra(rule: &'static ExtraRule) -> Self {
        Self {
            action: &rule.action.0,
            origin: Origin::Derived,
            certainty: rule.sometimes.clone().map_or(Certainty::Always, Certainty::Sometimes),
            source: Some(&rule.source),
            note: rule.note.as_deref(),
            extra: Some(rule),
            passed_to: None,
        }
    }
}

/// The action takes resources, none is required, and the record names none: it is checked on `*`.
fn unknown(entry: &ActionEntry) -> Resources {
    let reads = matches!(entry.access_level, AccessLevel::List | AccessLevel::Read);
    let (cause, detail) = match reads {
        true => (HoleCause::ListResource, "called without naming a resource"),
        false => (HoleCause::UnresolvedField, "the record names no resource"),
    };
    Resources::Any(Some(Hole { cause, detail: detail.to_owned() }))
}
