//! What access one set of policies adds and takes away beside another, in meaning.
//!
//! Actions are those that the reference knows, and those that a policy names; where a pattern also takes names that do
//! not exist yet, one such name stands for them. Actions that the same statements speak of are decided together.
//!
//! No access is where AWS never checks the action: `eks:*` on an add-on is nothing for actions that the reference has on other
//! resources only, and a tightest policy holds such pairs for brevity. An action that is named in a statement without
//! any resource that it is checked on is told of: somebody meant it.

use std::collections::{BTreeMap, BTreeSet};

use super::access::{Outcome, exceeds};
use super::fit::names;
use super::likely::ExamplePlace;
use super::shapes::Shapes;
use crate::catalog::Catalog;
use crate::iam::{Action, ActionPattern, ArnPattern, PolicyDocument, Request, ResourceClause, Statement};

/// The difference.
#[derive(Clone, Debug, Default)]
pub struct AccessDiff {
    /// Allowed by the new policies only.
    pub added: Vec<Change>,
    /// Allowed by the old policies only.
    pub removed: Vec<Change>,
    /// What can't be decided.
    pub undecided: Vec<Undecided>,
}

/// Access that one side has and the other has not.
#[derive(Clone, Debug)]
pub struct Change {
    pub actions: BTreeSet<Action>,
    /// Actions that AWS may add one day count, too.
    pub future_actions: bool,
    /// The pattern of the statement that makes the difference; `None`: all but some.
    pub resource: Option<ArnPattern>,
    /// A request that one side allows and the other does not.
    pub example: Request,
    /// The same for others of the actions.
    pub more_examples: Vec<(BTreeSet<Action>, Request)>,
}

/// Actions for which it can't be decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Undecided {
    pub actions: BTreeSet<Action>,
    /// What stands in the way.
    pub reason: String,
}

impl Change {
    /// The change for some of its actions only, with an example for one of them. `None`: nothing is left.
    pub(super) fn of_actions(&self, wanted: impl Fn(&Action) -> bool, with_future: bool) -> Option<Self> {
        let actions: BTreeSet<Action> = self.actions.iter().filter(|action| wanted(action)).cloned().collect();
        let future_actions = self.future_actions && with_future;
        if actions.is_empty() && !future_actions {
            return None;
        }
        let fitting = self.more_examples.iter().find_map(|(known, request)| {
            let action = known.intersection(&actions).next()?.clone();
            Some(Request { action, ..request.clone() })
        });
        let example = fitting.unwrap_or_else(|| self.example.clone());
        Some(Self { actions, future_actions, example, ..self.clone() })
    }
}

impl AccessDiff {
    /// Whether both sides allow the same, as far as it can be decided.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.undecided.is_empty()
    }
}

/// Compares two sets of policies.
pub fn diff(old: &[PolicyDocument], new: &[PolicyDocument], catalog: &Catalog) -> AccessDiff {
    let place = ExamplePlace::of(new.iter().chain(old));
    let shapes = Shapes::new(catalog);
    let mut diff = AccessDiff::default();
    for group in groups(&[old, new], catalog) {
        let (added, mut undecided) = compare(&group, new, old, &shapes, &place);
        let (removed, more) = compare(&group, old, new, &shapes, &place);
        undecided.extend(more);
        diff.added.extend(added);
        diff.removed.extend(removed);
        diff.undecided.extend(undecided);
    }
    diff.added = together(diff.added);
    diff.removed = together(diff.removed);
    diff.undecided.sort();
    diff.undecided.dedup();
    diff
}

/// Actions that all sides speak of in the same statements and that take the same resources.
#[derive(Debug)]
pub(super) struct Group {
    pub actions: BTreeSet<Action>,
    /// A name that does not exist stands among them.
    pub future: BTreeSet<Action>,
}

/// All actions that some statement names, by the statements that speak of them.
pub(super) fn groups(sides: &[&[PolicyDocument]], catalog: &Catalog) -> Vec<Group> {
    let statements: Vec<_> = sides.iter().flat_map(|side| *side).flat_map(|document| &document.statements).collect();
    let patterns: BTreeSet<&ActionPattern> =
        statements.iter().flat_map(|statement| statement.actions.patterns()).collect();
    let mut groups: BTreeMap<(String, Vec<bool>, Vec<String>), Group> = BTreeMap::new();
    for (action, future) in candidates(&patterns, &statements, catalog) {
        let spoken: Vec<bool> = statements.iter().map(|statement| names(&statement.actions, &action)).collect();
        let types = catalog.action(&action).map(|entry| entry.resource_types.iter().map(|kind| kind.name.clone()));
        let key = (action.service().to_owned(), spoken, types.into_iter().flatten().collect());
        let group = groups.entry(key).or_insert_with(|| Group { actions: BTreeSet::new(), future: BTreeSet::new() });
        if future {
            group.future.insert(action)
        } else {
            group.actions.insert(action)
        };
    }
    groups.into_values().collect()
}

/// Actions that the patterns stand for, with whether they do not exist yet.
fn candidates(
    patterns: &BTreeSet<&ActionPattern>,
    statements: &[&Statement],
    catalog: &Catalog,
) -> BTreeMap<Action, bool> {
    let excepts = statements.iter().any(|one| matches!(one.actions, crate::iam::ActionClause::NotAction(_)));
    let everywhere =
        excepts || patterns.iter().any(|one| one.service().is_none_or(|service| service.contains(['*', '?'])));
    let services: BTreeSet<&str> = match everywhere {
        true => catalog.services().collect(),
        false => patterns.iter().filter_map(|pattern| pattern.service()).collect(),
    };
    let mut found = BTreeMap::new();
    for service in services {
        for entry in catalog.actions(service) {
            let named = everywhere || patterns.iter().any(|pattern| pattern.matches(&entry.action));
            if named {
                found.insert(entry.action.clone(), false);
            }
        }
    }
    for pattern in patterns {
        match pattern.as_action() {
            Some(action) => {
                found.entry(action).or_insert(false);
            }
            None => found.extend(future_action(pattern, catalog).map(|action| (action, true))),
        }
    }
    found
}

/// A name that the pattern takes and that does not exist.
fn future_action(pattern: &ActionPattern, catalog: &Catalog) -> Option<Action> {
    let service = pattern.service().filter(|service| !service.contains(['*', '?']))?;
    let (_, name) = pattern.as_str().split_once(':')?;
    let action: Action = format!("{service}:{}", name.replace('*', "NotYetKnown").replace('?', "Z")).parse().ok()?;
    (name.contains('*') && catalog.action(&action).is_none()).then_some(action)
}

/// What the one side allows and the other does not, of one group.
fn compare(
    group: &Group,
    wide: &[PolicyDocument],
    narrow: &[PolicyDocument],
    shapes: &Shapes<'_>,
    place: &ExamplePlace,
) -> (Vec<Change>, Vec<Undecided>) {
    let Some(action) = group.actions.first().or(group.future.first()) else { return Default::default() };
    let likely = place.likely(shapes.catalog(), action);
    let statements = wide.iter().flat_map(|document| &document.statements);
    let is_meant = statements.into_iter().any(|one| one.actions.names_literally(action) && !meets(one, action, shapes));
    match exceeds(action, wide, narrow, &likely) {
        Outcome::Contained => Default::default(),
        Outcome::CannotDecide(reason) => (Vec::new(), vec![Undecided { actions: group.actions.clone(), reason }]),
        Outcome::Exceeds(found) => {
            let change = |(resource, example): (Option<ArnPattern>, Request)| Change {
                actions: group.actions.clone(),
                future_actions: !group.future.is_empty(),
                resource,
                more_examples: vec![(group.actions.clone(), example.clone())],
                example,
            };
            let reaches = |(pattern, _): &(Option<ArnPattern>, Request)| {
                pattern.as_ref().is_none_or(|one| shapes.may_meet(action, one))
            };
            let some_reach = found.iter().any(reaches);
            // Where nothing is checked there, it is told of only if somebody meant it.
            let told = found.into_iter().filter(|one| reaches(one) || (is_meant && !some_reach));
            (told.map(change).collect(), Vec::new())
        }
    }
}

/// Whether a statement is on something that the action is checked on.
fn meets(statement: &Statement, action: &Action, shapes: &Shapes<'_>) -> bool {
    match &statement.resources {
        ResourceClause::Resource(patterns) => patterns.iter().any(|pattern| shapes.may_meet(action, pattern)),
        ResourceClause::NotResource(_) => true,
    }
}

/// Changes on the same resource in the same context come together.
fn together(changes: Vec<Change>) -> Vec<Change> {
    let mut joined: BTreeMap<(String, Option<ArnPattern>, crate::iam::Context), Change> = BTreeMap::new();
    for change in changes {
        let service = change.example.action.service().to_owned();
        let key = (service, change.resource.clone(), change.example.context.clone());
        match joined.get_mut(&key) {
            Some(known) => {
                known.actions.extend(change.actions);
                known.future_actions |= change.future_actions;
                known.more_examples.extend(change.more_examples);
            }
            None => {
                joined.insert(key, change);
            }
        }
    }
    joined.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(text: &str) -> Vec<PolicyDocument> {
        vec![format!(r#"{{"Version": "2012-10-17", "Statement": {text}}}"#).parse().unwrap()]
    }

    fn changes(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
        let diff = diff(&policies(old), &policies(new), Catalog::embedded());
        assert!(diff.undecided.is_empty(), "{:?}", diff.undecided);
        let text = |change: &Change| {
            let actions: Vec<String> = change.actions.iter().map(ToString::to_string).collect();
            format!("{} on {}", actions.join(","), change.resource.as_ref().unwrap())
        };
        (diff.added.iter().map(text).collect(), diff.removed.iter().map(text).collect())
    }

    const CLUSTER: &str = "arn:aws:eks:eu-central-1:111122223333:cluster";

    fn allow(actions: &str, resource: &str) -> String {
        format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": "{resource}"}}"#)
    }

    #[test]
    fn the_same_access_in_other_words_is_no_change() {
        let listed = format!(
            "[{}, {}]",
            allow(r#""eks:DescribeCluster""#, &format!("{CLUSTER}/a")),
            allow(r#"["eks:DescribeCluster"]"#, &format!("{CLUSTER}/b*"))
        );
        let swapped = format!(
            "[{}, {}, {}]",
            allow(r#""EKS:describecluster""#, &format!("{CLUSTER}/b*")),
            allow(r#""eks:DescribeCluster""#, &format!("{CLUSTER}/a")),
            allow(r#""eks:DescribeCluster""#, &format!("{CLUSTER}/bc"))
        );
        assert_eq!(changes(&listed, &swapped), Default::default());
    }

    #[test]
    fn what_is_wider_is_shown_with_an_example_that_is_so() {
        let old = policies(&allow(r#""eks:DescribeCluster""#, &format!("{CLUSTER}/demo")));
        let new = policies(&allow(r#""eks:DescribeCluster""#, &format!("{CLUSTER}/*")));
        let diff = diff(&old, &new, Catalog::embedded());
        let [change] = diff.added.as_slice() else { panic!("{diff:?}") };
        assert!(diff.removed.is_empty());
        assert!(crate::iam::evaluate(&new, &change.example).is_allowed());
        assert!(!crate::iam::evaluate(&old, &change.example).is_allowed());
    }

    #[test]
    fn a_pattern_over_actions_stands_for_what_exists_and_what_may_come() {
        let (added, removed) =
            changes(&allow(r#"["sts:TagSession", "sts:AssumeRole"]"#, "*"), &allow(r#""sts:Assume*""#, "*"));
        assert_eq!(removed, ["sts:TagSession on *"]);
        let [added] = added.as_slice() else { panic!("{added:?}") };
        assert!(added.contains("sts:AssumeRoot") && !added.contains("sts:AssumeRole,"), "{added}");
    }

    #[test]
    fn a_pattern_over_actions_gives_nothing_where_they_are_never_checked() {
        let old = allow(r#""eks:DescribeCluster""#, &format!("{CLUSTER}/demo"));
        let new = format!("[{old}, {}]", allow(r#""eks:*Addon""#, "arn:aws:eks:eu-central-1:111122223333:addon/*/*/*"));
        let (added, _) = changes(&old, &new);
        let [added] = added.as_slice() else { panic!("{added:?}") };
        assert!(added.contains("eks:DeleteAddon") && !added.contains("eks:CreateAddon"), "{added}");
        let named =
            format!("[{old}, {}]", allow(r#""eks:CreateAddon""#, "arn:aws:eks:eu-central-1:111122223333:addon/*/*/*"));
        assert_eq!(changes(&old, &named).0, ["eks:CreateAddon on arn:aws:eks:eu-central-1:111122223333:addon/*/*/*"]);
    }

    #[test]
    fn pairs_that_come_with_a_statement_and_are_never_checked_are_no_access() {
        let arn = |kind: &str| format!("arn:aws:ec2:eu-central-1:111122223333:{kind}/*");
        let apart = format!(
            "[{}, {}]",
            allow(r#""ec2:CreateSubnet""#, &arn("subnet")),
            allow(r#""ec2:CreateInternetGateway""#, &arn("internet-gateway"))
        );
        let together = format!(
            r#"{{"Effect": "Allow", "Action": ["ec2:CreateSubnet", "ec2:CreateInternetGateway"], "Resource": ["{}", "{}"]}}"#,
            arn("subnet"),
            arn("internet-gateway")
        );
        assert_eq!(changes(&apart, &together), Default::default());
        let wider = allow(r#""ec2:CreateSubnet""#, "arn:aws:ec2:*:111122223333:*/*");
        assert_eq!(changes(&apart, &format!("[{wider}]")).0.len(), 1);
    }

    #[test]
    fn all_but_some_is_compared_too() {
        let except = r#"{"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}"#;
        let (added, removed) =
            changes(&allow(r#""s3:GetObject""#, "arn:aws:s3:::secret/x"), &allow(r#""s3:GetObject""#, "*"));
        assert_eq!((added.len(), removed.len()), (1, 0));
        let diff = diff(&policies(&allow(r#""iam:GetRole""#, "*")), &policies(except), Catalog::embedded());
        assert_eq!(diff.removed.len(), 1);
        assert!(diff.added.iter().any(|change| change.actions.contains(&"s3:GetObject".parse().unwrap())));
    }
}
