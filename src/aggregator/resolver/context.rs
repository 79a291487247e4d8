//! The condition keys that AWS fills for a request, as far as the record tells.

use super::resources::Finder;
use super::tags::Tags;
use super::{Call, Permission};
use crate::catalog::ActionEntry;
use crate::iam::{Action, ConditionKey, Context, ContextValue, Resource};

impl Call<'_> {
    pub(super) fn context(&self, permission: &Permission<'_>, resource: &Resource) -> Context {
        let mut context = Context::default();
        let mut set = |key: &str, value: ContextValue| context.insert(ConditionKey::new(key), value);
        set("aws:RequestedRegion", one(self.fields.region()));
        self.called_for_somebody(permission.action, &mut set);
        let entry = self.resolver.catalog.action(permission.action);
        let tags = self.tags_for(permission, resource);
        if !tags.is_empty() && entry.is_some_and(takes_request_tags) {
            for (key, value) in &tags {
                set(&format!("aws:RequestTag/{key}"), one(value));
            }
            set("aws:TagKeys", ContextValue::Many(tags.keys().cloned().collect()));
        }
        for (key, value) in permission.extra.iter().flat_map(|rule| &rule.context) {
            for text in text_or_field(self.finder, value) {
                set(key, ContextValue::One(text));
            }
        }
        if permission.extra.is_none() {
            self.by_rules(permission.action, &mut set);
        }
        context
    }

    /// Forward access sessions: AWS fills `aws:CalledVia` for some services and `kms:ViaService` for KMS.
    fn called_for_somebody(&self, action: &Action, set: &mut impl FnMut(&str, ContextValue)) {
        let Some(service) = self.event.caller.invoked_by.as_deref() else { return };
        if self.resolver.rules.common().called_via.iter().any(|known| known == service) {
            set("aws:CalledVia", ContextValue::Many(vec![service.to_owned()]));
        }
        if action.service() == "kms"
            && let Some(name) = service.strip_suffix(".amazonaws.com")
        {
            set("kms:ViaService", one(&format!("{name}.{}.amazonaws.com", self.fields.region())));
        }
    }

    fn by_rules(&self, action: &Action, set: &mut impl FnMut(&str, ContextValue)) {
        let rows = &self.resolver.rules.service(action.service()).context;
        for row in rows
            .iter()
            .filter(|row| row.actions.iter().any(|name| crate::catalog::rules::like(name, &action.to_string())))
        {
            let mut values: Vec<String> = self.fields.values(&row.value).iter().map(ToString::to_string).collect();
            values.sort();
            match (row.many, values.into_iter().next()) {
                (true, Some(_)) => {
                    let mut all: Vec<String> = self.fields.values(&row.value).iter().map(ToString::to_string).collect();
                    all.sort();
                    set(&row.key, ContextValue::Many(all));
                }
                (false, Some(first)) => set(&row.key, ContextValue::One(first)),
                (_, None) => {}
            }
        }
    }

    /// The tags of the request as this resource gets them: with EC2 each type has tags of its own.
    fn tags_for(&self, permission: &Permission<'_>, resource: &Resource) -> Tags {
        let specifications = self.specifications();
        if specifications.is_empty() {
            return self.tags().clone();
        }
        let Resource::Arn(arn) = resource else { return Tags::new() };
        let _ = permission;
        let kind = arn.resource().split(['/', ':']).next().unwrap_or_default();
        specifications.get(kind).cloned().unwrap_or_default()
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
