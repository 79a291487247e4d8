//! `boundary-not-required`: roles or users may be made without a permissions boundary.
//!
//! Told where it can be cured: every role in the evidence was made with a boundary, or the role itself has one, which it
//! could leave behind by making a role without. Where the evidence needs roles without a boundary, only on request.

use super::resource_text;
use crate::audit::access::{Pinned, Scene};
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::finding::Sketch;
use crate::audit::fit::names;
use crate::audit::{Confidence, Finding, FindingKind, Severity};
use crate::iam::automaton::{Language, Search, find as search};
use crate::iam::{Action, ConditionKey, Effect};

/// What makes principals, with the word for what it makes.
const MAKERS: [(&str, &str); 2] = [("iam:CreateRole", "role"), ("iam:CreateUser", "user")];
const KEY: &str = "iam:PermissionsBoundary";

/// One finding for each way to make a principal.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let makers = MAKERS.iter().filter_map(|(action, noun)| Some((action.parse::<Action>().ok()?, *noun)));
    makers.filter_map(|(action, noun)| of_maker(case, spoken, &action, noun)).collect()
}

fn of_maker(case: &Case<'_>, spoken: &Spoken, action: &Action, noun: &str) -> Option<Finding> {
    let example = without_boundary(case, action, noun)?;
    let granting = |(at, one): &(usize, &StatementCase<'_>)| {
        let told = spoken.statements.contains(at)
            || spoken.actions.iter().any(|(statement, pattern)| statement == at && pattern.matches(action));
        !told && one.statement.effect == Effect::Allow && names(&one.statement.actions, action)
    };
    let (_, one) = case.statements.iter().enumerate().find(granting)?;
    let made: Vec<_> = case.requests.iter().filter(|request| request.used.action == *action).collect();
    let bounded = made.iter().filter(|request| request.used.context.get(KEY).is_some()).count();
    let (severity, needed, because) = if case.present.boundary.is_some() {
        (Severity::High, false, "the role has a boundary, and what it makes need not".to_owned())
    } else if !made.is_empty() && bounded == made.len() {
        (Severity::Medium, false, format!("all {} made in the records carried a boundary", made.len()))
    } else if case.options.include_needed && !made.is_empty() {
        let bare = made.iter().find(|request| request.used.context.get(KEY).is_none());
        let name = bare.map(|request| resource_text(&request.used.resource)).unwrap_or_default();
        (Severity::Informational, true, format!("the records show some made without one, such as `{name}`"))
    } else {
        return None;
    };
    let sketch = Sketch {
        kind: FindingKind::BoundaryNotRequired,
        severity,
        confidence: Confidence::High,
        place: Some(one.place()),
        subject: action.to_string(),
        message: format!("a {noun} may be made without a permissions boundary"),
        because,
        more: vec![format!("allowed without one: `{action}` on `{example}`")],
        remedy: format!("add a condition on `{KEY}` with the boundary that every {noun} is to carry"),
    };
    Some(Finding { needed, ..sketch.finish(case.role()) })
}

/// A principal that may be made without boundary.
fn without_boundary(case: &Case<'_>, action: &Action, noun: &str) -> Option<String> {
    let pinned = Pinned::from([(ConditionKey::new(KEY), None)]);
    let judge = case.present.judge();
    let scene = Scene::new(action, &[&judge.identity], &pinned).ok()?;
    let arn = case.role().arn();
    let place = format!("arn:{}:iam::{}:{noun}/", arn.partition(), arn.account());
    let names = Language::of_text(&place).then_some(crate::iam::automaton::Class::Any);
    let others: Vec<&Language> = scene.languages.iter().collect();
    let found =
        search(&[&names], &others, |held| scene.situations.iter().any(|situation| scene.allows(0, situation, held)));
    match found {
        Search::Found(text) => Some(text),
        Search::Nothing | Search::GaveUp => None,
    }
}
