//! The condition keys that AWS fills for a request, as far as the record tells.

use super::resources::Finder;
use super::tags::Tags;
use super::{Call, Origin, Permission, Resources};
use crate::catalog::ActionEntry;
use crate::catalog::rules::{ContextRule, ContextSource, ResourceExpr};
use crate::cloudtrail::HIDDEN;
use crate::iam::{Action, ConditionKey, Context, ContextValue, Resource};

impl Call<'_> {
    pub(super) fn context(&self, permission: &Permission<'_>, resource: &Resource) -> Context {
        let mut context = Context::default();
        let mut set = |key: &str, value: ContextValue| {
            if !self.is_named_otherwise(key, &value) {
                context.insert(ConditionKey::new(key), value);
            }
        };
        set("aws:RequestedRegion", one(self.fields.region()));
        self.called_for_somebody(permission, resource, &mut set);
        let entry = || self.resolver.catalog.action(permission.action);
        let tags = self.tags_for(resource).filter(|tags| !tags.is_empty());
        if let Some(tags) = tags.filter(|_| entry().is_some_and(takes_request_tags)) {
            let with_value = tags.iter().filter_map(|(key, value)| Some((key, value.as_ref()?)));
            for (key, value) in with_value.filter(|(key, value)| *key != HIDDEN && *value != HIDDEN) {
                set(&format!("aws:RequestTag/{key}"), one(value));
            }
            if !tags.contains_key(HIDDEN) {
                set("aws:TagKeys", ContextValue::Many(tags.keys().cloned().collect()));
            }
        }
        for (key, value) in permission.extra.iter().flat_map(|rule| &rule.context) {
            for text in text_or_field(self.finder, value) {
                set(key, ContextValue::One(text));
            }
        }
        if let Some(service) = permission.passed_to {
            set("iam:PassedToService", one(service));
        }
        if permission.extra.is_none() {
            self.by_rules(permission.action, resource, &mut set);
        }
        context
    }

    /// Whether the value is the name of a service that has another one in China.
    fn is_named_otherwise(&self, key: &str, value: &ContextValue) -> bool {
        let other = &self.resolver.rules.common().other_principals_in_china;
        self.fields.partition() == "aws-cn"
            && key == "iam:PassedToService"
            && value.values().iter().any(|service| other.contains(service))
    }

    /// Forward access sessions: AWS fills `aws:CalledVia` for some services and `kms:ViaService` for uses of a key. Which
    /// service uses a key inside another call, the record of that call does not tell.
    fn called_for_somebody(
        &self,
        permission: &Permission<'_>,
        resource: &Resource,
        set: &mut impl FnMut(&str, ContextValue),
    ) {
        let Some(service) = self.event.caller.invoked_by.as_deref() else { return };
        let common = self.resolver.rules.common();
        if common.called_via.iter().any(|known| known == service) {
            set("aws:CalledVia", ContextValue::Many(vec![service.to_owned()]));
        }
        let uses_key = permission.action.service() == "kms" && kind_of(resource) == "key";
        if uses_key
            && permission.origin == Origin::Observed
            && let Some(name) = common.kms_via(service)
        {
            set("kms:ViaService", one(&format!("{name}.{}.amazonaws.com", self.fields.region())));
        }
    }

    fn by_rules(&self, action: &Action, resource: &Resource, set: &mut impl FnMut(&str, ContextValue)) {
        let kind = kind_of(resource);
        let fits = |row: &&ContextRule| row.types.is_empty() || row.types.iter().any(|name| name == kind);
        for row in self.resolver.rules.context_rows(action).filter(fits) {
            let values = match &row.value {
                ContextSource::Field(path) => self.fields.values(path).iter().map(ToString::to_string).collect(),
                ContextSource::Arn(expression) => self.arns_for(expression),
            };
            match (row.many, values.iter().min()) {
                (true, Some(_)) => set(&row.key, ContextValue::many(values)),
                (false, Some(first)) => set(&row.key, ContextValue::One(first.clone())),
                (_, None) => {}
            }
        }
    }

    /// Whole ARNs only: one with a hole would demand something that no request has.
    fn arns_for(&self, expression: &ResourceExpr) -> Vec<String> {
        match self.expression(expression, &[], &[], false) {
            Resources::These(found) => {
                found.into_iter().filter(|one| one.holes.is_empty()).map(|one| one.arn.to_string()).collect()
            }
            Resources::Any(_) => Vec::new(),
        }
    }

    /// The tags of the request as this resource gets them: with EC2 each type has tags of its own.
    fn tags_for(&self, resource: &Resource) -> Option<&Tags> {
        let specifications = self.specifications();
        if specifications.is_empty() {
            return Some(self.tags());
        }
        specifications.get(kind_of(resource))
    }
}

/// The resource type as the ARN writes it: `subnet` of `subnet/subnet-0a1b`.
fn kind_of(resource: &Resource) -> &str {
    match resource {
        Resource::Arn(arn) => arn.resource().split(['/', ':']).next().unwrap_or_default(),
        Resource::Any => "",
    }
}

fn takes_request_tags(entry: &ActionEntry) -> bool {
    let of_types = entry.resource_types.iter().flat_map(|kind| &kind.condition_keys);
    entry.condition_keys.iter().chain(of_types).any(|key| key.to_ascii_lowercase().starts_with("aws:requesttag/"))
}

fn one(text: &str) -> ContextValue {
    ContextValue::One(text.to_owned())
}

/// A context value of a rule row: a plain text, or `{path}`.
fn text_or_field(finder: &Finder<'_>, value: &str) -> Vec<String> {
    match value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(path) => match crate::catalog::rules::FieldPath::try_from(path.to_owned()) {
            Ok(path) => finder.fields.values(&path).iter().map(ToString::to_string).take(1).collect(),
            Err(_) => Vec::new(),
        },
        None => vec![value.to_owned()],
    }
}
