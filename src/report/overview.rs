//! What a reviewer wants to see at a glance: access by service, calls by day, ways to more, the policies as they are.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::aggregator::Usage;
use crate::audit::{Change, Comparison, OpenPath, PresentPolicies, allowed_actions, open_paths};
use crate::catalog::Catalog;
use crate::catalog::rules::Rules;
use crate::iam::{Action, PolicyDocument, PrincipalArn, policy_characters};

use super::diff::example_resource;
use super::model::RequestText;

/// Access to one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ServiceUse {
    /// The prefix: `eks`.
    pub service: String,
    /// Actions that the policies allow on something.
    pub granted: usize,
    /// Of these, the ones that were used.
    pub used: usize,
    /// Used, and not granted by these policies.
    pub missing: usize,
}

/// Calls to one service on one day, whatever their outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Activity {
    pub service: String,
    /// UTC.
    pub day: Date,
    pub calls: u64,
}

/// A way from what the policies allow to more, the shortest of its family.
#[derive(Clone, Debug, Serialize)]
pub struct EscalationPath {
    pub role: PrincipalArn,
    pub name: String,
    /// The subject of its finding, where there is one.
    pub family: String,
    pub goal: String,
    pub steps: Vec<EscalationStep>,
    /// Other open paths of the family.
    pub others: Vec<String>,
}

/// One request of a path.
#[derive(Clone, Debug, Serialize)]
pub struct EscalationStep {
    pub action: Action,
    /// An example.
    pub resource: String,
}

/// A policy that the role has at present.
#[derive(Clone, Debug, Serialize)]
pub struct PresentDocument {
    pub name: String,
    /// As it was named; null for one that came from AWS.
    pub file: Option<String>,
    /// Size as IAM counts it.
    pub characters: usize,
    pub document: PolicyDocument,
}

/// The new policies beside the present ones.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ComparisonReport {
    pub role: Option<PrincipalArn>,
    /// The present policies, by name.
    pub policies: Vec<String>,
    pub kept: Vec<KeptAction>,
    pub narrowed: Vec<ChangedAccess>,
    pub removed: Vec<ChangedAccess>,
    pub added: Vec<ChangedAccess>,
    pub undecided: Vec<UndecidedActions>,
}

/// An action that stays on all that it was allowed on.
#[derive(Clone, Debug, Serialize)]
pub struct KeptAction {
    pub action: Action,
    pub resources: Vec<String>,
}

/// Access that one side has and the other has not.
#[derive(Clone, Debug, Serialize)]
pub struct ChangedAccess {
    pub actions: Vec<Action>,
    /// Actions that AWS may add one day count, too.
    pub future_actions: bool,
    /// The pattern that makes the difference; null: all but some.
    pub resource: Option<String>,
    /// A request that one side allows and the other does not.
    pub example: RequestText,
}

/// Actions for which it can't be decided, and why.
#[derive(Clone, Debug, Serialize)]
pub struct UndecidedActions {
    pub actions: Vec<Action>,
    pub reason: String,
}

/// What was read, so that the report can be made again from the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputDigest {
    /// As typed.
    pub source: String,
    pub files: u64,
    pub bytes: u64,
    /// Of the file; for a directory, of the list that `sha256sum` prints of its files, sorted by name.
    pub sha256: String,
}

/// Access by service, services with most unused actions last in the alphabet's order of prefixes.
pub fn service_use(policies: &[PolicyDocument], usage: &Usage, catalog: &Catalog) -> Vec<ServiceUse> {
    let used: BTreeSet<&Action> = usage.requests.keys().map(|request| &request.action).collect();
    let mut services: BTreeMap<String, ServiceUse> = BTreeMap::new();
    let granted = allowed_actions(policies, catalog);
    for action in granted.keys() {
        let entry = services.entry(action.service().to_owned()).or_default();
        entry.granted += 1;
        entry.used += usize::from(used.contains(action));
    }
    for action in used.into_iter().filter(|action| !granted.contains_key(*action)) {
        services.entry(action.service().to_owned()).or_default().missing += 1;
    }
    services.into_iter().map(|(service, counts)| ServiceUse { service, ..counts }).collect()
}

/// Sums what several roles have of the same service.
pub fn sum_services(parts: impl IntoIterator<Item = ServiceUse>) -> Vec<ServiceUse> {
    let mut services: BTreeMap<String, ServiceUse> = BTreeMap::new();
    for part in parts {
        let entry = services.entry(part.service).or_default();
        entry.granted += part.granted;
        entry.used += part.used;
        entry.missing += part.missing;
    }
    services.into_iter().map(|(service, counts)| ServiceUse { service, ..counts }).collect()
}

/// Calls by service and day, of all usages together. Several event sources may belong to one service.
pub fn activity<'u>(usages: impl Iterator<Item = &'u Usage>) -> Vec<Activity> {
    let mut days: BTreeMap<(String, Date), u64> = BTreeMap::new();
    for (source, counts) in usages.flat_map(|usage| &usage.coverage.days) {
        let service = Rules::embedded().prefix_of(source);
        for (day, calls) in counts {
            if let Some(start) = day.start() {
                let date = TimeZone::UTC.to_datetime(start).date();
                *days.entry((service.to_owned(), date)).or_default() += calls;
            }
        }
    }
    days.into_iter().map(|((service, day), calls)| Activity { service, day, calls }).collect()
}

/// The ways to more that the policies open.
pub fn escalation_paths(present: &PresentPolicies, role: &PrincipalArn, catalog: &Catalog) -> Vec<EscalationPath> {
    let path = |path: OpenPath| EscalationPath {
        role: role.clone(),
        name: path.name,
        family: path.family,
        goal: path.goal,
        steps: path
            .steps
            .into_iter()
            .map(|step| EscalationStep { action: step.action, resource: step.resource })
            .collect(),
        others: path.others,
    };
    open_paths(present, role, catalog).into_iter().map(path).collect()
}

/// The policies that a role has, as they are.
pub fn present_documents(present: &PresentPolicies) -> Vec<PresentDocument> {
    let document = |policy: &crate::audit::PresentPolicy| PresentDocument {
        name: policy.name.clone(),
        file: policy.file.clone(),
        characters: policy_characters(&policy.document),
        document: policy.document.clone(),
    };
    present.identity.iter().map(document).collect()
}

impl ComparisonReport {
    /// What became of the access that the named policies give.
    pub fn new(role: &PrincipalArn, policies: Vec<String>, comparison: Comparison) -> Self {
        let Comparison { kept, narrowed, removed, added, undecided } = comparison;
        let kept = kept.into_iter().map(|(action, resources)| KeptAction {
            action,
            resources: resources.iter().map(ToString::to_string).collect(),
        });
        let undecided = undecided
            .into_iter()
            .map(|one| UndecidedActions { actions: one.actions.into_iter().collect(), reason: one.reason });
        Self {
            role: Some(role.clone()),
            policies,
            kept: kept.collect(),
            narrowed: changes(narrowed),
            removed: changes(removed),
            added: changes(added),
            undecided: undecided.collect(),
        }
    }

    /// How many actions are kept, narrowed, removed and added.
    pub fn counts(&self) -> [(&'static str, usize); 4] {
        [
            ("kept", self.kept.len()),
            ("narrowed", distinct(&self.narrowed)),
            ("removed", distinct(&self.removed)),
            ("added", distinct(&self.added)),
        ]
    }

    /// The four lists of changes with what is said of each.
    pub fn sections(&self) -> [(&'static str, &'static str, &[ChangedAccess]); 3] {
        [
            ("Added", "not allowed by the present policies", &self.added),
            ("Narrowed", "still allowed, no longer on all of this", &self.narrowed),
            ("Removed", "no longer allowed at all", &self.removed),
        ]
    }
}

fn distinct(changes: &[ChangedAccess]) -> usize {
    changes.iter().flat_map(|change| &change.actions).collect::<BTreeSet<_>>().len()
}

fn changes(changes: Vec<Change>) -> Vec<ChangedAccess> {
    let change = |change: Change| ChangedAccess {
        example: example_text(&change),
        actions: change.actions.into_iter().collect(),
        future_actions: change.future_actions,
        resource: change.resource.map(|resource| resource.to_string()),
    };
    changes.into_iter().map(change).collect()
}

fn example_text(change: &Change) -> RequestText {
    let request = &change.example;
    let values = |value: &crate::iam::ContextValue| value.values().iter().map(ToString::to_string).collect();
    RequestText {
        action: request.action.clone(),
        resource: example_resource(change),
        context: request.context.iter().map(|(key, value)| (key.to_string(), values(value))).collect(),
    }
}
