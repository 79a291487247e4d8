//! `missing-passed-to-service`: roles may be passed to any service that trusts them.

use super::some_of;
use crate::audit::case::{Case, Spoken, StatementCase};
use crate::audit::finding::Sketch;
use crate::audit::fit::names;
use crate::audit::{Confidence, Finding, FindingKind, Severity};
use crate::iam::{
    Action, ArnPattern, ConditionKey, Conditions, Context, Effect, Request, Resource, ResourceClause, Statement,
    applies,
};

/// The key that ties a role to a service.
const KEY: &str = "iam:passedtoservice";
/// No service has this name, so only a policy that takes any service takes it.
const NO_SERVICE: &str = "no-such-service.example";

/// One finding for each statement.
pub(crate) fn find(case: &Case<'_>, spoken: &mut Spoken) -> Vec<Finding> {
    let Ok(action) = "iam:PassRole".parse::<Action>() else { return Vec::new() };
    let mut findings = Vec::new();
    for (at, one) in case.statements.iter().enumerate() {
        let told = spoken.statements.contains(&at)
            || spoken.actions.iter().any(|(statement, pattern)| *statement == at && pattern.matches(&action));
        let open = one.statement.effect == Effect::Allow
            && names(&one.statement.actions, &action)
            && takes_any_service(one, &action);
        if open && !told && !is_needed(case, one, &action) {
            findings.push(of_statement(case, one));
        }
    }
    findings
}

/// Whether the statement speaks of a role that is passed to a service which nobody named.
fn takes_any_service(one: &StatementCase<'_>, action: &Action) -> bool {
    let mut conditions = Conditions::new();
    for (operator, key, values) in one.statement.conditions.iter().filter(|(_, key, _)| key.folded() == KEY) {
        conditions.add(operator, key.clone(), values.iter().cloned());
    }
    let anywhere = Statement {
        conditions,
        resources: ResourceClause::Resource([ArnPattern::any()].into()),
        ..one.statement.clone()
    };
    let context = Context::from_iter([(ConditionKey::new(KEY), NO_SERVICE)]);
    applies(&one.policy.document, &anywhere, &Request { action: action.clone(), resource: Resource::Any, context })
}

/// Whether the evidence itself leaves open which service the role is passed to.
fn is_needed(case: &Case<'_>, one: &StatementCase<'_>, action: &Action) -> bool {
    let grants =
        case.tight.iter().flat_map(crate::reducer::VerifiedPolicy::grants).filter(|grant| grant.action == *action);
    let open = grants.filter(|grant| !grant.conditions.iter().any(|(_, key, _)| key.folded() == KEY));
    let open: Vec<&ArnPattern> = open.map(|grant| &grant.resource).collect();
    let resources = one.statement.resources.patterns();
    !open.is_empty() && resources.iter().all(|pattern| open.iter().any(|needed| needed.covers(pattern)))
}

fn of_statement(case: &Case<'_>, one: &StatementCase<'_>) -> Finding {
    let services: std::collections::BTreeSet<&str> = case
        .requests_of(one)
        .filter_map(|request| request.used.context.get(KEY))
        .flat_map(crate::iam::ContextValue::values)
        .map(String::as_str)
        .collect();
    let used = if services.is_empty() { "the records show none".to_owned() } else { some_of(&services, 6) };
    let sketch = Sketch {
        kind: FindingKind::MissingPassedToService,
        severity: Severity::Medium,
        confidence: Confidence::High,
        place: Some(one.place()),
        subject: "iam:PassRole".to_owned(),
        message: format!(
            "roles ({}) may be passed to any service that trusts them",
            some_of(one.statement.resources.patterns(), 3)
        ),
        because: "no condition on `iam:PassedToService`, or one that takes any service".to_owned(),
        more: vec![format!("passed to: {used}")],
        remedy: match services.is_empty() {
            true => "add a condition on `iam:PassedToService`".to_owned(),
            false => format!("add the condition StringEquals iam:PassedToService {}", some_of(&services, 6)),
        },
    };
    sketch.finish(case.role())
}
