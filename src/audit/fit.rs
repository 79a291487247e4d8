//! Whether a statement speaks of an observed request, as far as the records tell.
//!
//! A record does not hold every condition key that AWS fills, nor every part of every ARN. So there are three answers:
//! yes, no, and "that depends", with what it depends on. Nothing is claimed on the third.

use std::collections::BTreeSet;

use crate::aggregator::{Few, Hole, HoleCause, Observation, Usage, UsedRequest};
use crate::iam::{
    Action, ActionClause, ArnPattern, ConditionKey, Conditions, PolicyDocument, PrincipalArn, Request, Resource,
    ResourceClause, Statement, applies,
};

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    No,
    /// It depends on these: condition keys, or parts of the ARN.
    Perhaps(BTreeSet<String>),
    Yes,
}

/// An observed request, ready to be put to statements.
#[derive(Clone, Debug)]
pub struct Asked {
    pub request: Request,
    /// The ARN holds a `*` that stands for something unknown.
    pub has_holes: bool,
    /// The request with the tags that the principal gave the resource at creation, where it made it. They may have changed
    /// since: they settle that a statement speaks of the request, never that it does not.
    pub tagged: Option<Request>,
}

/// Keys whose absence from the context is a fact: the record would show them.
const SHOWN: [&str; 8] = [
    "aws:calledvia",
    "aws:tagkeys",
    "ec2:createaction",
    "iam:awsservicename",
    "iam:passedtoservice",
    "iam:permissionsboundary",
    "iam:policyarn",
    "kms:viaservice",
];

impl Asked {
    /// A request of the usage, with what is known of every request of the principal.
    pub fn new(used: &UsedRequest, holes: &Few<Hole>, principal: &PrincipalArn) -> Self {
        let request = made_by(used.to_request(), principal);
        let starred = matches!(&request.resource, Resource::Arn(arn) if arn.as_str().contains('*'));
        // What AWS itself checks on a whole type is known to the letter.
        let unknown = holes.iter().any(|hole| hole.cause != HoleCause::ListResource);
        Self { request, has_holes: starred && unknown, tagged: None }
    }

    /// The same with what the usage knows of the resource's tags.
    pub fn of(usage: &Usage, used: &UsedRequest, observation: &Observation) -> Self {
        let asked = Self::new(used, &observation.holes, &usage.principal);
        let known = usage.known_tags(used, observation).filter(|tags| !tags.is_empty());
        let tagged = known.map(|_| made_by(usage.request_with_known_tags(used, observation), &usage.principal));
        Self { tagged, ..asked }
    }

    /// Whether the statement speaks of it, whatever its effect.
    pub fn fits(&self, document: &PolicyDocument, statement: &Statement) -> Fit {
        if !names(&statement.actions, &self.request.action) {
            return Fit::No;
        }
        let open = self.open_keys(&statement.conditions);
        let closed = if open.is_empty() { None } else { Some(without(statement, &open)) };
        let judged = closed.as_ref().unwrap_or(statement);
        if applies(document, judged, &self.request) {
            let is_settled = open.is_empty() || self.is_told_by_tags(document, statement, &open);
            return if is_settled { Fit::Yes } else { Fit::Perhaps(open) };
        }
        if self.has_holes && self.meets(&judged.resources) && applies(document, &on_anything(judged), &self.request) {
            let part = match &self.request.resource {
                Resource::Arn(arn) => format!("the unknown part of `{arn}`"),
                Resource::Any => "the resource".to_owned(),
            };
            return Fit::Perhaps(open.into_iter().chain([part]).collect());
        }
        Fit::No
    }

    /// Whether the resource's own tags are all that was open, and the statement speaks of the request with them.
    fn is_told_by_tags(&self, document: &PolicyDocument, statement: &Statement, open: &BTreeSet<String>) -> bool {
        self.tagged.as_ref().is_some_and(|tagged| {
            open.iter().all(|key| tagged.context.get(&ConditionKey::new(key.as_str())).is_some())
                && applies(document, statement, tagged)
        })
    }

    /// Keys in the conditions that the record does not tell.
    fn open_keys(&self, conditions: &Conditions) -> BTreeSet<String> {
        let open = |key: &&ConditionKey| {
            let name = key.folded();
            let shown = SHOWN.contains(&name) || name.starts_with("aws:requesttag/");
            !shown && self.request.context.get(*key).is_none()
        };
        conditions.iter().map(|(_, key, _)| key).filter(open).map(ToString::to_string).collect()
    }

    fn meets(&self, resources: &ResourceClause) -> bool {
        let Resource::Arn(arn) = &self.request.resource else { return false };
        let asked = ArnPattern::literal(arn);
        match resources {
            ResourceClause::Resource(patterns) => patterns.iter().any(|pattern| pattern.intersects(&asked)),
            ResourceClause::NotResource(patterns) => !patterns.iter().any(|pattern| pattern.covers(&asked)),
        }
    }
}

/// The request with what AWS fills for every request of the principal.
fn made_by(mut request: Request, principal: &PrincipalArn) -> Request {
    let arn = principal.to_string();
    request.context.insert("aws:PrincipalAccount", principal.account());
    request.context.insert("aws:PrincipalArn", arn.as_str());
    request.context.insert("aws:SecureTransport", "true");
    request
}

/// Whether the clause speaks of the action.
pub fn names(clause: &ActionClause, action: &Action) -> bool {
    let named = clause.patterns().iter().any(|pattern| pattern.matches(action));
    match clause {
        ActionClause::Action(_) => named,
        ActionClause::NotAction(_) => !named,
    }
}

fn without(statement: &Statement, open: &BTreeSet<String>) -> Statement {
    let mut conditions = Conditions::new();
    for (operator, key, values) in statement.conditions.iter().filter(|(_, key, _)| !open.contains(key.as_str())) {
        conditions.add(operator, key.clone(), values.iter().cloned());
    }
    Statement { conditions, ..statement.clone() }
}

fn on_anything(statement: &Statement) -> Statement {
    Statement { resources: ResourceClause::Resource([ArnPattern::any()].into()), ..statement.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Context;

    fn statement(text: &str) -> (PolicyDocument, Statement) {
        let document: PolicyDocument = format!(r#"{{"Version": "2012-10-17", "Statement": {text}}}"#).parse().unwrap();
        let statement = document.statements[0].clone();
        (document, statement)
    }

    fn fits(text: &str, resource: &str, has_holes: bool) -> Fit {
        let request = Request {
            action: "eks:DescribeAddon".parse().unwrap(),
            resource: Resource::Arn(resource.parse().unwrap()),
            context: Context::from_iter([("aws:RequestedRegion", "eu-central-1")]),
        };
        let (document, statement) = statement(text);
        Asked { request, has_holes, tagged: None }.fits(&document, &statement)
    }

    #[test]
    fn tags_given_at_creation_settle_what_was_open_and_deny_nothing() {
        let asked = |value: &str| {
            let request = Request {
                action: "eks:DescribeAddon".parse().unwrap(),
                resource: Resource::Arn(ADDON.parse().unwrap()),
                context: Context::default(),
            };
            let context = Context::from_iter([("aws:ResourceTag/Owner", value)]);
            Asked { tagged: Some(Request { context, ..request.clone() }), request, has_holes: false }
        };
        let (document, statement) = statement(
            r#"{"Effect": "Allow", "Action": "eks:DescribeAddon", "Resource": "*",
                "Condition": {"StringEquals": {"aws:ResourceTag/Owner": "platform"}}}"#,
        );
        assert_eq!(asked("platform").fits(&document, &statement), Fit::Yes);
        let open = Fit::Perhaps(["aws:ResourceTag/Owner".to_owned()].into());
        assert_eq!(asked("somebody").fits(&document, &statement), open, "the tag may have changed since");
    }

    const ADDON: &str = "arn:aws:eks:eu-central-1:1:addon/demo/cni/*";

    #[test]
    fn a_key_that_no_record_tells_makes_it_depend() {
        let text = r#"{"Effect": "Allow", "Action": "eks:*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceTag/Team": "a", "aws:RequestedRegion": "eu-central-1"}}}"#;
        assert_eq!(fits(text, ADDON, true), Fit::Perhaps(["aws:ResourceTag/Team".to_owned()].into()));
        assert_eq!(fits(&text.replace("eu-central-1", "eu-west-1"), ADDON, true), Fit::No);
    }

    #[test]
    fn an_unknown_part_of_an_arn_makes_it_depend() {
        let text =
            r#"{"Effect": "Allow", "Action": "eks:*", "Resource": "arn:aws:eks:eu-central-1:1:addon/demo/cni/8cc0"}"#;
        assert!(matches!(fits(text, ADDON, true), Fit::Perhaps(_)));
        assert_eq!(fits(text, ADDON, false), Fit::No);
        assert_eq!(fits(&text.replace("8cc0", "*"), ADDON, true), Fit::Yes);
        assert_eq!(fits(&text.replace("cni/8cc0", "coredns/*"), ADDON, true), Fit::No);
    }
}
