//! A new set of policies beside the present one, action by action: kept, narrowed, removed, added.
//!
//! What is allowed where is decided by [`diff`]; here its changes are told apart by whether the action is still, or was
//! already, allowed on something.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{AccessDiff, Change, Undecided, diff, groups};
use super::fit::names;
use crate::catalog::Catalog;
use crate::iam::{Action, ArnPattern, Effect, PolicyDocument, ResourceClause};

/// What becomes of the access that a role has.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Actions that stay on all that they were allowed on, with the resources that the new policies name.
    pub kept: BTreeMap<Action, BTreeSet<ArnPattern>>,
    /// Still allowed, on less or under more conditions.
    pub narrowed: Vec<Change>,
    /// No longer allowed on anything.
    pub removed: Vec<Change>,
    /// Allowed on more than before.
    pub added: Vec<Change>,
    pub undecided: Vec<Undecided>,
}

/// Holds new policies against old ones.
pub fn compare(old: &[PolicyDocument], new: &[PolicyDocument], catalog: &Catalog) -> Comparison {
    let AccessDiff { added, removed, undecided } = diff(old, new, catalog);
    let (before, after) = (allowed_actions(old, catalog), allowed_actions(new, catalog));
    let touched: BTreeSet<&Action> =
        [&added, &removed].into_iter().flatten().flat_map(|change| &change.actions).collect();
    let unclear: BTreeSet<&Action> = undecided.iter().flat_map(|one| &one.actions).collect();
    let kept = after
        .iter()
        .filter(|(action, _)| before.contains_key(*action) && !touched.contains(action) && !unclear.contains(action))
        .map(|(action, resources)| (action.clone(), resources.clone()))
        .collect();
    let narrowed = part(&removed, |action| after.contains_key(action), false);
    let removed = part(&removed, |action| !after.contains_key(action), true);
    Comparison { kept, narrowed, removed, added, undecided }
}

/// The changes with only those of their actions that are wanted. Actions that do not exist yet go with one part.
fn part(changes: &[Change], wanted: impl Fn(&Action) -> bool, with_future: bool) -> Vec<Change> {
    changes.iter().filter_map(|change| change.of_actions(&wanted, with_future)).collect()
}

/// The actions that some allow names, with the resources that it names for them; `*` where it names those it leaves out.
/// What a deny takes back is not looked at.
pub fn allowed_actions(policies: &[PolicyDocument], catalog: &Catalog) -> BTreeMap<Action, BTreeSet<ArnPattern>> {
    let mut found: BTreeMap<Action, BTreeSet<ArnPattern>> = BTreeMap::new();
    for group in groups(&[policies], catalog) {
        let Some(first) = group.actions.first() else { continue };
        let statements = policies.iter().flat_map(|document| &document.statements);
        let speaking = statements.filter(|one| one.effect == Effect::Allow && names(&one.actions, first));
        let resources: BTreeSet<ArnPattern> = speaking
            .flat_map(|one| match &one.resources {
                ResourceClause::Resource(patterns) => patterns.clone(),
                ResourceClause::NotResource(_) => [ArnPattern::any()].into(),
            })
            .collect();
        if !resources.is_empty() {
            found.extend(group.actions.iter().map(|action| (action.clone(), resources.clone())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(statements: &str) -> Vec<PolicyDocument> {
        vec![format!(r#"{{"Version": "2012-10-17", "Statement": {statements}}}"#).parse().unwrap()]
    }

    #[test]
    fn each_action_is_where_it_belongs() {
        let old = policies(
            r#"[{"Effect": "Allow", "Action": ["eks:DescribeCluster", "eks:DeleteCluster", "eks:ListClusters"], "Resource": "*"}]"#,
        );
        let new = policies(
            r#"[{"Effect": "Allow", "Action": "eks:DescribeCluster",
                 "Resource": "arn:aws:eks:eu-central-1:111122223333:cluster/a"},
                {"Effect": "Allow", "Action": ["eks:ListClusters", "eks:ListAddons"], "Resource": "*"}]"#,
        );
        let compared = compare(&old, &new, Catalog::embedded());
        let actions = |changes: &[Change]| -> Vec<String> {
            changes.iter().flat_map(|change| &change.actions).map(ToString::to_string).collect()
        };
        assert_eq!(compared.kept.keys().map(ToString::to_string).collect::<Vec<_>>(), ["eks:ListClusters"]);
        assert_eq!(actions(&compared.narrowed), ["eks:DescribeCluster"]);
        assert_eq!(actions(&compared.removed), ["eks:DeleteCluster"]);
        assert_eq!(actions(&compared.added), ["eks:ListAddons"]);
        assert!(compared.undecided.is_empty());
        for change in compared.narrowed.iter().chain(&compared.removed).chain(&compared.added) {
            assert!(change.actions.contains(&change.example.action), "{change:?}");
        }
    }

    #[test]
    fn a_wildcard_loses_what_exists_and_what_may_come() {
        let old = policies(r#"[{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]"#);
        let new = policies(r#"[{"Effect": "Allow", "Action": "sqs:ListQueues", "Resource": "*"}]"#);
        let compared = compare(&old, &new, Catalog::embedded());
        assert_eq!(compared.kept.len(), 1);
        assert!(compared.removed.iter().any(|change| change.future_actions));
        assert!(compared.added.is_empty() && compared.narrowed.is_empty());
    }
}
