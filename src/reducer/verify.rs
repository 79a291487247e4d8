//! The proof: nothing missing, nothing superfluous, on the documents as they are printed.
//!
//! Sound: every request is put to the evaluator with all documents. Minimal: each grant is dropped in turn, and so is
//! each action and each resource of a statement; some request must then be denied. For speed the statements are looked
//! up by action, so that a request meets only those that can concern it.

#![expect(clippy::indexing_slicing, reason = "grants, samples and statements are numbered here")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::drafts::{Draft, allows};
use super::pack::Packed;
use super::sample::Sample;
use super::section::Section;
use super::{NamedPolicy, Proof, ReduceError};
use crate::iam::{
    ActionPattern, ArnPattern, Decision, PolicyDocument, Request, Resource, ResourceClause, Statement, evaluate,
};

/// Proves the documents, or says which request they fail.
pub(crate) fn prove(packed: &Packed, drafts: &[Draft], samples: &[Sample<'_>]) -> Result<Proof, ReduceError> {
    let judge = Judge::new(&packed.policies);
    let mut proof = Proof { requests: samples.len(), ..Proof::default() };
    for sample in samples {
        if !judge.allows(&sample.request) {
            return Err(ReduceError::ProofFailed(format!("it denies {}", describe(&sample.request))));
        }
        proof.allowed += 1;
    }
    let removable = superfluous(packed, drafts, samples);
    proof.grants_tested = drafts.len();
    proof.removable = removable.len();
    match removable.first() {
        Some(what) => Err(ReduceError::ProofFailed(format!("it allows all requests without {what}"))),
        None => Ok(proof),
    }
}

/// All documents, ready to be asked about one action after the other.
pub(crate) struct Judge<'p> {
    policies: &'p [NamedPolicy],
    by_action: RefCell<BTreeMap<String, Rc<OfAction<'p>>>>,
}

/// The statements that name an action. Our documents only allow, so a request is allowed if the part of a statement is
/// that has the patterns, or the part that has the request's very name.
struct OfAction<'p> {
    patterns: Vec<PolicyDocument>,
    by_name: BTreeMap<&'p str, Vec<&'p Statement>>,
}

impl<'p> Judge<'p> {
    pub fn new(policies: &'p [NamedPolicy]) -> Self {
        Self { policies, by_action: RefCell::default() }
    }

    /// Whether the documents together allow a request.
    pub fn allows(&self, request: &Request) -> bool {
        let of_action = self.of_action(request);
        if matches!(evaluate(&of_action.patterns, request), Decision::Allow { .. }) {
            return true;
        }
        let Resource::Arn(arn) = &request.resource else { return false };
        let named = of_action.by_name.get(arn.as_str()).into_iter().flatten();
        named.into_iter().any(|statement| allows(&only_on([ArnPattern::literal(arn)].into(), statement), request))
    }

    fn of_action(&self, request: &Request) -> Rc<OfAction<'p>> {
        let key = request.action.folded();
        if let Some(known) = self.by_action.borrow().get(key) {
            return Rc::clone(known);
        }
        let mut found = OfAction { patterns: Vec::new(), by_name: BTreeMap::new() };
        let statements = self.policies.iter().flat_map(|policy| &policy.document.statements);
        for statement in statements.filter(|one| one.actions.patterns().iter().any(|one| one.matches(&request.action)))
        {
            let (names, patterns): (Vec<_>, Vec<_>) =
                statement.resources.patterns().iter().partition(|one| is_name(one));
            found.patterns.push(only_on(patterns.into_iter().cloned().collect(), statement));
            names.into_iter().for_each(|name| found.by_name.entry(name.as_str()).or_default().push(statement));
        }
        let found = Rc::new(found);
        self.by_action.borrow_mut().insert(key.to_owned(), Rc::clone(&found));
        found
    }
}

/// Whether a pattern stands for its own text alone.
fn is_name(pattern: &ArnPattern) -> bool {
    !pattern.has_wildcard() && !pattern.has_variable()
}

/// A statement on its own, on these resources.
fn only_on(resources: BTreeSet<ArnPattern>, statement: &Statement) -> PolicyDocument {
    PolicyDocument::new(vec![Statement {
        sid: None,
        effect: statement.effect,
        actions: statement.actions.clone(),
        resources: ResourceClause::Resource(resources),
        conditions: statement.conditions.clone(),
    }])
}

/// Grants, and actions and resources of statements, that could go with every request still allowed.
///
/// What was added to the evidence comes on top of it: a grant of the evidence must be needed among those of the evidence,
/// whatever was added; a grant that was added must be needed among all up to its own layer.
fn superfluous(packed: &Packed, drafts: &[Draft], samples: &[Sample<'_>]) -> Vec<String> {
    let mut layer_of: Vec<Option<u8>> = vec![None; samples.len()];
    for draft in drafts {
        for at in &draft.samples {
            layer_of[*at] = Some(draft.section.layer());
        }
    }
    let layers: BTreeSet<u8> = drafts.iter().map(|draft| draft.section.layer()).collect();
    layers.into_iter().flat_map(|layer| superfluous_in(layer, packed, drafts, samples, &layer_of)).collect()
}

fn superfluous_in(
    layer: u8,
    packed: &Packed,
    drafts: &[Draft],
    samples: &[Sample<'_>],
    layer_of: &[Option<u8>],
) -> Vec<String> {
    let mut by_action: BTreeMap<&str, Vec<&Request>> = BTreeMap::new();
    for (sample, _) in samples.iter().zip(layer_of).filter(|(_, of)| **of == Some(layer)) {
        by_action.entry(sample.request.action.folded()).or_default().push(&sample.request);
    }
    let mut grants: BTreeMap<&str, Vec<&Draft>> = BTreeMap::new();
    for draft in drafts.iter().filter(|draft| draft.section.layer() <= layer) {
        grants.entry(draft.action.folded()).or_default().push(draft);
    }
    let mut needed = Needed::new(packed, layer);
    let mut useless = Vec::new();
    for (action, requests) in by_action {
        let of_action = grants.get(action).map(Vec::as_slice).unwrap_or_default();
        useless.extend(useless_grants(of_action, &requests, layer));
        requests.iter().for_each(|request| needed.count(request));
    }
    useless.extend(needed.missing());
    useless
}

/// Grants of one action without which all its requests are still allowed.
fn useless_grants(grants: &[&Draft], requests: &[&Request], layer: u8) -> Vec<String> {
    let mut exact: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut wide: Vec<(usize, PolicyDocument)> = Vec::new();
    for (at, grant) in grants.iter().enumerate() {
        match grant.pattern.has_wildcard() || grant.pattern.has_variable() {
            true => wide.push((at, grant.document())),
            false => exact.entry(grant.pattern.as_str()).or_default().push(at),
        }
    }
    let mut needed = vec![false; grants.len()];
    for request in requests {
        let named = match &request.resource {
            Resource::Arn(arn) => exact.get(arn.as_str()),
            Resource::Any => None,
        };
        let named = named.into_iter().flatten().copied().filter(|at| allows(&grants[*at].document(), request));
        let of_wide = wide.iter().filter(|(_, document)| allows(document, request)).map(|(at, _)| *at);
        let mut allowing = named.chain(of_wide);
        if let (Some(only), None) = (allowing.next(), allowing.next()) {
            needed[only] = true;
        }
    }
    let own = grants.iter().zip(needed).filter(|(grant, _)| grant.section.layer() == layer);
    let useless = own.filter(|(_, needed)| !needed);
    useless.map(|(grant, _)| format!("{} on `{}`", grant.action, grant.pattern)).collect()
}

/// Marks the actions and resources of statements that some request needs.
struct Needed<'p> {
    layer: u8,
    statements: Vec<Marked<'p>>,
    by_action: BTreeMap<String, Vec<usize>>,
}

/// A statement with what of it some request needs.
struct Marked<'p> {
    layer: u8,
    statement: &'p Statement,
    alone: PolicyDocument,
    resources: Vec<&'p ArnPattern>,
    /// Where names stand among the resources, and which resources are patterns.
    names: BTreeMap<&'p str, usize>,
    patterns: Vec<usize>,
    actions: Vec<&'p ActionPattern>,
    needed_resources: Vec<bool>,
    needed_actions: Vec<bool>,
}

impl<'p> Needed<'p> {
    /// Looks at the statements up to a layer.
    fn new(packed: &'p Packed, layer: u8) -> Self {
        let of_policy = packed.policies.iter().zip(&packed.sections);
        let statements = of_policy.flat_map(|(policy, sections)| policy.document.statements.iter().zip(sections));
        let up_to = statements.filter(|(_, section)| section.layer() <= layer);
        let marked = |(statement, section): (&'p Statement, &Section)| {
            let resources: Vec<_> = statement.resources.patterns().iter().collect();
            let actions: Vec<_> = statement.actions.patterns().iter().collect();
            let numbered = || resources.iter().copied().enumerate();
            Marked {
                layer: section.layer(),
                alone: only_on([ArnPattern::any()].into(), statement),
                names: numbered().filter(|(_, one)| is_name(one)).map(|(at, one)| (one.as_str(), at)).collect(),
                patterns: numbered().filter(|(_, one)| !is_name(one)).map(|(at, _)| at).collect(),
                needed_resources: vec![false; resources.len()],
                needed_actions: vec![false; actions.len()],
                statement,
                resources,
                actions,
            }
        };
        Self { layer, statements: up_to.map(marked).collect(), by_action: BTreeMap::new() }
    }

    /// Counts a request for what it alone keeps: the one statement that allows it, and there its one resource.
    fn count(&mut self, request: &Request) {
        let key = request.action.folded();
        if !self.by_action.contains_key(key) {
            let concerned = self
                .statements
                .iter()
                .enumerate()
                .filter(|(_, marked)| marked.actions.iter().any(|pattern| pattern.matches(&request.action)));
            let found = concerned.map(|(at, _)| at).collect();
            self.by_action.insert(key.to_owned(), found);
        }
        let concerned = self.by_action.get(key).cloned().unwrap_or_default();
        let mut allowing = concerned.into_iter().filter_map(|at| {
            let resources = self.statements[at].matching(request);
            (!resources.is_empty() && allows(&self.statements[at].alone, request)).then_some((at, resources))
        });
        let (Some((at, resources)), None) = (allowing.next(), allowing.next()) else { return };
        drop(allowing);
        self.statements[at].mark(request, &resources);
    }

    fn missing(&self) -> Vec<String> {
        self.statements.iter().filter(|marked| marked.layer == self.layer).flat_map(Marked::missing).collect()
    }
}

impl Marked<'_> {
    fn matching(&self, request: &Request) -> Vec<usize> {
        let named = match &request.resource {
            Resource::Arn(arn) => self.names.get(arn.as_str()).copied(),
            Resource::Any => None,
        };
        let wide = self.patterns.iter().copied().filter(|at| self.resources[*at].matches_resource(&request.resource));
        // Two are enough to know that neither is needed for this request.
        named.into_iter().chain(wide).take(2).collect()
    }

    fn mark(&mut self, request: &Request, resources: &[usize]) {
        if let [only] = resources {
            self.needed_resources[*only] = true;
        }
        let matching: Vec<usize> =
            (0..self.actions.len()).filter(|at| self.actions[*at].matches(&request.action)).take(2).collect();
        if let [only] = matching.as_slice() {
            self.needed_actions[*only] = true;
        }
    }

    fn missing(&self) -> Vec<String> {
        let sid = self.statement.sid.as_deref().unwrap_or("a statement");
        let resources = self.resources.iter().zip(&self.needed_resources).filter(|(_, needed)| !**needed);
        let actions = self.actions.iter().zip(&self.needed_actions).filter(|(_, needed)| !**needed);
        let texts = resources.map(|(pattern, _)| pattern.to_string()).chain(actions.map(|(one, _)| one.to_string()));
        texts.map(|text| format!("`{text}` in {sid}")).collect()
    }
}

/// A request in words.
pub(crate) fn describe(request: &Request) -> String {
    let resource = match &request.resource {
        Resource::Any => "no resource".to_owned(),
        Resource::Arn(arn) => format!("`{arn}`"),
    };
    let context: Vec<String> =
        request.context.iter().map(|(key, value)| format!("{key}={}", value.values().join(","))).collect();
    format!("{} on {resource} [{}]", request.action, context.join(" "))
}
