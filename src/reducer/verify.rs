//! The proof: nothing missing, nothing superfluous, on the documents as they are printed.
//!
//! Sound: every request is put to the evaluator with all documents. Minimal: each grant is dropped in turn, and so is
//! each action and each resource of a statement; some request must then be denied. For speed the statements are looked
//! up by action, so that a request meets only those that can concern it.

#![expect(clippy::indexing_slicing, reason = "grants, samples and statements are numbered here")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::drafts::{Draft, Finder, allows};
use super::pack::Packed;
use super::sample::Sample;
use super::section::Section;
use super::{NamedPolicy, Proof, ReduceError};
use crate::iam::{
    ActionPattern, ArnPattern, PatternIndex, PolicyDocument, Request, Resource, ResourceClause, Statement,
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

/// The statements that name an action, and their resources. Our documents only allow, so a request is allowed if one of
/// these statements allows it with one of its resources alone.
#[derive(Default)]
struct OfAction<'p> {
    statements: Vec<&'p Statement>,
    index: PatternIndex<'p>,
}

impl<'p> Judge<'p> {
    pub fn new(policies: &'p [NamedPolicy]) -> Self {
        Self { policies, by_action: RefCell::default() }
    }

    /// Whether the documents together allow a request.
    pub fn allows(&self, request: &Request) -> bool {
        let of_action = self.of_action(request);
        let mut matching = of_action.index.for_resource(&request.resource);
        matching.any(|(at, pattern)| allows(&only_on(pattern.clone(), of_action.statements[at]), request))
    }

    fn of_action(&self, request: &Request) -> Rc<OfAction<'p>> {
        let key = request.action.folded();
        if let Some(known) = self.by_action.borrow().get(key) {
            return Rc::clone(known);
        }
        let mut found = OfAction::default();
        let statements = self.policies.iter().flat_map(|policy| &policy.document.statements);
        for statement in statements.filter(|one| one.actions.patterns().iter().any(|one| one.matches(&request.action)))
        {
            let place = found.statements.len();
            found.statements.push(statement);
            statement.resources.patterns().iter().for_each(|pattern| found.index.add(pattern, place));
        }
        let found = Rc::new(found);
        self.by_action.borrow_mut().insert(key.to_owned(), Rc::clone(&found));
        found
    }
}

/// A statement on its own, on this resource.
fn only_on(resource: ArnPattern, statement: &Statement) -> PolicyDocument {
    PolicyDocument::new(vec![Statement {
        sid: None,
        effect: statement.effect,
        actions: statement.actions.clone(),
        resources: ResourceClause::Resource([resource].into()),
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
    let finder = Finder::new(grants.iter().copied());
    let mut needed = vec![false; grants.len()];
    for request in requests {
        let mut allowing = finder.allowing(request);
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
    /// The resources of the statements that name an action.
    by_action: BTreeMap<String, PatternIndex<'p>>,
}

/// A statement with what of it some request needs.
struct Marked<'p> {
    layer: u8,
    statement: &'p Statement,
    alone: PolicyDocument,
    actions: Vec<&'p ActionPattern>,
    needed_resources: BTreeSet<&'p ArnPattern>,
    needed_actions: Vec<bool>,
}

impl<'p> Needed<'p> {
    /// Looks at the statements up to a layer.
    fn new(packed: &'p Packed, layer: u8) -> Self {
        let of_policy = packed.policies.iter().zip(&packed.sections);
        let statements = of_policy.flat_map(|(policy, sections)| policy.document.statements.iter().zip(sections));
        let up_to = statements.filter(|(_, section)| section.layer() <= layer);
        let marked = |(statement, section): (&'p Statement, &Section)| {
            let actions: Vec<_> = statement.actions.patterns().iter().collect();
            Marked {
                layer: section.layer(),
                alone: only_on(ArnPattern::any(), statement),
                needed_resources: BTreeSet::new(),
                needed_actions: vec![false; actions.len()],
                statement,
                actions,
            }
        };
        Self { layer, statements: up_to.map(marked).collect(), by_action: BTreeMap::new() }
    }

    /// Counts a request for what it alone keeps: the one statement that allows it, and there its one resource.
    fn count(&mut self, request: &Request) {
        let key = request.action.folded();
        if !self.by_action.contains_key(key) {
            let mut index = PatternIndex::default();
            for (place, marked) in self.statements.iter().enumerate() {
                if marked.actions.iter().any(|pattern| pattern.matches(&request.action)) {
                    marked.statement.resources.patterns().iter().for_each(|pattern| index.add(pattern, place));
                }
            }
            self.by_action.insert(key.to_owned(), index);
        }
        let mut matching: BTreeMap<usize, Vec<&'p ArnPattern>> = BTreeMap::new();
        for (place, pattern) in self.by_action.get(key).into_iter().flat_map(|one| one.for_resource(&request.resource))
        {
            if pattern.matches_resource(&request.resource) {
                matching.entry(place).or_default().push(pattern);
            }
        }
        let mut allowing = matching.into_iter().filter(|(at, _)| allows(&self.statements[*at].alone, request));
        let (Some((at, resources)), None) = (allowing.next(), allowing.next()) else { return };
        drop(allowing);
        self.statements[at].mark(request, &resources);
    }

    fn missing(&self) -> Vec<String> {
        self.statements.iter().filter(|marked| marked.layer == self.layer).flat_map(Marked::missing).collect()
    }
}

impl<'p> Marked<'p> {
    fn mark(&mut self, request: &Request, resources: &[&'p ArnPattern]) {
        if let [only] = resources {
            self.needed_resources.insert(only);
        }
        let matching: Vec<usize> =
            (0..self.actions.len()).filter(|at| self.actions[*at].matches(&request.action)).take(2).collect();
        if let [only] = matching.as_slice() {
            self.needed_actions[*only] = true;
        }
    }

    fn missing(&self) -> Vec<String> {
        let sid = self.statement.sid.as_deref().unwrap_or("a statement");
        let patterns = self.statement.resources.patterns();
        let resources = patterns.iter().filter(|pattern| !self.needed_resources.contains(pattern));
        let actions = self.actions.iter().zip(&self.needed_actions).filter(|(_, needed)| !**needed);
        let texts = resources.map(ToString::to_string).chain(actions.map(|(one, _)| one.to_string()));
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
