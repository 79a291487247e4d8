//! Everything that the kinds of findings look at, worked out once: which request fits which statement, and what the
//! evidence itself needs.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::fit::{Asked, Fit};
use super::shapes::Shapes;
use super::verdict::{Verdict, decide};
use super::{AuditOptions, Finding, Place, PresentPolicies, PresentPolicy};
use crate::aggregator::{Observation, Origin, Usage, UsedRequest};
use crate::catalog::{ActionEntry, Catalog};
use crate::iam::{AccessLevel, Action, ActionPattern, ArnPattern, PrincipalArn, Resource, Statement};
use crate::reducer::{ReduceOptions, VerifiedPolicy, reduce};

/// Policies, evidence and knowledge of one audit.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub present: &'a PresentPolicies,
    pub usage: &'a Usage,
    pub catalog: &'a Catalog,
    pub options: &'a AuditOptions,
    pub shapes: Shapes<'a>,
    /// All statements of the role's own policies, in order.
    pub statements: Vec<StatementCase<'a>>,
    /// All requests of the usage, in order.
    pub requests: Vec<RequestCase<'a>>,
    /// The tightest policy for the evidence, with what completes the lifecycle where that is granted on purpose; `None`
    /// where there is none.
    pub tight: Option<VerifiedPolicy>,
}

/// One statement of the role's own policies.
#[derive(Debug)]
pub(super) struct StatementCase<'a> {
    pub policy: &'a PresentPolicy,
    pub index: usize,
    pub statement: &'a Statement,
    /// Requests that it speaks of, for sure or perhaps, by index.
    pub requests: Vec<usize>,
}

/// One request of the usage.
#[derive(Debug)]
pub(super) struct RequestCase<'a> {
    pub used: &'a UsedRequest,
    pub observation: &'a Observation,
    pub asked: Asked,
    pub verdict: Verdict,
}

/// What a finding has been made of already, so that each fault is told once.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    pub statements: BTreeSet<usize>,
    pub actions: BTreeSet<(usize, ActionPattern)>,
    pub resources: BTreeSet<(usize, ArnPattern)>,
    /// Resources that miss what they were meant for, and match something else all the same.
    pub missing_their_aim: BTreeSet<(usize, ArnPattern)>,
    /// Paths to more that a service opens of which nothing was used: they are told with that.
    pub opened: BTreeMap<String, Vec<String>>,
    /// Requests that are told of elsewhere.
    pub requests: BTreeSet<(Action, Resource)>,
}

impl Spoken {
    /// A statement of which every action, or every resource, was told of is told of whole.
    pub fn settle(&mut self, at: usize, one: &StatementCase<'_>) {
        let actions = one.statement.actions.patterns();
        let resources = one.statement.resources.patterns();
        let no_action = actions.iter().all(|pattern| self.actions.contains(&(at, pattern.clone())));
        let no_resource = resources.iter().all(|pattern| self.resources.contains(&(at, pattern.clone())));
        if no_action || no_resource {
            self.statements.insert(at);
        }
    }
}

/// A kind of finding.
pub(super) type Find = fn(&Case<'_>, &mut Spoken) -> Vec<Finding>;

impl<'a> Case<'a> {
    pub fn new(
        present: &'a PresentPolicies,
        usage: &'a Usage,
        catalog: &'a Catalog,
        options: &'a AuditOptions,
    ) -> Self {
        let request = |(used, observation): (&'a UsedRequest, &'a Observation)| {
            let asked = Asked::of(usage, used, observation);
            let verdict = decide(present, &asked);
            RequestCase { used, observation, asked, verdict }
        };
        let requests: Vec<RequestCase<'a>> = usage.requests.iter().map(request).collect();
        let statements = present.identity.iter().flat_map(|policy| {
            let statements = policy.document.statements.iter().enumerate();
            statements.map(move |(index, statement)| StatementCase { policy, index, statement, requests: Vec::new() })
        });
        let mut statements: Vec<StatementCase<'a>> = statements.collect();
        for one in &mut statements {
            let fits = |(_, request): &(usize, &RequestCase<'_>)| {
                request.asked.fits(&one.policy.document, one.statement) != Fit::No
            };
            one.requests = requests.iter().enumerate().filter(fits).map(|(at, _)| at).collect();
        }
        // A policy set of any size will do here: it is compared, not attached.
        let tightest = ReduceOptions {
            max_policies: usize::MAX,
            complete_lifecycle: options.complete_lifecycle,
            ..ReduceOptions::default()
        };
        let reduced = reduce(usage, catalog, &tightest);
        Self {
            present,
            usage,
            catalog,
            options,
            shapes: Shapes::new(catalog),
            statements,
            requests,
            tight: reduced.ok(),
        }
    }

    pub fn role(&self) -> &PrincipalArn {
        &self.usage.principal
    }

    /// Requests of a statement.
    pub fn requests_of(&self, one: &StatementCase<'_>) -> impl Iterator<Item = &RequestCase<'a>> {
        one.requests.iter().filter_map(|at| self.requests.get(*at))
    }

    /// Before this moment a use no longer counts.
    pub fn used_since(&self) -> Timestamp {
        let end = self.usage.coverage.last_event.unwrap_or(self.options.now);
        end.checked_sub(self.options.unused_for).unwrap_or(Timestamp::MIN)
    }

    /// The actions of the catalogue that a pattern stands for.
    pub fn actions(&self, pattern: &ActionPattern) -> Vec<&'a ActionEntry> {
        let catalog = self.catalog;
        let of = |service: &str| catalog.actions(service).iter().filter(|entry| pattern.matches(&entry.action));
        match pattern.service() {
            Some(service) if !service.contains(['*', '?']) => of(service).collect(),
            _ => catalog.services().flat_map(of).collect(),
        }
    }

    pub fn access_level(&self, action: &Action) -> Option<AccessLevel> {
        self.catalog.action(action).map(|entry| entry.access_level)
    }
}

impl RequestCase<'_> {
    /// Known from a denial only: AWS never allowed it in the records.
    pub fn was_denied(&self) -> bool {
        self.observation.origin == Origin::Denied
    }
}

impl StatementCase<'_> {
    pub fn place(&self) -> Place {
        self.policy.place(self.index)
    }

    /// The place of an action in the statement.
    pub fn place_of_action(&self, pattern: &ActionPattern) -> Place {
        let line = self.policy.statement_lines(self.index).and_then(|lines| lines.actions.get(pattern).copied());
        let place = self.place();
        Place { line: line.or(place.line), ..place }
    }

    /// The place of a resource in the statement.
    pub fn place_of_resource(&self, pattern: &ArnPattern) -> Place {
        let line = self.policy.statement_lines(self.index).and_then(|lines| lines.resources.get(pattern).copied());
        let place = self.place();
        Place { line: line.or(place.line), ..place }
    }
}
