//! The evidence behind an action, a resource, a statement: which events, by whom, from where.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::fit::{Asked, Fit};
use super::present::PresentPolicy;
use crate::aggregator::{
    Certainty, Evidence, Few, Hole, Observation, Resolution, Resolver, Selection, Usage, UsedRequest,
};
use crate::catalog::Catalog;
use crate::cloudtrail::{Event, Outcome};
use crate::iam::{ActionPattern, ArnPattern, PrincipalArn, Resource};
use crate::reducer::{Grant, VerifiedPolicy, Widening};

/// What is asked about.
#[derive(Clone, Debug)]
pub enum Asking {
    /// An action, or a pattern over actions.
    Action(ActionPattern),
    /// A resource, or a pattern over resources: all requests on what it stands for.
    Resource(ArnPattern),
    /// A statement: all requests that it speaks of; with a line in it, only those by that action or resource.
    Statement {
        policy: Box<PresentPolicy>,
        statement: usize,
        action: Option<ActionPattern>,
        resource: Option<ArnPattern>,
    },
}

impl Asking {
    /// Whether a request is asked about.
    pub fn means(&self, request: &UsedRequest, holes: &Few<Hole>, principal: &PrincipalArn) -> bool {
        match self {
            Self::Action(pattern) => pattern.matches(&request.action),
            Self::Resource(pattern) => concerns(pattern, request),
            Self::Statement { policy, statement, action, resource } => {
                let Some(asked) = policy.document.statements.get(*statement) else { return false };
                Asked::new(request, holes, principal).fits(&policy.document, asked) != Fit::No
                    && action.as_ref().is_none_or(|pattern| pattern.matches(&request.action))
                    && resource.as_ref().is_none_or(|pattern| concerns(pattern, request))
            }
        }
    }
}

/// Whether the request is on something that the pattern stands for, or on a pattern that stands for it.
fn concerns(pattern: &ArnPattern, request: &UsedRequest) -> bool {
    match &request.resource {
        Resource::Any => pattern.is_any(),
        Resource::Arn(arn) => pattern.matches(arn) || ArnPattern::literal(arn).covers(pattern),
    }
}

/// One event behind what is asked about, or several alike of one session, where only their number is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Witness {
    /// The first of them.
    pub time: Timestamp,
    pub last: Timestamp,
    pub events: u64,
    pub event_id: Option<String>,
    /// `eks.amazonaws.com:CreateNodegroup`
    pub operation: String,
    pub session: Option<String>,
    pub source_ip: Option<String>,
    pub user_agent: Option<String>,
    /// The service that made the call with the role's permissions.
    pub invoked_by: Option<String>,
    pub denied: bool,
}

/// Collects the witnesses while events go by. Memory grows with what is asked about alone.
#[derive(Debug)]
pub struct Witnesses<'a> {
    resolver: Resolver<'a>,
    selection: &'a Selection,
    asking: &'a Asking,
    /// By principal.
    pub found: BTreeMap<PrincipalArn, BTreeSet<Witness>>,
}

impl<'a> Witnesses<'a> {
    pub fn new(catalog: &'a Catalog, selection: &'a Selection, asking: &'a Asking) -> Self {
        Self { resolver: Resolver::new(catalog), selection, asking, found: BTreeMap::new() }
    }

    /// Looks at one event.
    pub fn add(&mut self, event: &Event<'_>) {
        self.add_counted(event, &Evidence::of(event.time, event.id.as_deref()));
    }

    /// Looks at a call that was seen several times.
    pub fn add_counted(&mut self, event: &Event<'_>, evidence: &Evidence) {
        let Some(arn) = &event.caller.principal else { return };
        let Ok(principal) = PrincipalArn::try_from(arn.clone()) else { return };
        if !self.selection.takes_principal(&principal) || self.selection.leaves_out_calls(event, evidence).is_some() {
            return;
        }
        let denied = match event.outcome {
            Outcome::Denied(_) => true,
            Outcome::Allowed | Outcome::AllowedThenFailed => false,
            Outcome::Unknown => return,
        };
        if self.is_meant(event, &principal) {
            let owned = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map(str::to_owned);
            let witness = Witness {
                time: evidence.first_seen,
                last: evidence.last_seen,
                events: evidence.events,
                event_id: evidence.first_id().map(ToString::to_string),
                operation: format!("{}:{}", event.source, event.name),
                session: owned(&event.caller.session_name),
                source_ip: owned(&event.source_ip),
                user_agent: owned(&event.user_agent),
                invoked_by: owned(&event.caller.invoked_by),
                denied,
            };
            self.found.entry(principal).or_default().insert(witness);
        }
    }

    fn is_meant(&self, event: &Event<'_>, principal: &PrincipalArn) -> bool {
        let needs = match self.resolver.resolve(event) {
            Resolution::Resolved(resolved) => resolved.needs,
            Resolution::NeedsNoPermission | Resolution::Unmapped => Vec::new(),
        };
        let ruled = needs.into_iter().any(|need| {
            let request = UsedRequest { action: need.action, resource: need.resource, context: need.context };
            self.asking.means(&request, &need.holes.into_iter().collect(), principal)
        });
        ruled || self.is_named_by_denial(event, principal)
    }

    /// A denial names what AWS checked, whatever the rules say.
    fn is_named_by_denial(&self, event: &Event<'_>, principal: &PrincipalArn) -> bool {
        let Outcome::Denied(denial) = &event.outcome else { return false };
        let (Some(action), Some(resource)) = (&denial.action, &denial.resource) else { return false };
        let request = UsedRequest { action: action.clone(), resource: resource.clone(), context: Default::default() };
        self.asking.means(&request, &Few::new(), principal)
    }

    /// Adds what another has found.
    pub fn merge(&mut self, other: Self) {
        for (principal, witnesses) in other.found {
            self.found.entry(principal).or_default().extend(witnesses);
        }
    }
}

/// What stands behind what was asked about.
#[derive(Clone, Debug)]
pub struct Explanation {
    pub principal: PrincipalArn,
    /// The requests, in the order of the evidence's own keys.
    pub requests: Vec<(UsedRequest, Observation)>,
    /// The events, by time.
    pub events: Vec<Witness>,
    /// Lines of the tightest policy that allow these requests.
    pub grants: Vec<Grant>,
    /// Where these lines are wider than the evidence, and why.
    pub widenings: Vec<Widening>,
}

impl Explanation {
    /// Calls that would be denied without it.
    pub fn breaks(&self) -> BTreeSet<&str> {
        let always = self.requests.iter().filter(|(_, observation)| observation.certainty == Certainty::Always);
        always.flat_map(|(_, observation)| &observation.operations).map(AsRef::as_ref).collect()
    }

    /// Calls that would be denied without it under some circumstance, with the circumstance.
    pub fn breaks_sometimes(&self) -> BTreeSet<(&str, &str)> {
        let sometimes = self.requests.iter().filter_map(|(_, observation)| match &observation.certainty {
            Certainty::Sometimes(when) => Some((observation, when.as_str())),
            Certainty::Always => None,
        });
        sometimes.flat_map(|(observation, when)| observation.operations.iter().map(move |one| (&**one, when))).collect()
    }
}

/// Puts the explanation together. `tight` is the tightest policy for the evidence.
pub fn explain(
    asking: &Asking,
    usage: &Usage,
    tight: Option<&VerifiedPolicy>,
    events: impl IntoIterator<Item = Witness>,
) -> Explanation {
    let meant = usage
        .requests
        .iter()
        .filter(|(request, observation)| asking.means(request, &observation.holes, &usage.principal));
    let requests: Vec<(UsedRequest, Observation)> =
        meant.map(|(request, observation)| (request.clone(), observation.clone())).collect();
    let allows = |grant: &&Grant| {
        requests
            .iter()
            .any(|(request, _)| request.action == grant.action && grant.resource.matches_resource(&request.resource))
    };
    let grants: Vec<Grant> = tight.iter().flat_map(|tight| tight.grants()).filter(allows).cloned().collect();
    let widened = |widening: &&Widening| {
        grants.iter().any(|grant| grant.action == widening.action && grant.resource == widening.resource)
    };
    let widenings = tight.iter().flat_map(|tight| tight.widenings()).filter(widened).cloned().collect();
    let events = events.into_iter().collect();
    Explanation { principal: usage.principal.clone(), requests, events, grants, widenings }
}
