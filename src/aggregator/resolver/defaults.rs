//! What is checked inside a call of a service for which no row says so: tags at creation, and roles passed.

use super::created::Creation;
use super::resources::Found;
use super::{Call, Certainty, Need, Origin, Permission, Resources, fields};
use crate::catalog::ActionEntry;
use crate::catalog::rules::squeeze;
use crate::iam::{Action, Arn};

impl Call<'_> {
    /// Whether the rows of the service say all that there is to say.
    fn by_hand(&self) -> bool {
        self.resolver.rules.has_file(self.finder.service) && !self.finder.rules.settings.generic
    }

    /// Where the request carries tags and the service has a tag action that takes what the call creates, the tag action is
    /// checked too, as AWS documents for most services.
    pub(super) fn default_tagging(&self, created: &[Creation], needs: &mut Vec<Need>) {
        if self.by_hand() || !self.tagged() {
            return;
        }
        let names = self.resolver.rules.common().tag_actions.iter();
        let actions = names.filter_map(|name| format!("{}:{name}", self.finder.service).parse::<Action>().ok());
        let Some(entry) = actions.filter_map(|action| self.resolver.catalog.action(&action)).next() else { return };
        let takes = |kind: &str| entry.resource_types.iter().any(|one| one.name == kind);
        let found = match created {
            [] if self.plan.creates.is_empty() => self.made_by_name(&takes),
            [] => self.to_be_created(&takes),
            created => created.iter().filter(|one| takes(&one.resource_type)).map(Creation::as_found).collect(),
        };
        self.push(needs, derived(&entry.action, "the service checks tags given at creation"), Resources::These(found));
    }

    /// What a creating call makes where its name is not the type's (`CreateDBInstance` makes a `db`): the one type that it
    /// must be allowed on, or of several the ones that its name holds.
    fn made_by_name(&self, takes: &impl Fn(&str) -> bool) -> Vec<Found> {
        let creates = |verb: &String| self.event.name.starts_with(verb.as_str());
        if !self.resolver.rules.common().create_verbs.iter().any(creates) {
            return Vec::new();
        }
        let of_call = |entry: &ActionEntry| -> Vec<String> {
            let required = entry.resource_types.iter().filter(|kind| kind.required && takes(&kind.name));
            required.map(|kind| kind.name.clone()).collect()
        };
        let mut kinds: Vec<String> = self.actions(None).into_iter().flat_map(of_call).collect();
        if kinds.len() > 1 {
            let operation = squeeze(&self.event.name);
            kinds.retain(|kind| operation.contains(&squeeze(kind)));
        }
        kinds.iter().flat_map(|kind| self.of_type(kind)).collect()
    }

    /// A role in a request that changes something is passed, as far as anybody can tell. Where no row says to which
    /// service, no condition narrows it.
    pub(super) fn default_passing(&self, needs: &mut Vec<Need>) {
        let common = self.resolver.rules.common();
        let passes = common.passing_verbs.iter().any(|verb| self.event.name.starts_with(verb.as_str()));
        if self.by_hand() || !passes || self.event.read_only == Some(true) {
            return;
        }
        let is_role = |text: &str| {
            text.parse::<Arn>().is_ok_and(|arn| arn.service() == "iam" && arn.resource().starts_with("role/"))
        };
        let named = |leaf: &&fields::Leaf<'_>| leaf.key.to_ascii_lowercase().contains("role") && is_role(&leaf.value);
        let roles = self.finder.request().iter().filter(named).filter_map(|leaf| Found::at(&leaf.value)).collect();
        let action = "iam:PassRole".parse::<Action>().ok();
        let Some(entry) = action.and_then(|action| self.resolver.catalog.action(&action)) else { return };
        let passed_to = common.passed_to(self.finder.service, &self.event.name);
        let permission =
            Permission { passed_to, ..derived(&entry.action, "the service takes over the role in the request") };
        self.push(needs, permission, Resources::These(roles));
    }
}

fn derived<'r>(action: &'r Action, sometimes: &str) -> Permission<'r> {
    Permission {
        action,
        origin: Origin::Derived,
        certainty: Certainty::Sometimes(sometimes.to_owned()),
        source: None,
        note: None,
        extra: None,
        passed_to: None,
    }
}
