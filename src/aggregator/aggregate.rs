//! Folds events into usage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::coverage::{Marks, add_evidence};
use super::fold::{FoldedRequests, Place};
use super::instance_profiles::InstanceProfiles;
use super::learn::{self, Corrections};
use super::recall::{Counted, Kind, Recall};
use super::{
    Certainty, Coverage, DeniedCall, Evidence, Fields, KnownCall, Lineage, Need, Observation, Origin, RecordCounts,
    Resolution, Resolver, Selection, UnmappedEvent, Usage, UsedRequest,
};
use crate::catalog::Catalog;
use crate::cloudtrail::{Denial, Event, Outcome, PolicyType, SkipReason};
use crate::iam::{Arn, PrincipalArn, Resource};

/// Collects usage. One per thread; [`Aggregator::merge`] brings them together.
#[derive(Debug)]
pub struct Aggregator<'a> {
    resolver: Resolver<'a>,
    selection: &'a Selection,
    principals: BTreeMap<PrincipalArn, Collected>,
    /// Principals that were seen and not asked for, with how often: advice when the asked-for one does not appear.
    others: BTreeMap<PrincipalArn, u64>,
    counts: RecordCounts,
    gaps: BTreeSet<String>,
    recall: Recall,
}

/// What is known of one principal so far.
#[derive(Debug, Default)]
struct Collected {
    requests: FoldedRequests,
    lineage: Lineage,
    coverage: Coverage,
    /// Whole ARNs of roles and the like, which tell the path behind a bare name.
    arns: BTreeSet<Arn>,
    profiles: InstanceProfiles,
    corrections: Corrections,
    assumed: BTreeMap<PrincipalArn, BTreeSet<String>>,
    /// `eks.amazonaws.com:CreateNodegroup` and the like, each once.
    operations: BTreeSet<Arc<str>>,
}

/// Calls that were counted in.
struct Taken {
    counted: Counted,
    /// Where their requests are.
    places: Vec<Place>,
    /// The same call again adds nothing but evidence.
    may_come_again: bool,
}

/// How many other principals are remembered for advice.
const OTHERS_KEPT: usize = 1_000;

impl<'a> Aggregator<'a> {
    pub fn new(catalog: &'a Catalog, selection: &'a Selection) -> Self {
        Self {
            resolver: Resolver::new(catalog),
            selection,
            principals: BTreeMap::new(),
            others: BTreeMap::new(),
            counts: RecordCounts::default(),
            gaps: BTreeSet::new(),
            recall: Recall::default(),
        }
    }

    /// Counts one event in, or says why it does not count. The caller has told duplicates apart.
    pub fn add(&mut self, event: &Event<'_>) {
        self.add_counted(event, &Evidence::of(event.time, event.id.as_deref()));
    }

    /// Counts in a call that was seen `evidence.events` times, as a store or an engine hands it on. The same as to add
    /// each of these events. The time of the record and its `eventID` do not count, those of the evidence do.
    pub fn add_counted(&mut self, event: &Event<'_>, evidence: &Evidence) {
        self.add_days(event, evidence, std::slice::from_ref(evidence));
    }

    /// The same with the evidence of each day in UTC: the call is resolved once. All of it is inside the window, or none.
    pub fn add_by_day(&mut self, event: &Event<'_>, days: &[Evidence]) {
        let Some((first, rest)) = days.split_first() else { return };
        let mut all = first.clone();
        rest.iter().for_each(|day| all.merge(day));
        self.add_days(event, &all, days);
    }

    /// Counts one event in and keeps what it led to, so that the same call again can be counted without being resolved.
    /// `None`: each such call must be resolved.
    pub fn add_to_recall(&mut self, event: &Event<'_>) -> Option<KnownCall> {
        let evidence = Evidence::of(event.time, event.id.as_deref());
        let (principal, taken) = self.add_days(event, &evidence, std::slice::from_ref(&evidence))?;
        let Taken { counted, places, may_come_again } = taken;
        may_come_again.then(|| self.recall.keep(Kind::of(principal, event, counted), &places))?
    }

    /// Counts the same call again: it differs in id and time only, and is inside the window.
    pub fn count_again(&mut self, call: KnownCall, time: Timestamp, id: Option<&str>) {
        let Some((kind, places)) = self.recall.get(call) else { return };
        let Some(collected) = self.principals.get_mut(&kind.principal) else { return };
        collected.count_again(kind, places, time, id);
        self.counts.count(kind.counted.skipped(), 1);
    }

    /// Forgets the calls that may come again.
    pub fn forget_calls(&mut self) {
        self.recall.forget();
    }

    /// Counts calls in; those of a wanted principal, inside of what was asked for, were taken.
    fn add_days(&mut self, event: &Event<'_>, evidence: &Evidence, days: &[Evidence]) -> Option<(PrincipalArn, Taken)> {
        let events = evidence.events;
        let principal = event.caller.principal.clone().and_then(|arn| PrincipalArn::try_from(arn).ok());
        let Some(principal) = principal else {
            self.skip_many(SkipReason::NoPrincipal, events);
            return None;
        };
        if !self.selection.takes_principal(&principal) {
            if self.others.len() < OTHERS_KEPT || self.others.contains_key(&principal) {
                *self.others.entry(principal).or_default() += events;
            }
            self.skip_many(SkipReason::OtherPrincipal, events);
            return None;
        }
        let outside = self.selection.leaves_out_calls(event, evidence);
        let collected = self.principals.entry(principal.clone()).or_default();
        if let Some(reason) = outside {
            self.skip_many(reason, events);
            return None;
        }
        collected.note_days(event, days);
        let taken = collected.add(event, evidence, self.resolver, self.selection);
        self.counts.count(taken.counted.skipped(), events);
        Some((principal, taken))
    }

    /// Counts a record that never became an event.
    pub fn skip(&mut self, reason: SkipReason) {
        self.skip_many(reason, 1);
    }

    /// Counts many records that never became events.
    pub fn skip_many(&mut self, reason: SkipReason, records: u64) {
        if records > 0 {
            self.counts.count(Some(reason), records);
        }
    }

    /// Notes something that could not be read, for the coverage.
    pub fn gap(&mut self, text: String) {
        self.gaps.insert(text);
    }

    /// Adds what another aggregator with the same selection has seen.
    pub fn merge(&mut self, other: Self) {
        self.counts.merge(&other.counts);
        self.gaps.extend(other.gaps);
        for (principal, events) in other.others {
            *self.others.entry(principal).or_default() += events;
        }
        for (principal, collected) in other.principals {
            self.principals.entry(principal).or_default().merge(collected);
        }
    }

    /// Which records count.
    pub fn selection(&self) -> &Selection {
        self.selection
    }

    /// Records read, used and skipped, of all principals together.
    pub fn counts(&self) -> &RecordCounts {
        &self.counts
    }

    /// What could not be read.
    pub fn gaps(&self) -> &BTreeSet<String> {
        &self.gaps
    }

    /// Principals that were seen but not asked for, most frequent first.
    pub fn other_principals(&self) -> Vec<(&PrincipalArn, u64)> {
        let mut others: Vec<_> = self.others.iter().map(|(principal, events)| (principal, *events)).collect();
        others.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(other.0)));
        others
    }

    /// One usage for each principal that was found, by ARN.
    pub fn finish(self) -> BTreeMap<PrincipalArn, Usage> {
        let Self { principals, counts, gaps, .. } = self;
        let usage = |(principal, collected): (PrincipalArn, Collected)| {
            (principal.clone(), collected.finish(principal, counts.clone(), &gaps))
        };
        principals.into_iter().map(usage).collect()
    }
}

impl Collected {
    /// Counts a call of the principal in.
    fn add(&mut self, event: &Event<'_>, evidence: &Evidence, resolver: Resolver<'_>, selection: &Selection) -> Taken {
        self.note_coverage(event, evidence);
        let operation = self.operation(event);
        match &event.outcome {
            Outcome::Unknown => {
                self.coverage.unknown_outcome += evidence.events;
                return Taken::skipped(SkipReason::OutcomeUnknown);
            }
            Outcome::Denied(denial) => {
                let denial = selection.told(denial);
                let (call, needs) = self.denied(event, &denial, evidence, resolver);
                let granted = selection.include_denied && is_curable(&denial);
                let granted = if granted { granted_by_denial(&denial, needs) } else { Vec::new() };
                let places = self.remember(granted, event, evidence, &operation);
                // What AWS encoded is new with each call.
                return Taken { places, may_come_again: call.is_plain(), counted: Counted::Denied(call) };
            }
            Outcome::Allowed | Outcome::AllowedThenFailed => {}
        }
        let resolved = match resolver.resolve(event) {
            Resolution::NeedsNoPermission => return Taken::skipped(SkipReason::NeedsNoPermission),
            Resolution::Unmapped => {
                let unmapped =
                    UnmappedEvent { event_source: event.source.to_string(), event_name: event.name.to_string() };
                add_evidence(&mut self.coverage.unmapped, unmapped.clone(), evidence);
                return Taken { counted: Counted::Unmapped(unmapped), places: Vec::new(), may_come_again: true };
            }
            Resolution::Resolved(resolved) => resolved,
        };
        let creates = event.outcome == Outcome::Allowed && !resolved.created.is_empty();
        if event.outcome == Outcome::Allowed {
            self.profiles.learn(event);
            self.lineage.add(evidence, &operation, resolved.created.iter());
            self.lineage.attachments.extend(resolved.attachments.iter().cloned());
        }
        if let Some((role, key)) = opened_session(event) {
            self.assumed.entry(role).or_default().insert(key);
        }
        self.arns.extend(resolved.arns.into_iter().filter(|arn| arn.service() == "iam"));
        let places = self.remember(resolved.needs, event, evidence, &operation);
        // When something was created counts, too.
        Taken { counted: Counted::Used, places, may_come_again: !creates }
    }

    /// Counts a call in that [`Taken::may_come_again`].
    fn count_again(&mut self, kind: &Kind, places: &[Place], time: Timestamp, id: Option<&str>) {
        self.coverage.count_day(&kind.event_source, time, 1);
        self.coverage.note(time, time);
        self.coverage.note_marks(kind.marks, 1);
        match &kind.counted {
            Counted::Denied(call) => self.coverage.deny(call.clone(), &Evidence::of(time, id)),
            Counted::Unmapped(event) => {
                add_evidence(&mut self.coverage.unmapped, event.clone(), &Evidence::of(time, id));
            }
            Counted::Skipped(SkipReason::OutcomeUnknown) => self.coverage.unknown_outcome += 1,
            Counted::Used | Counted::Skipped(_) => {}
        }
        places.iter().for_each(|place| self.requests.add_again(*place, time, id));
    }

    /// The operation's name, of which all requests share one copy.
    fn operation(&mut self, event: &Event<'_>) -> Arc<str> {
        let name = format!("{}:{}", event.source, event.name);
        if let Some(known) = self.operations.get(name.as_str()) {
            return Arc::clone(known);
        }
        let name: Arc<str> = name.into();
        self.operations.insert(Arc::clone(&name));
        name
    }

    /// Counts needs of a call in; where they are.
    fn remember(
        &mut self,
        needs: Vec<Need>,
        event: &Event<'_>,
        evidence: &Evidence,
        operation: &Arc<str>,
    ) -> Vec<Place> {
        needs.into_iter().map(|need| self.requests.add(need, event, evidence, operation)).collect()
    }

    /// Keeps what AWS said and lets it correct the rules; what the call needs by the rules.
    fn denied(
        &mut self,
        event: &Event<'_>,
        denial: &Denial,
        evidence: &Evidence,
        resolver: Resolver<'_>,
    ) -> (DeniedCall, Vec<Need>) {
        let call = DeniedCall {
            event_source: event.source.to_string(),
            event_name: event.name.to_string(),
            denial: denial.clone(),
        };
        self.coverage.deny(call.clone(), evidence);
        let needs = match resolver.resolve(event) {
            Resolution::Resolved(resolved) => resolved.needs,
            Resolution::NeedsNoPermission | Resolution::Unmapped => Vec::new(),
        };
        let operation = self.operation(event);
        self.corrections.learn(&operation, denial, &needs);
        (call, needs)
    }

    fn note_days(&mut self, event: &Event<'_>, days: &[Evidence]) {
        days.iter().for_each(|day| self.coverage.count_day(&event.source, day.first_seen, day.events));
    }

    fn note_coverage(&mut self, event: &Event<'_>, evidence: &Evidence) {
        let coverage = &mut self.coverage;
        coverage.note(evidence.first_seen, evidence.last_seen);
        coverage.note_marks(Marks::of(event), evidence.events);
        if !coverage.regions.contains(&*event.region) {
            coverage.regions.insert(event.region.to_string());
        }
        if let Some(account) = event.account.as_deref().filter(|account| !coverage.accounts.contains(*account)) {
            coverage.accounts.insert(account.to_owned());
        }
    }

    fn merge(&mut self, other: Self) {
        self.requests.merge(other.requests);
        self.lineage.merge(other.lineage);
        self.coverage.merge(other.coverage);
        self.arns.extend(other.arns);
        self.profiles.merge(other.profiles);
        self.corrections.merge(other.corrections);
        for (role, keys) in other.assumed {
            self.assumed.entry(role).or_default().extend(keys);
        }
    }

    fn finish(self, principal: PrincipalArn, counts: RecordCounts, gaps: &BTreeSet<String>) -> Usage {
        let Self { requests, lineage, mut coverage, arns, profiles, corrections, assumed, .. } = self;
        coverage.gaps.extend(gaps.iter().cloned());
        coverage.drop_messages();
        let filled = requests.finish().flat_map(|(request, observation)| profiles.fill(request, observation));
        let mut requests: Vec<_> = filled.collect();
        let arns = with_arns_of(arns, &requests);
        for (request, observation) in &mut requests {
            if let Some(arn) = with_known_path(&request.resource, &arns) {
                request.resource = Resource::Arn(arn);
                observation.holes.clear();
            }
            corrections.apply(request, observation);
        }
        Usage { principal, requests: together(requests), lineage, assumed, coverage, records: counts }
    }
}

impl Taken {
    fn skipped(reason: SkipReason) -> Self {
        Self { counted: Counted::Skipped(reason), places: Vec::new(), may_come_again: true }
    }
}

/// Each request once. A tree made of a sorted list has full nodes.
fn together(mut requests: Vec<(UsedRequest, Observation)>) -> BTreeMap<UsedRequest, Observation> {
    // They come in no order, and actions are equal that differ in case.
    requests.sort_unstable_by(|(one, _), (other, _)| {
        one.cmp(other).then_with(|| one.action.as_str().cmp(other.action.as_str()))
    });
    requests.dedup_by(|again, first| {
        let same = again.0 == first.0;
        if same {
            first.1.merge(&again.1);
        }
        same
    });
    requests.into_iter().collect()
}

/// Whether an allow in the role's own policy can help.
fn is_curable(denial: &Denial) -> bool {
    !denial.explicit && matches!(denial.policy_type, None | Some(PolicyType::IdentityBased))
}

/// What a denial asks for: the action and resource that AWS names, else what the call needs by the rules.
fn granted_by_denial(denial: &Denial, needs: Vec<Need>) -> Vec<Need> {
    let ruled = needs.into_iter().map(|need| Need { origin: Origin::Denied, ..need });
    let Some(action) = &denial.action else {
        return ruled.filter(|need| need.certainty == Certainty::Always).collect();
    };
    let mut of_action: Vec<Need> = ruled.filter(|need| need.action == *action).collect();
    let Some(resource) = &denial.resource else { return of_action };
    let pattern = of_action.iter().position(|need| need.resource == *resource).unwrap_or(0);
    let mut need = match of_action.get(pattern) {
        Some(_) => of_action.swap_remove(pattern),
        None => Need::denied(action.clone(), resource.clone()),
    };
    if need.resource != *resource {
        need.holes = learn::holes_of(resource).into_iter().collect();
        need.resource = resource.clone();
    }
    vec![need]
}

/// The ARNs of IAM that records and rules give in full.
fn with_arns_of(mut arns: BTreeSet<Arn>, requests: &[(UsedRequest, Observation)]) -> BTreeSet<Arn> {
    let whole = requests.iter().filter_map(|(request, _)| match &request.resource {
        Resource::Arn(arn) if arn.service() == "iam" && is_whole(arn) => Some(arn.clone()),
        Resource::Arn(_) | Resource::Any => None,
    });
    arns.extend(whole);
    arns
}

/// Whether an ARN of IAM is known with its path: it has one, or nothing else is known by its name.
fn is_whole(arn: &Arn) -> bool {
    !arn.resource().contains('*') && arn.resource().matches('/').count() > 1
}

/// A role named without its path, or a service-linked role without its service, where something else gives its whole ARN.
fn with_known_path(resource: &Resource, arns: &BTreeSet<Arn>) -> Option<Arn> {
    let Resource::Arn(arn) = resource else { return None };
    let (kind, rest) = arn.resource().split_once('/')?;
    let name = rest.strip_prefix("aws-service-role/*/").unwrap_or(rest);
    if arn.service() != "iam" || name.contains(['/', '*']) || arns.contains(arn) {
        return None;
    }
    let (start, end) = (format!("{kind}/"), format!("/{name}"));
    let fits = |other: &&Arn| {
        let whole = other.resource();
        other.account() == arn.account() && whole.starts_with(&start) && whole.ends_with(&end) && is_whole(other)
    };
    let mut found = arns.iter().filter(fits);
    let one = found.next()?;
    // Names are unique within an account, so two hits are two different records of deleted and new roles: stay exact.
    found.next().is_none().then(|| one.clone())
}

/// The role and the access key of a session that the call opened.
fn opened_session(event: &Event<'_>) -> Option<(PrincipalArn, String)> {
    if event.source != "sts.amazonaws.com" || event.name != "AssumeRole" {
        return None;
    }
    let fields = Fields::new(event);
    let role = fields.text("request.roleArn")?.parse().ok()?;
    Some((role, fields.text("response.credentials.accessKeyId")?))
}
