//! Statements to policy documents that IAM takes.
//!
//! Sections stay apart where they have documents of their own; a service stays in one document where it fits, so that a
//! reviewer finds things; documents are filled as evenly as that allows.

#![expect(clippy::indexing_slicing, reason = "bundles and documents are numbered here")]

use std::collections::{BTreeMap, BTreeSet};

use super::section::Section;
use super::statements::Placed;
use super::{NamedPolicy, ReduceError, ReduceOptions};
use crate::iam::{
    ArnPattern, INLINE_POLICY_CHARACTERS_PER_ROLE, MANAGED_POLICY_CHARACTERS, PolicyDocument, ResourceClause,
    Statement, policy_characters,
};

/// Sizes that the documents must keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub characters: usize,
    pub documents: usize,
}

impl Limits {
    pub fn of(options: &ReduceOptions) -> Self {
        match options.inline {
            true => Self { characters: INLINE_POLICY_CHARACTERS_PER_ROLE, documents: 1 },
            false => Self { characters: MANAGED_POLICY_CHARACTERS, documents: options.max_policies },
        }
    }
}

/// Documents, and the section of each of their statements.
#[derive(Debug)]
pub(crate) struct Packed {
    pub policies: Vec<NamedPolicy>,
    pub sections: Vec<Vec<Section>>,
}

/// Statements in documents, each within the limits.
pub(crate) fn pack(placed: &[Placed], options: &ReduceOptions) -> Result<Packed, ReduceError> {
    let limits = Limits::of(options);
    let documents = documents(placed, options, limits.characters);
    if documents.len() > limits.documents {
        return Err(ReduceError::DoesNotFit {
            needed: documents.len(),
            limit: limits.characters,
            allowed: limits.documents,
        });
    }
    Ok(named(documents, options))
}

/// By how many characters the statements are too many for the documents allowed, roughly; `None` where they fit.
pub(crate) fn excess(placed: &[Placed], options: &ReduceOptions) -> Option<usize> {
    let limits = Limits::of(options);
    let needed = documents(placed, options, limits.characters).len();
    let room = limits.characters * limits.documents;
    (needed > limits.documents).then(|| size(placed).saturating_sub(room).max(1))
}

type Document = (Section, Vec<Placed>);

fn documents(placed: &[Placed], options: &ReduceOptions, limit: usize) -> Vec<Document> {
    let mut by_section: BTreeMap<Section, Vec<Placed>> = BTreeMap::new();
    for one in placed {
        let section = match one.section {
            Section::Bootstrap if options.split_bootstrap => Section::Bootstrap,
            _ => Section::Main,
        };
        by_section.entry(section).or_default().push(one.clone());
    }
    by_section
        .into_iter()
        .flat_map(|(section, of_section)| fill(of_section, limit).into_iter().map(move |document| (section, document)))
        .collect()
}

/// Puts statements into as few documents as fit, services whole where that is possible.
fn fill(placed: Vec<Placed>, limit: usize) -> Vec<Vec<Placed>> {
    if size(&placed) <= limit {
        return vec![placed];
    }
    let least = lower_bound(&placed, limit);
    let mut by_service: BTreeMap<(u8, String), Vec<Placed>> = BTreeMap::new();
    for one in placed {
        by_service.entry((one.section.layer(), one.service.clone())).or_default().push(one);
    }
    let mut bundles: Vec<Vec<Placed>> =
        by_service.into_values().flat_map(|statements| split_to_fit(statements, limit)).collect();
    let weights: Vec<usize> = bundles.iter().map(|bundle| size(bundle)).collect();
    let dealt = (least..=bundles.len()).find_map(|count| evenly(&weights, count, limit));
    let Some(dealt) = dealt else { return bundles };
    let mut taken = |at: usize| std::mem::take(&mut bundles[at]);
    dealt.into_iter().map(|document| document.into_iter().flat_map(&mut taken).collect()).collect()
}

fn lower_bound(all: &[Placed], limit: usize) -> usize {
    size(all).div_ceil(limit).max(1)
}

/// Deals bundles of these sizes, largest first, to the emptiest of `count` documents; `None` where one does not fit.
fn evenly(weights: &[usize], count: usize, limit: usize) -> Option<Vec<Vec<usize>>> {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(weights[*at]), *at));
    let frame = size(&[]);
    let mut documents: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut sizes: Vec<usize> = vec![frame; count];
    for bundle in order {
        let weight = weights[bundle] - frame + 1;
        let at = (0..count).filter(|at| sizes[*at] + weight <= limit).min_by_key(|at| (sizes[*at], *at))?;
        sizes[at] += weight;
        documents[at].push(bundle);
    }
    documents.retain(|document| !document.is_empty());
    documents.iter_mut().for_each(|document| document.sort_unstable());
    documents.sort_unstable();
    Some(documents)
}

/// One bundle if the statements fit a document, else several.
fn split_to_fit(statements: Vec<Placed>, limit: usize) -> Vec<Vec<Placed>> {
    if size(&statements) <= limit {
        return vec![statements];
    }
    let frame = size(&[]);
    let mut bundles: Vec<Vec<Placed>> = Vec::new();
    let mut used = 0;
    for statement in statements.into_iter().flat_map(|statement| slices(statement, limit)) {
        let more = size(std::slice::from_ref(&statement)) - frame;
        match bundles.last_mut() {
            // A comma comes between.
            Some(last) if used + more < limit => {
                last.push(statement);
                used += more + 1;
            }
            _ => {
                bundles.push(vec![statement]);
                used = frame + more;
            }
        }
    }
    bundles
}

/// A statement that is too large on its own, sliced by its resources.
fn slices(placed: Placed, limit: usize) -> Vec<Placed> {
    let whole = size(std::slice::from_ref(&placed));
    let ResourceClause::Resource(resources) = &placed.statement.resources else { return vec![placed] };
    if whole <= limit || resources.len() < 2 {
        return vec![placed];
    }
    let weight = |pattern: &ArnPattern| pattern.as_str().len() + 3;
    let of_resources: usize = resources.iter().map(weight).sum();
    // A slice's Sid is longer than the statement's own.
    let room = limit.saturating_sub(whole - of_resources + 8).max(1);
    let mut parts: Vec<Vec<ArnPattern>> = vec![Vec::new()];
    let mut used = 0;
    for pattern in resources {
        if used + weight(pattern) > room && used > 0 {
            parts.push(Vec::new());
            used = 0;
        }
        used += weight(pattern);
        if let Some(part) = parts.last_mut() {
            part.push(pattern.clone());
        }
    }
    let nowhere = ResourceClause::Resource(BTreeSet::new());
    let empty = Placed { statement: Statement { resources: nowhere, ..placed.statement }, ..placed };
    parts.into_iter().enumerate().map(|(number, part)| slice(&empty, number, part)).collect()
}

fn slice(placed: &Placed, number: usize, part: Vec<ArnPattern>) -> Placed {
    let named = |sid: &String| if number == 0 { sid.clone() } else { format!("{sid}Part{}", number + 1) };
    let statement = Statement {
        sid: placed.statement.sid.as_ref().map(named),
        resources: ResourceClause::Resource(part.into_iter().collect()),
        ..placed.statement.clone()
    };
    Placed { statement, ..placed.clone() }
}

fn size(placed: &[Placed]) -> usize {
    policy_characters(&document(placed))
}

fn document(placed: &[Placed]) -> PolicyDocument {
    PolicyDocument::new(placed.iter().map(|one| one.statement.clone()).collect())
}

fn named(documents: Vec<Document>, options: &ReduceOptions) -> Packed {
    let base = if options.name.is_empty() { "policy" } else { &options.name };
    let mut packed = Packed { policies: Vec::new(), sections: Vec::new() };
    for section in [Section::Main, Section::Bootstrap] {
        let stem = match section {
            Section::Bootstrap => format!("{base}-bootstrap"),
            _ => base.to_owned(),
        };
        let of_section: Vec<&Vec<Placed>> =
            documents.iter().filter(|(of, _)| *of == section).map(|(_, placed)| placed).collect();
        for (number, placed) in of_section.iter().enumerate() {
            let name = if of_section.len() == 1 { stem.clone() } else { format!("{stem}-{}", number + 1) };
            let document = document(placed);
            packed.policies.push(NamedPolicy { name, characters: policy_characters(&document), document });
            packed.sections.push(placed.iter().map(|one| one.section).collect());
        }
    }
    packed
}
