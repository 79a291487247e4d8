//! `--complete-lifecycle`: read, update, tag and delete of what the principal created, so that a policy from an
//! apply-only log lets the update and the destroy that follow pass.
//!
//! Phases: (1) for each thing created, the actions of its service that take its type and bear its name with a verb of
//! reading, updating or deleting, and those that tag it; (2) for each change that was seen, the action that undoes it;
//! (3) rows of `data/lifecycle.toml` for what names do not tell. All on the same generalised resources.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::WideningRule;
use super::generalize::{Generalized, Generalizer};
use super::sample::{Known, Sample};
use crate::aggregator::{
    Certainty, CreatedResource, Evidence, Few, Hole, HoleCause, Observation, Origin, Usage, UsedRequest,
};
use crate::catalog::{ActionEntry, Catalog};
use crate::iam::{AccessLevel, Action, Arn, ConditionKey, Context, ContextValue, Request, Resource};

mod rows;
mod thing;

use rows::Rows;
use thing::Thing;

/// The requests of the life that was not seen.
pub(crate) fn samples(usage: &Usage, catalog: &Catalog, generalizer: &Generalizer<'_>) -> Vec<Sample<'static>> {
    let maker = Maker { usage, catalog, rows: Rows::load(), generalizer };
    let mut wanted = BTreeSet::new();
    for (arn, created) in &usage.lineage.created {
        maker.of_created(arn, created, &mut wanted);
    }
    for (request, observation) in &usage.requests {
        maker.undoing(request, observation, &mut wanted);
    }
    let seen: BTreeSet<(&Action, &Resource)> =
        usage.requests.keys().map(|request| (&request.action, &request.resource)).collect();
    wanted.retain(|one| one.must_narrow() || !seen.contains(&(&one.action, &one.resource)));
    wanted.into_iter().map(|one| maker.sample(one)).collect()
}

/// A request of the life of something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    action: Action,
    resource: Resource,
    context: Context,
    evidence: WantedEvidence,
    operation: Arc<str>,
    reason: String,
}

/// What [`Evidence`] is made from, in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct WantedEvidence {
    time: jiff::Timestamp,
    event_id: Option<Arc<str>>,
}

impl Wanted {
    /// Tagging later is another request than tagging at creation, though action and resource are the same.
    fn must_narrow(&self) -> bool {
        !self.context.is_empty() || self.action.name() == "CreateTags" || self.action.name() == "AddTags"
    }
}

struct Maker<'a> {
    usage: &'a Usage,
    catalog: &'a Catalog,
    rows: &'static Rows,
    generalizer: &'a Generalizer<'a>,
}

impl Maker<'_> {
    /// Read, update, tag and delete of one thing.
    fn of_created(&self, arn: &Arn, created: &CreatedResource, wanted: &mut BTreeSet<Wanted>) {
        let thing = Thing::new(arn, created);
        let others = self.other_spellings(arn, &thing.created_by());
        let mut add = |action: &Action, reason: String| {
            if self.rows.excludes(action) {
                return;
            }
            let tags = self.catalog.action(action).is_some_and(|entry| entry.access_level == AccessLevel::Tagging);
            for arn in others.iter().copied().filter(|_| !tags).chain([arn]) {
                wanted.insert(self.on_created(action, arn, created, reason.clone()));
            }
        };
        for entry in self.catalog.actions(arn.service()) {
            if let Some(reason) = thing.concerns(entry, self.catalog) {
                add(&entry.action, reason.to_owned());
            }
        }
        for row in self.rows.extras(&thing.created_by(), &created.resource_type) {
            row.add.iter().for_each(|action| add(action, row.reason.clone()));
        }
    }

    /// Other ARNs under which the same thing was checked at its creation: a log group is `log-group:NAME` and, for all
    /// but its tags, `log-group:NAME:*`.
    fn other_spellings(&self, arn: &Arn, created_by: &Action) -> Vec<&Arn> {
        let made = self.usage.requests.keys().filter(|request| request.action == *created_by);
        made.filter_map(|request| match &request.resource {
            Resource::Arn(other) => other.as_str().strip_prefix(arn.as_str())?.starts_with(':').then_some(other),
            Resource::Any => None,
        })
        .collect()
    }

    fn on_created(&self, action: &Action, arn: &Arn, created: &CreatedResource, reason: String) -> Wanted {
        let entry = self.catalog.action(action);
        let takes_it = entry.is_some_and(|entry| !entry.resource_types.is_empty());
        let tags = created.tags.iter().filter(|_| takes_it);
        let context = tags.map(|(key, value)| {
            (ConditionKey::new(format!("aws:ResourceTag/{key}")), ContextValue::One(value.clone()))
        });
        Wanted {
            action: action.clone(),
            resource: if takes_it { Resource::Arn(arn.clone()) } else { Resource::Any },
            context: if takes_it { context.collect() } else { Context::new() },
            evidence: WantedEvidence { time: created.created_at, event_id: created.event_id.clone() },
            operation: created.operation.clone(),
            reason,
        }
    }

    /// What undoes a change that was seen, on the same resource.
    fn undoing(&self, request: &UsedRequest, observation: &Observation, wanted: &mut BTreeSet<Wanted>) {
        let changes = self
            .catalog
            .action(&request.action)
            .is_some_and(|entry| matches!(entry.access_level, AccessLevel::Write | AccessLevel::PermissionsManagement));
        if !changes {
            return;
        }
        let extra = self.rows.extras_of_seen(&request.action);
        let more = extra.flat_map(|row| row.add.iter().map(|action| (action.clone(), row.reason.clone())));
        for (action, reason) in self.rows.undo(&request.action, self.catalog).into_iter().chain(more) {
            if self.rows.excludes(&action) || !self.can_act_on(&action, &request.resource) {
                continue;
            }
            let mut context = self.context_of(&action, request);
            for (key, value) in self.usage.known_tags(request, observation).into_iter().flatten() {
                context.insert(ConditionKey::new(format!("aws:ResourceTag/{key}")), ContextValue::One(value.clone()));
            }
            let sample = observation.evidence.samples.first();
            wanted.insert(Wanted {
                action,
                resource: request.resource.clone(),
                context,
                evidence: WantedEvidence {
                    time: observation.evidence.first_seen,
                    event_id: sample.map(|(_, id)| id.clone()),
                },
                operation: observation.operations.first().cloned().unwrap_or_default(),
                reason,
            });
        }
    }

    fn can_act_on(&self, action: &Action, resource: &Resource) -> bool {
        let Some(entry) = self.catalog.action(action) else { return false };
        match resource {
            Resource::Any => entry.resource_types.is_empty(),
            Resource::Arn(arn) => !self.generalizer.kinds().taken(action, &arn.into()).is_empty(),
        }
    }

    /// The keys of the change that its inverse takes too, such as the policy that was attached.
    fn context_of(&self, action: &Action, request: &UsedRequest) -> Context {
        let entry: Option<&ActionEntry> = self.catalog.action(action);
        let own =
            |key: &ConditionKey| !key.folded().starts_with("aws:") && entry.is_some_and(|e| e.takes_key(key, None));
        let by_type = |key: &ConditionKey| {
            let kinds = entry.into_iter().flat_map(|entry| &entry.resource_types);
            !key.folded().starts_with("aws:")
                && kinds.into_iter().any(|kind| entry.is_some_and(|e| e.takes_key(key, Some(&kind.name))))
        };
        let kept = request.context.iter().filter(|(key, _)| own(key) || by_type(key));
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn sample(&self, wanted: Wanted) -> Sample<'static> {
        let holed = matches!(&wanted.resource, Resource::Arn(arn) if arn.resource().contains('*'));
        let hole = Hole { cause: HoleCause::UnresolvedField, detail: "as at its creation".to_owned() };
        let observation = Observation {
            evidence: Evidence::of(wanted.evidence.time, wanted.evidence.event_id.as_deref()),
            origin: Origin::Lifecycle,
            certainty: Certainty::Sometimes(wanted.reason.clone()),
            holes: holed.then_some(hole).into_iter().collect(),
            operations: [wanted.operation].into(),
            via: Few::new(),
            sources: Few::new(),
            notes: Few::new(),
        };
        let used = UsedRequest { action: wanted.action, resource: wanted.resource, context: wanted.context };
        let mut generalized: Generalized = self.generalizer.generalize(&used, &observation);
        generalized.widenings.insert((WideningRule::Lifecycle, wanted.reason.into()));
        let UsedRequest { action, resource, context } = used;
        Sample {
            request: Request { action, resource, context },
            observation: Known::Added(Box::new(observation)),
            generalized,
        }
    }
}

#[cfg(test)]
mod tests;
