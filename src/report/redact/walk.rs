//! Where in a report names stand.

use std::collections::BTreeSet;

use super::{Visitor, is_aws_word};
use crate::iam::{
    ActionClause, ArnPattern, Condition, ConditionKey, Conditions, PolicyDocument, PrincipalArn, Resource,
    ResourceClause, Statement,
};
use crate::reducer::WideningRule;
use crate::report::model::{Coverage, DeniedCall, Grant, Report, RequestText, Scope};

/// Visits every name. What is read here is AWS's or ours: actions, operations, rules, numbers, times.
pub fn report(report: &mut Report, visitor: &mut Visitor<'_>) {
    scope(&mut report.scope, visitor);
    for policy in &mut report.policies {
        policy.name = visitor.name(&policy.name);
        role(&mut policy.role, visitor);
        document(&mut policy.document, visitor);
    }
    report.grants.iter_mut().for_each(|one| grant(one, visitor));
    for widening in &mut report.widenings {
        role(&mut widening.role, visitor);
        pattern(&mut widening.resource, visitor);
        widening.detail = detail(&widening.detail, visitor);
        if let WideningRule::User(name) = &mut widening.rule {
            *name = visitor.name(name);
        }
    }
    for withheld in &mut report.withheld {
        role(&mut withheld.role, visitor);
        resource(&mut withheld.resource, visitor);
        withheld.rule = visitor.name(&withheld.rule);
        withheld.reason = visitor.text(&withheld.reason);
    }
    coverage(&mut report.coverage, visitor);
    for finding in &mut report.findings {
        role(&mut finding.role, visitor);
        if let Some(place) = &mut finding.place {
            place.policy = visitor.name(&place.policy);
            place.file = place.file.as_deref().map(|file| visitor.name(file));
            place.sid = place.sid.as_deref().map(|sid| self::sid(sid, visitor));
        }
        for text in [&mut finding.subject, &mut finding.message, &mut finding.remedy] {
            *text = visitor.text(text);
        }
        finding.evidence.iter_mut().for_each(|text| *text = visitor.text(text));
    }
    overview(report, visitor);
}

/// What reviewers see beside policies and findings.
fn overview(report: &mut Report, visitor: &mut Visitor<'_>) {
    for path in &mut report.paths {
        role(&mut path.role, visitor);
        path.goal = visitor.text(&path.goal);
        path.others.iter_mut().for_each(|other| *other = visitor.text(other));
        path.steps.iter_mut().for_each(|step| step.resource = visitor.text(&step.resource));
    }
    for present in &mut report.present {
        present.name = visitor.name(&present.name);
        present.file = present.file.as_deref().map(|file| visitor.name(file));
        document(&mut present.document, visitor);
    }
    if let Some(comparison) = &mut report.comparison {
        comparison.role.iter_mut().for_each(|one| role(one, visitor));
        comparison.policies.iter_mut().for_each(|name| *name = visitor.name(name));
        let kept = comparison.kept.iter_mut().flat_map(|kept| &mut kept.resources);
        kept.for_each(|resource| *resource = visitor.text(resource));
        comparison.undecided.iter_mut().for_each(|one| one.reason = visitor.text(&one.reason));
        for changed in [&mut comparison.narrowed, &mut comparison.removed, &mut comparison.added] {
            for access in changed {
                access.resource = access.resource.as_deref().map(|resource| visitor.text(resource));
                example(&mut access.example, visitor);
            }
        }
    }
    report.inputs.iter_mut().for_each(|input| input.source = visitor.name(&input.source));
    let parameters = &mut report.parameters;
    parameters.account = parameters.account.as_deref().map(|account| visitor.name(account));
    parameters.named.values_mut().for_each(|value| *value = visitor.value(value));
}

fn example(example: &mut RequestText, visitor: &mut Visitor<'_>) {
    example.resource = visitor.text(&example.resource);
    let context = std::mem::take(&mut example.context).into_iter();
    example.context = context
        .map(|(key, values)| {
            let key = match key.split_once('/') {
                Some((name, tag)) => format!("{name}/{}", visitor.name(tag)),
                None => key,
            };
            (key, values.iter().map(|value| visitor.value(value)).collect())
        })
        .collect();
}

fn scope(scope: &mut Scope, visitor: &mut Visitor<'_>) {
    scope.roles.iter_mut().for_each(|one| role(one, visitor));
    for texts in [&mut scope.sources, &mut scope.sessions, &mut scope.accounts] {
        texts.iter_mut().for_each(|text| *text = visitor.name(text));
    }
}

fn grant(grant: &mut Grant, visitor: &mut Visitor<'_>) {
    role(&mut grant.role, visitor);
    pattern(&mut grant.resource, visitor);
    grant.condition = conditions(&grant.condition, visitor);
    grant.sid = sid(&grant.sid, visitor);
    grant.evidence.event_ids.iter_mut().for_each(|id| *id = visitor.name(id));
    grant.note = grant.note.as_deref().map(|note| visitor.text(note));
}

fn coverage(coverage: &mut Coverage, visitor: &mut Visitor<'_>) {
    coverage.accounts.iter_mut().for_each(|account| *account = visitor.name(account));
    coverage.gaps.iter_mut().for_each(|gap| *gap = self::gap(gap, visitor));
    coverage.unmapped_events.iter_mut().for_each(|event| role(&mut event.role, visitor));
    coverage.denied.iter_mut().for_each(|call| denied(call, visitor));
}

fn denied(call: &mut DeniedCall, visitor: &mut Visitor<'_>) {
    role(&mut call.role, visitor);
    if let Some(found) = &mut call.resource {
        resource(found, visitor);
    }
    // Whoever may decode it reads everything in it.
    call.encoded_message = call.encoded_message.take().map(|_| "redacted".to_owned());
    call.authorization_id = call.authorization_id.take().map(|id| visitor.name(&id));
    call.event_ids.iter_mut().for_each(|id| *id = visitor.name(id));
}

/// What a widening tells of a single name begins with that name.
fn detail(text: &str, visitor: &mut Visitor<'_>) -> String {
    match text.split_once(": ") {
        Some((name, rest)) if !name.contains(' ') => format!("{}: {}", visitor.value(name), visitor.text(rest)),
        _ => visitor.text(text),
    }
}

/// What could not be read is named in backticks, with its path.
fn gap(text: &str, visitor: &mut Visitor<'_>) -> String {
    let parts = text.split('`').enumerate();
    // An action that was denied stands in backticks, too.
    let is_place = |(index, part): (usize, &str)| index % 2 == 1 && !is_aws_word(part);
    let changed: Vec<String> =
        parts.map(|part| if is_place(part) { visitor.name(part.1) } else { visitor.text(part.1) }).collect();
    changed.join("`")
}

fn role(role: &mut PrincipalArn, visitor: &mut Visitor<'_>) {
    if let Ok(new) = visitor.arn(&role.to_string()).parse() {
        *role = new;
    }
}

fn resource(resource: &mut Resource, visitor: &mut Visitor<'_>) {
    if let Resource::Arn(arn) = resource
        && let Ok(new) = visitor.arn(arn.as_str()).parse()
    {
        *arn = new;
    }
}

fn pattern(pattern: &mut ArnPattern, visitor: &mut Visitor<'_>) {
    if let Ok(new) = visitor.arn(pattern.as_str()).parse() {
        *pattern = new;
    }
}

fn document(document: &mut PolicyDocument, visitor: &mut Visitor<'_>) {
    document.id = document.id.as_deref().map(|id| visitor.name(id));
    document.statements.iter_mut().for_each(|one| statement(one, visitor));
}

fn statement(statement: &mut Statement, visitor: &mut Visitor<'_>) {
    statement.sid = statement.sid.as_deref().map(|sid| self::sid(sid, visitor));
    let (ResourceClause::Resource(patterns) | ResourceClause::NotResource(patterns)) = &mut statement.resources;
    let changed = std::mem::take(patterns).into_iter().map(|mut one| {
        pattern(&mut one, visitor);
        one
    });
    *patterns = changed.collect::<BTreeSet<_>>();
    // Actions are AWS's own words.
    let (ActionClause::Action(_) | ActionClause::NotAction(_)) = &statement.actions;
    statement.conditions = conditions(&statement.conditions, visitor);
}

/// Keys keep their name, but not the tag key behind the slash; values keep what AWS calls so.
fn conditions(conditions: &Conditions, visitor: &mut Visitor<'_>) -> Conditions {
    let line = |(operator, key, values): (_, &ConditionKey, &BTreeSet<String>)| {
        let key = match key.as_str().split_once('/') {
            Some((name, tag)) => ConditionKey::new(format!("{name}/{}", visitor.name(tag))),
            None => key.clone(),
        };
        let names_tags = key.folded() == "aws:tagkeys";
        let values = values.iter().map(|text| if names_tags { visitor.name(text) } else { visitor.value(text) });
        Condition { operator, key, values: values.collect() }
    };
    conditions.iter().map(line).collect()
}

/// Sids of ours are made of AWS's words; where one holds a word of a resource's name, or somebody else chose it, it goes.
fn sid(sid: &str, visitor: &mut Visitor<'_>) -> String {
    let words: Vec<String> = words_of(sid);
    let is_free = match visitor {
        Visitor::Learning(_) => true,
        Visitor::Replacing(redactor) => !words.iter().any(|word| redactor.holds_word(word)),
    };
    if is_free { sid.to_owned() } else { words.iter().map(|word| visitor.sid_word(word)).collect() }
}

/// `EksClusterBlue2`: `Eks`, `Cluster`, `Blue2`.
pub fn words_of(sid: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for c in sid.chars() {
        match words.last_mut() {
            Some(word) if !c.is_uppercase() => word.push(c),
            _ => words.push(c.to_string()),
        }
    }
    words
}
