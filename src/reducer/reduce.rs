//! The reduction itself: the phases in order.

#![expect(clippy::indexing_slicing, reason = "grants name samples by their place in the one list of samples")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::conditions::Narrowing;
use super::drafts::{Draft, draft, not_allowed};
use super::generalize::Generalizer;
use super::kinds::Kinds;
use super::merge::merge_conditions;
use super::ownership::owner_tags;
use super::reduction::Withheld;
use super::sample::{Known, Sample};
use super::section::Section;
use super::statements::{Freedom, Placed, build};
use super::{
    Grant, ReduceError, ReduceOptions, VerifiedPolicy, Widening, WideningRule, action_wildcards, bootstrap, configured,
    fit, lifecycle, pack, replay, verify,
};
use crate::aggregator::{Certainty, Evidence, Usage};
use crate::catalog::Catalog;

/// Reduces usage to the tightest policy that covers it, and proves it.
pub fn reduce(usage: &Usage, catalog: &Catalog, options: &ReduceOptions) -> Result<VerifiedPolicy, ReduceError> {
    let kinds = Kinds::new(catalog);
    let generalizer = Generalizer::new(usage, &kinds, &options.user_rules);
    let owner_tags = owner_tags(usage, catalog, options);
    let narrowing = Narrowing {
        level: options.conditions,
        catalog,
        kinds: &kinds,
        generalizer: &generalizer,
        owner_tags: &owner_tags,
    };
    let reducer = Reducer { catalog, options, kinds: &kinds, generalizer: &generalizer, narrowing: &narrowing };
    let (mut evidence, withheld) = Evidences::of(usage, &reducer);
    let reduced = reducer.reduce(&mut evidence)?;
    let mut widenings = widenings(&reduced.drafts, &evidence.samples);
    widenings.extend(fit::widenings(&reduced.placed, &kinds, &reduced.freedom));
    widenings.sort();
    Ok(VerifiedPolicy {
        grants: grants(&reduced.drafts, &reduced.placed, &evidence.samples),
        policies: reduced.policies,
        widenings,
        proof: reduced.proof,
        unmatched_rules: options.user_rules.unmatched(usage),
        withheld,
    })
}

/// What the phases share.
struct Reducer<'a> {
    catalog: &'a Catalog,
    options: &'a ReduceOptions,
    kinds: &'a Kinds<'a>,
    generalizer: &'a Generalizer<'a>,
    narrowing: &'a Narrowing<'a>,
}

/// All requests to be allowed: what was seen, then what completes the lifecycle, then what the configuration asks for.
struct Evidences<'u> {
    samples: Vec<Sample<'u>>,
    seen: usize,
    completed: usize,
}

impl<'u> Evidences<'u> {
    fn of(usage: &'u Usage, reducer: &Reducer<'_>) -> (Self, Vec<Withheld>) {
        let (mut samples, withheld) = samples(usage, reducer.generalizer, reducer.options);
        let seen = samples.len();
        if reducer.options.complete_lifecycle {
            samples.extend(lifecycle::samples(usage, reducer.catalog, reducer.generalizer));
        }
        let completed = samples.len();
        samples.extend(configured::samples(usage, &reducer.options.user_rules));
        (Self { samples, seen, completed }, withheld)
    }
}

/// Grants, statements and documents with their proof.
struct Reduced {
    drafts: Vec<Draft>,
    placed: Vec<Placed>,
    policies: Vec<super::NamedPolicy>,
    proof: super::Proof,
    freedom: Freedom,
}

impl Reducer<'_> {
    /// Should a free pair of one statement have made a part of another one superfluous, the statements are built again
    /// without free pairs.
    fn reduce(&self, evidence: &mut Evidences<'_>) -> Result<Reduced, ReduceError> {
        match self.attempt(evidence, true) {
            Err(ReduceError::ProofFailed(_)) => self.attempt(evidence, false),
            outcome => outcome,
        }
    }

    fn attempt(&self, evidence: &mut Evidences<'_>, natural: bool) -> Result<Reduced, ReduceError> {
        let mut freedom = Freedom { natural, added: Default::default() };
        let (mut drafts, mut placed) = self.statements(evidence, &freedom)?;
        while self.options.fit
            && let Some(excess) = pack::excess(&placed, self.options)
        {
            if !fit::merge_cheapest(&placed, self.kinds, &mut freedom)
                && !fit::join_names(&mut evidence.samples, excess)
            {
                break;
            }
            (drafts, placed) = self.statements(evidence, &freedom)?;
        }
        if self.options.wildcard_actions {
            action_wildcards::shorten(&mut placed, self.catalog);
        }
        let packed = pack::pack(&placed, self.options)?;
        let mut proof = verify::prove(&packed, &drafts, &evidence.samples)?;
        let added = freedom.drafts();
        replay::prove(&mut proof, &packed, (&drafts, &added), &evidence.samples, self.generalizer.tokens())?;
        Ok(Reduced { drafts, placed, policies: packed.policies, proof, freedom })
    }

    fn statements(
        &self,
        evidence: &Evidences<'_>,
        freedom: &Freedom,
    ) -> Result<(Vec<Draft>, Vec<Placed>), ReduceError> {
        let drafts = self.drafts(evidence);
        let placed = build(&drafts, self.kinds, freedom)?;
        Ok((drafts, placed))
    }

    fn drafts(&self, evidence: &Evidences<'_>) -> Vec<Draft> {
        let Evidences { samples, seen, completed } = evidence;
        let range = |from: usize, to: usize| (from..to).collect::<Vec<_>>();
        let mut drafts = draft(samples, &range(0, *seen), self.narrowing, Section::Main);
        if self.options.split_bootstrap {
            bootstrap::mark(&mut drafts, samples);
        }
        for (section, members) in
            [(Section::Lifecycle, range(*seen, *completed)), (Section::User, range(*completed, samples.len()))]
        {
            let added = not_allowed(samples, &members, &drafts);
            drafts.extend(draft(samples, &added, self.narrowing, section));
        }
        merge_conditions(&mut drafts, self.kinds, self.catalog);
        drafts
    }
}

/// The requests to be allowed, and those that a rule withholds.
fn samples<'u>(
    usage: &'u Usage,
    generalizer: &Generalizer<'_>,
    options: &ReduceOptions,
) -> (Vec<Sample<'u>>, Vec<Withheld>) {
    let mut samples = Vec::with_capacity(usage.requests.len());
    let mut withheld = BTreeSet::new();
    for (used, observation) in &usage.requests {
        if let Some(rule) = options.user_rules.withholds(used) {
            withheld.insert(Withheld {
                action: used.action.clone(),
                resource: used.resource.clone(),
                rule: rule.name.clone(),
                reason: rule.reason.clone(),
            });
            continue;
        }
        samples.push(Sample {
            request: usage.request_with_known_tags(used, observation),
            observation: Known::Seen(observation),
            generalized: generalizer.generalize(used, observation),
        });
    }
    (samples, withheld.into_iter().collect())
}

fn grants(drafts: &[Draft], placed: &[Placed], samples: &[Sample<'_>]) -> Vec<Grant> {
    let mut sids: BTreeMap<usize, Arc<str>> = BTreeMap::new();
    for one in placed {
        let sid: Arc<str> = one.statement.sid.as_deref().unwrap_or_default().into();
        sids.extend(one.grants.iter().map(|grant| (*grant, Arc::clone(&sid))));
    }
    let grant = |(at, draft): (usize, &Draft)| {
        let of_draft: Vec<&Sample<'_>> = draft.samples.iter().map(|at| &samples[*at]).collect();
        let observations = || of_draft.iter().map(|sample| &sample.observation);
        let mut evidence: Option<Evidence> = None;
        for one in observations() {
            match &mut evidence {
                Some(sum) => sum.merge(&one.evidence),
                None => evidence = Some(one.evidence.clone()),
            }
        }
        Some(Grant {
            sid: sids.get(&at).cloned().unwrap_or_default(),
            action: draft.action.clone(),
            resource: draft.pattern.clone(),
            conditions: draft.conditions.clone(),
            condition_reasons: draft.reasons.clone(),
            origin: observations().map(|one| one.origin).min()?,
            evidence: evidence?,
            operations: observations().flat_map(|one| one.operations.iter().cloned()).collect(),
            via: observations().flat_map(|one| one.via.iter().cloned()).collect(),
            note: note(&of_draft),
        })
    };
    let mut grants: Vec<Grant> = drafts.iter().enumerate().filter_map(grant).collect();
    grants.sort_by(|a, b| (&a.action, &a.resource, &a.conditions).cmp(&(&b.action, &b.resource, &b.conditions)));
    grants
}

/// When a grant is needed, where no request shows that it always is.
fn note(samples: &[&Sample<'_>]) -> Option<String> {
    let mut reasons = BTreeSet::new();
    for sample in samples {
        match &sample.observation.certainty {
            Certainty::Always => return None,
            Certainty::Sometimes(reason) => reasons.insert(reason.as_str()),
        };
    }
    Some(reasons.into_iter().collect::<Vec<_>>().join("; "))
}

/// How many causes of one widening are written out.
const DETAILS: usize = 3;

/// Every place where a grant allows more than was seen, by grant and rule.
fn widenings(drafts: &[Draft], samples: &[Sample<'_>]) -> Vec<Widening> {
    let mut all = BTreeSet::new();
    for draft in drafts {
        let mut by_rule: BTreeMap<&WideningRule, BTreeSet<&str>> = BTreeMap::new();
        let own = draft.samples.iter().map(|at| &samples[*at]).filter(|one| one.generalized.pattern == draft.pattern);
        for (rule, detail) in own.flat_map(|sample| &sample.generalized.widenings) {
            by_rule.entry(rule).or_default().insert(detail);
        }
        for (rule, details) in by_rule {
            let more = details.len().saturating_sub(DETAILS);
            let shown = details.into_iter().take(DETAILS).collect::<Vec<_>>().join("; ");
            let detail = if more > 0 { format!("{shown}; and {more} more") } else { shown };
            let (action, resource) = (draft.action.clone(), draft.pattern.clone());
            all.insert(Widening { rule: rule.clone(), action, resource, detail });
        }
    }
    all.into_iter().collect()
}
