//! What a call creates, and which parts of its name AWS made up.

use std::collections::{BTreeMap, BTreeSet};

use super::Call;
use super::HoleCause;
use super::resources::{Found, Wanted, kind_of_id};
use crate::aggregator::Few;
use crate::catalog::ResourceType;
use crate::iam::Arn;

/// A resource that a call created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    pub arn: Arn,
    /// Resource type in the catalogue of the call's service.
    pub resource_type: String,
    /// Tag keys and values.
    pub tags: BTreeMap<String, String>,
    /// Parts of the ARN that AWS generated.
    pub generated: Few<String>,
    holes: Vec<super::Hole>,
}

impl Creation {
    pub(super) fn as_found(&self) -> Found {
        Found { arn: self.arn.clone(), holes: self.holes.clone(), vague: false }
    }
}

impl Call<'_> {
    /// Whether the call makes a new resource of this type.
    pub(super) fn creates(&self, kind: &str) -> bool {
        self.plan.creates.contains(kind)
    }

    /// What the call created, as its response and its names tell.
    pub(super) fn created(&self) -> Vec<Creation> {
        let kind = |name: &String| self.resolver.catalog.resource_type(self.finder.service, name);
        self.plan.creates.iter().filter_map(kind).flat_map(|kind| self.created_of(kind)).collect()
    }

    /// What the call would create where the record does not tell, as the call failed or its answer is absent: any of these
    /// types.
    pub(super) fn to_be_created(&self, of: &impl Fn(&str) -> bool) -> Vec<Found> {
        let kinds = self.plan.creates.iter().filter(|name| of(name));
        let kinds = kinds.filter_map(|name| self.resolver.catalog.resource_type(self.finder.service, name));
        kinds.filter_map(|kind| self.finder.whole_type(kind, HoleCause::UnresolvedField)).collect()
    }

    fn created_of(&self, kind: &ResourceType) -> Vec<Creation> {
        let rule = self.finder.rules.types.get(&kind.name);
        let found = self.finder.find(Wanted { kind, rule, created: true });
        let specifications = self.specifications();
        let given = if specifications.is_empty() { Some(self.tags()) } else { specifications.get(&kind.name) };
        let tag = |(key, value): (&String, &Option<String>)| (key.clone(), value.clone().unwrap_or_default());
        let tags: BTreeMap<String, String> = given.into_iter().flatten().map(tag).collect();
        let creation = |one: Found| Creation {
            generated: self.generated(kind, &one.arn),
            arn: one.arn,
            resource_type: kind.name.clone(),
            tags: tags.clone(),
            holes: one.holes,
        };
        found.into_iter().map(creation).collect()
    }

    /// Values of the ARN's variables that the request did not give.
    fn generated(&self, kind: &ResourceType, arn: &Arn) -> Few<String> {
        let matched = kind.templates().iter().find_map(|template| {
            let values = template.match_arn(arn)?;
            Some(values.into_iter().map(|(_, value)| value.to_owned()).collect::<Vec<_>>())
        });
        let asked = self.fields.request_leaves(&[]);
        let values = matched.unwrap_or_default().into_iter().filter(|value| !value.contains(['*', '?']));
        let made_up = |value: String| {
            let place = [self.fields.account(), self.fields.region()];
            if place.contains(&value.as_str()) || asked.iter().any(|leaf| mentions(&leaf.value, &value)) {
                return None;
            }
            // `vpc-0a1b` is made up as a whole, although the request may hold the word `vpc`.
            if kind_of_id(&value, &self.finder.rules.settings.id_prefixes).is_some() {
                return Some(value);
            }
            // A given name with something behind it: only that is AWS's own (`my-secret-AbCdEf`).
            let given = asked.iter().filter_map(|leaf| behind_name(&leaf.value, &value));
            match given.min_by_key(|rest| rest.len()) {
                Some(rest) => Some(rest.to_owned()),
                // A word without any digit is a kind of thing (`oidc`, `role`), not an id.
                None => Some(value).filter(|value| value.bytes().any(|byte| byte.is_ascii_digit())),
            }
        };
        values.filter_map(made_up).collect()
    }

    /// Ids that the call ties together: an attachment lives where its holder lives.
    pub(super) fn attachments(&self) -> BTreeSet<(String, String)> {
        let prefixes = &self.finder.rules.settings.id_prefixes;
        if prefixes.is_empty() {
            return BTreeSet::new();
        }
        let leaves = self.finder.request().iter().chain(self.finder.response());
        let ids: BTreeSet<&str> =
            leaves.map(|leaf| &*leaf.value).filter(|id| kind_of_id(id, prefixes).is_some()).collect();
        // A call that names very many ids is a listing, and ties nothing.
        if ids.len() > 24 {
            return BTreeSet::new();
        }
        let pairs =
            ids.iter().flat_map(|one| ids.iter().filter(move |other| one < *other).map(move |other| (*one, *other)));
        pairs.map(|(one, other)| (one.to_owned(), other.to_owned())).collect()
    }

    /// Whole ARNs of IAM in the record.
    pub(super) fn arns(&self) -> BTreeSet<Arn> {
        let leaves = self.finder.request().iter().chain(self.finder.response());
        let texts = leaves.map(|leaf| &*leaf.value).chain(self.event.resources.iter().map(|resource| &*resource.arn));
        let of_iam = |text: &&str| text.starts_with("arn:") && text.split(':').nth(2) == Some("iam");
        texts.filter(of_iam).filter_map(|text| text.parse().ok()).collect()
    }
}

/// Whether a field gives a value: one is the other, or its last part (a role's name and its name with a path, a URL and
/// the name at its end), or the value is a part of the field (the account in an ARN), whatever the case.
fn mentions(field: &str, value: &str) -> bool {
    let tail = |long: &str, short: &str| {
        long.strip_suffix(short).is_some_and(|head| head.is_empty() || head.ends_with(['/', ':']))
    };
    tail(field, value) || tail(value, field) || field.split(['/', ':']).any(|part| part.eq_ignore_ascii_case(value))
}

/// What stands behind a name and a separator.
fn behind_name<'v>(name: &str, value: &'v str) -> Option<&'v str> {
    let rest = value.strip_prefix(name).filter(|_| !name.is_empty())?;
    rest.strip_prefix(['-', ':', '/']).filter(|rest| !rest.is_empty())
}
