//! Statements to policy documents that IAM takes.
//!
//! Sections stay apart where they have documents of their own; a service stays in one document where it fits, so that a
//! reviewer finds things; documents are filled as evenly as that allows.

use std::collections::BTreeMap;

use super::statements::{Placed, Section};
use super::{NamedPolicy, ReduceError, ReduceOptions};
use crate::iam::{
    INLINE_POLICY_CHARACTERS_PER_ROLE, MANAGED_POLICY_CHARACTERS, PolicyDocument, ResourceClause, Statement,
    policy_characters,
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

/// Statements in documents, each within the limits.
pub(crate) fn pack(placed: &[Placed], options: &ReduceOptions) -> Result<Vec<NamedPolicy>, ReduceError> {
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

/// How many documents the statements need.
pub(crate) fn documents_needed(placed: &[Placed], options: &ReduceOptions) -> usize {
    documents(placed, options, Limits::of(options).characters).len()
}

type Document = (Section, Vec<Statement>);

fn documents(placed: &[Placed], options: &ReduceOptions, limit: usize) -> Vec<Document> {
    let mut by_section: BTreeMap<Section, Vec<&Placed>> = BTreeMap::new();
    for one in placed {
        let section = match one.section {
            Section::Bootstrap if options.split_bootstrap => Section::Bootstrap,
            _ => Section::Main,
        };
        by_section.entry(section).or_default().push(one);
    }
    by_section
        .into_iter()
        .flat_map(|(section, of_section)| fill(&of_section, limit).into_iter().map(move |document| (section, document)))
        .collect()
}

/// Puts statements into as few documents as fit, services whole where that is possible.
fn fill(placed: &[&Placed], limit: usize) -> Vec<Vec<Statement>> {
    let all: Vec<Statement> = placed.iter().map(|one| one.statement.clone()).collect();
    if size(&all) <= limit {
        return vec![all];
    }
    let mut bundles: Vec<Vec<Statement>> = Vec::new();
    let mut by_service: BTreeMap<(Section, &str), Vec<Statement>> = BTreeMap::new();
    for one in placed {
        by_service.entry((one.section, &one.service)).or_default().push(one.statement.clone());
    }
    for statements in by_service.into_values() {
        bundles.extend(split_to_fit(statements, limit));
    }
    let least = lower_bound(&all, limit);
    (least..=bundles.len()).find_map(|count| evenly(&bundles, count, limit)).unwrap_or(bundles)
}

fn lower_bound(all: &[Statement], limit: usize) -> usize {
    size(all).div_ceil(limit).max(1)
}

/// Deals bundles, largest first, to the emptiest of `count` documents; `None` where one does not fit.
fn evenly(bundles: &[Vec<Statement>], count: usize, limit: usize) -> Option<Vec<Vec<Statement>>> {
    let mut order: Vec<usize> = (0..bundles.len()).collect();
    order.sort_by_cached_key(|at| (std::cmp::Reverse(size(&bundles[*at])), *at));
    let mut documents: Vec<Vec<usize>> = vec![Vec::new(); count];
    let mut sizes: Vec<usize> = vec![size(&[]); count];
    for bundle in order {
        let weight = size(&bundles[bundle]) - size(&[]) + 1;
        let at = (0..count).filter(|at| sizes[*at] + weight <= limit).min_by_key(|at| (sizes[*at], *at))?;
        sizes[at] += weight;
        documents[at].push(bundle);
    }
    documents.retain(|document| !document.is_empty());
    documents.iter_mut().for_each(|document| document.sort_unstable());
    documents.sort_unstable();
    let statements = |document: &Vec<usize>| document.iter().flat_map(|bundle| bundles[*bundle].clone()).collect();
    Some(documents.iter().map(statements).collect())
}

/// One bundle if the statements fit a document, else several.
fn split_to_fit(statements: Vec<Statement>, limit: usize) -> Vec<Vec<Statement>> {
    if size(&statements) <= limit {
        return vec![statements];
    }
    let mut bundles: Vec<Vec<Statement>> = Vec::new();
    for statement in statements.into_iter().flat_map(|statement| slices(statement, limit)) {
        match bundles.last_mut() {
            Some(last) if size(last) + size(std::slice::from_ref(&statement)) - size(&[]) < limit => {
                last.push(statement)
            }
            _ => bundles.push(vec![statement]),
        }
    }
    bundles
}

/// A statement that is too large on its own, sliced by its resources.
fn slices(statement: Statement, limit: usize) -> Vec<Statement> {
    let whole = size(std::slice::from_ref(&statement));
    let ResourceClause::Resource(resources) = &statement.resources else { return vec![statement] };
    if whole <= limit || resources.len() < 2 {
        return vec![statement];
    }
    let of_resources: usize = resources.iter().map(|pattern| pattern.as_str().len() + 3).sum();
    let room = limit.saturating_sub(whole - of_resources).max(1);
    let mut parts: Vec<Vec<_>> = vec![Vec::new()];
    let mut used = 0;
    for pattern in resources {
        let weight = pattern.as_str().len() + 3;
        if used + weight > room && used > 0 {
            parts.push(Vec::new());
            used = 0;
        }
        used += weight;
        if let Some(part) = parts.last_mut() {
            part.push(pattern.clone());
        }
    }
    let slice = |(number, part): (usize, Vec<_>)| Statement {
        sid: statement
            .sid
            .as_ref()
            .map(|sid| if number == 0 { sid.clone() } else { format!("{sid}Part{}", number + 1) }),
        resources: ResourceClause::Resource(part.into_iter().collect()),
        ..statement.clone()
    };
    parts.into_iter().enumerate().map(slice).collect()
}

fn size(statements: &[Statement]) -> usize {
    policy_characters(&PolicyDocument::new(statements.to_vec()))
}

fn named(documents: Vec<Document>, options: &ReduceOptions) -> Vec<NamedPolicy> {
    let base = if options.name.is_empty() { "policy" } else { &options.name };
    let mut names: Vec<String> = Vec::new();
    for section in [Section::Main, Section::Bootstrap] {
        let stem = match section {
            Section::Bootstrap => format!("{base}-bootstrap"),
            _ => base.to_owned(),
        };
        let count = documents.iter().filter(|(of, _)| *of == section).count();
        match count {
            1 => names.push(stem),
            _ => names.extend((1..=count).map(|number| format!("{stem}-{number}"))),
        }
    }
    let policy = |(name, (_, statements)): (String, Document)| {
        let document = PolicyDocument::new(statements);
        NamedPolicy { name, characters: policy_characters(&document), document }
    };
    names.into_iter().zip(documents).map(policy).collect()
}
