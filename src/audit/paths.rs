//! The paths of escalation that a set of policies opens, step by step: what a reviewer wants to see drawn.

use std::collections::{BTreeMap, BTreeSet};

use super::escalation::{Layers, Needs, Path, Taken, open, paths};
use super::present::PresentPolicies;
use crate::catalog::Catalog;
use crate::iam::{Action, PolicyDocument, PrincipalArn};

/// A way from what is allowed to more.
#[derive(Clone, Debug)]
pub struct OpenPath {
    pub name: String,
    /// Paths to the same end by the same means: what a finding is about.
    pub family: String,
    /// What is gained.
    pub goal: String,
    pub steps: Vec<PathStep>,
    /// Other open paths of the family, by name.
    pub others: Vec<String>,
}

/// A request of a path.
#[derive(Clone, Debug)]
pub struct PathStep {
    pub action: Action,
    /// An example of what it may act on; `*` for a request without a resource.
    pub resource: String,
}

/// The shortest open path of each family, by name of the family.
pub fn open_paths(present: &PresentPolicies, principal: &PrincipalArn, catalog: &Catalog) -> Vec<OpenPath> {
    let judge = present.judge();
    let mut layers: Vec<&[PolicyDocument]> = vec![&judge.identity];
    layers.extend(judge.boundary.as_deref());
    layers.extend(judge.scps.iter().map(Vec::as_slice));
    let layers = Layers::new(principal, layers, catalog);
    let mut families: BTreeMap<&str, Vec<(&'static Path, Vec<Taken>)>> = BTreeMap::new();
    let possible = paths().iter().filter(|path| path.needs != Some(Needs::Boundary) || present.boundary.is_some());
    for path in possible {
        let Some(steps) = open(path, &layers) else { continue };
        let known = families.entry(&path.family).or_default();
        // A path that only adds steps to a shorter one is closed with it. Shorter paths come first.
        if !known.iter().any(|(_, shorter)| actions(shorter).is_subset(&actions(&steps))) {
            known.push((path, steps));
        }
    }
    families.into_iter().filter_map(|(family, found)| of_family(family, found)).collect()
}

fn of_family(family: &str, found: Vec<(&'static Path, Vec<Taken>)>) -> Option<OpenPath> {
    let mut found = found.into_iter();
    let (path, steps) = found.next()?;
    Some(OpenPath {
        name: path.name.clone(),
        family: family.to_owned(),
        goal: path.goal.clone(),
        steps: steps.into_iter().map(|step| PathStep { action: step.action, resource: step.resource }).collect(),
        others: found.map(|(path, _)| path.name.clone()).collect(),
    })
}

fn actions(steps: &[Taken]) -> BTreeSet<&Action> {
    steps.iter().map(|step| &step.action).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::PresentPolicy;
    use crate::iam::PolicyLines;

    #[test]
    fn one_path_a_family_and_none_where_nothing_leads_on() {
        let principal: PrincipalArn = "arn:aws:iam::111122223333:role/ci/eks-runner".parse().unwrap();
        let of = |statement: &str| {
            let document = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#).parse().unwrap();
            let policy = PresentPolicy { name: "p".into(), file: None, document, lines: PolicyLines::default() };
            open_paths(&PresentPolicies::of_identity(vec![policy]), &principal, Catalog::embedded())
        };
        let all = of(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#);
        let families: BTreeSet<&str> = all.iter().map(|path| path.family.as_str()).collect();
        assert!(all.len() > 5 && families.len() == all.len(), "{all:?}");
        assert!(all.iter().all(|path| !path.steps.is_empty() && !path.goal.is_empty()));
        assert!(of(r#"{"Effect": "Allow", "Action": "eks:ListClusters", "Resource": "*"}"#).is_empty());
    }
}
