//! Collects problems, and counts them where one would drown the others.

use std::collections::BTreeMap;
use std::mem::{Discriminant, discriminant};

use super::integrity::Integrity;
use crate::collector::problem::{FileProblem, ProblemKind};

/// So many problems of one kind are told one by one.
const TOLD: u64 = 50;

/// What is reported, in the order in which it is found.
#[derive(Default)]
pub struct Reports {
    problems: Vec<FileProblem>,
    told: Vec<(Discriminant<Integrity>, u64)>,
    /// Problems that are the same for many files: how many, and the first.
    counted: BTreeMap<(String, Integrity), (u64, String)>,
}

impl Reports {
    /// A problem of one file, or one more after many of its kind.
    pub fn tell(&mut self, place: &str, problem: Integrity) {
        let kind = discriminant(&problem);
        let index = self.told.iter().position(|(told, _)| *told == kind).unwrap_or_else(|| {
            self.told.push((kind, 0));
            self.told.len() - 1
        });
        let Some((_, told)) = self.told.get_mut(index) else { return };
        *told += 1;
        if *told <= TOLD {
            let kind = ProblemKind::Integrity(problem);
            self.problems.push(FileProblem { file: place.to_owned(), byte: None, kind, count: 1 });
        } else {
            self.count("", place, problem, 1);
        }
    }

    /// A problem that many files of a group share: told once.
    pub fn count(&mut self, group: &str, place: &str, problem: Integrity, count: u64) {
        let counted = self.counted.entry((group.to_owned(), problem)).or_insert_with(|| (0, place.to_owned()));
        counted.0 += count;
        if place < counted.1.as_str() {
            place.clone_into(&mut counted.1);
        }
    }

    /// Everything, sorted.
    pub fn into_problems(mut self) -> Vec<FileProblem> {
        self.problems.extend(self.counted.into_iter().map(|((_, problem), (count, file))| FileProblem {
            file,
            byte: None,
            kind: ProblemKind::Integrity(problem),
            count,
        }));
        self.problems.sort();
        self.problems
    }
}
