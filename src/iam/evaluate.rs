//! Decides one request against policies as IAM does: an explicit deny wins, then an allow, else it is denied.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use super::condition_holds::all_hold;
use super::variable::Scope;
use super::{Action, ActionClause, Arn, ArnPattern, Context, Effect, PolicyDocument, ResourceClause, Statement};

/// What a request acts on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// The action takes no resource: only a statement on `*` allows it.
    Any,
    /// The ARN that AWS checks. A `*` inside stands for itself (see [`Arn`]).
    Arn(Arn),
}

impl From<Arn> for Resource {
    fn from(arn: Arn) -> Self {
        Self::Arn(arn)
    }
}

/// One authorisation request.
#[derive(Clone, Debug)]
pub struct Request {
    pub action: Action,
    pub resource: Resource,
    pub context: Context,
}

/// IAM's answer, with the statement that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Allowed by statement `statement` of policy `policy`, the first that does.
    Allow { policy: usize, statement: usize },
    /// Explicitly denied by a statement, the first that does.
    Deny { policy: usize, statement: usize },
    /// No statement allows it.
    ImplicitDeny,
}

impl Decision {
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// Decides a request against identity-based policies of one principal.
pub fn evaluate(policies: &[PolicyDocument], request: &Request) -> Decision {
    let statements = policies.iter().enumerate().flat_map(|(policy, document)| {
        document.statements.iter().enumerate().map(move |(index, statement)| (policy, document, index, statement))
    });
    decide(statements, request)
}

/// Decides by these statements, given in order with their places.
pub(super) fn decide<'p>(
    statements: impl Iterator<Item = (usize, &'p PolicyDocument, usize, &'p Statement)>,
    request: &Request,
) -> Decision {
    let mut decision = Decision::ImplicitDeny;
    for (policy, document, index, statement) in statements {
        let of_use = statement.effect == Effect::Deny || decision == Decision::ImplicitDeny;
        if !of_use || !applies(document, statement, request) {
            continue;
        }
        match statement.effect {
            Effect::Deny => return Decision::Deny { policy, statement: index },
            Effect::Allow => decision = Decision::Allow { policy, statement: index },
        }
    }
    decision
}

/// Whether a statement of the document speaks of the request, whatever its effect.
pub fn applies(document: &PolicyDocument, statement: &Statement, request: &Request) -> bool {
    let scope = Scope { context: &request.context, variables: document.has_variables() };
    action_applies(&statement.actions, &request.action)
        && resource_applies(&statement.resources, &request.resource, scope)
        && all_hold(&statement.conditions, scope)
}

fn action_applies(clause: &ActionClause, action: &Action) -> bool {
    let named = |patterns: &std::collections::BTreeSet<super::ActionPattern>| {
        patterns.contains(action.folded())
            || patterns.iter().any(|pattern| pattern.has_wildcard() && pattern.matches(action))
    };
    match clause {
        ActionClause::Action(patterns) => named(patterns),
        ActionClause::NotAction(patterns) => !named(patterns),
    }
}

/// A pattern with a variable that has no value matches nothing; in `NotResource` it makes the statement not apply. Plain
/// names are looked up: a statement may hold very many.
fn resource_applies(clause: &ResourceClause, resource: &Resource, scope: Scope<'_>) -> bool {
    let patterns = clause.patterns();
    let is_named =
        matches!(resource, Resource::Arn(arn) if patterns.get(arn.as_str()).is_some_and(ArnPattern::is_name));
    let mut others = patterns.iter().filter(|pattern| !pattern.is_name());
    match clause {
        ResourceClause::Resource(_) => {
            is_named || others.any(|pattern| pattern.matches_in(resource, scope) == Some(true))
        }
        ResourceClause::NotResource(_) => {
            !is_named && others.all(|pattern| pattern.matches_in(resource, scope) == Some(false))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(action: &str, resource: &str, context: &[(&str, &str)]) -> Request {
        Request {
            action: action.parse().unwrap(),
            resource: if resource == "*" { Resource::Any } else { Resource::Arn(resource.parse().unwrap()) },
            context: context.iter().copied().collect(),
        }
    }

    fn policy(statements: &str) -> PolicyDocument {
        PolicyDocument::parse(&format!(r#"{{"Version": "2012-10-17", "Statement": {statements}}}"#)).unwrap()
    }

    const BUCKET: &str = "arn:aws:s3:::state/key";

    #[test]
    fn an_explicit_deny_wins_over_an_allow_before_it() {
        let policies = [
            policy(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#),
            policy(r#"[{"Effect": "Deny", "Action": "S3:deleteObject", "Resource": "arn:aws:s3:::state/*"}]"#),
        ];
        let decide = |action| evaluate(&policies, &request(action, BUCKET, &[]));
        assert_eq!(decide("s3:DeleteObject"), Decision::Deny { policy: 1, statement: 0 });
        assert_eq!(decide("s3:GetObject"), Decision::Allow { policy: 0, statement: 0 });
        assert_eq!(decide("ec2:RunInstances"), Decision::ImplicitDeny);
    }

    #[test]
    fn not_action_and_not_resource_turn_the_match_around() {
        let policies = [policy(
            r#"{"Effect": "Allow", "NotAction": "iam:*", "NotResource": ["arn:aws:s3:::secret", "arn:aws:s3:::secret/*"]}"#,
        )];
        let allowed = |action, resource| evaluate(&policies, &request(action, resource, &[])).is_allowed();
        assert!(allowed("s3:GetObject", BUCKET) && allowed("ec2:DescribeVpcs", "*"));
        assert!(!allowed("s3:GetObject", "arn:aws:s3:::secret/x") && !allowed("IAM:GetRole", BUCKET));
    }

    #[test]
    fn variables_are_filled_in_the_present_version_only() {
        let text =
            r#"{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::home/${aws:username}/*"}"#;
        let allowed = |document: &PolicyDocument, resource: &str, context: &[(&str, &str)]| {
            evaluate(std::slice::from_ref(document), &request("s3:GetObject", resource, context)).is_allowed()
        };
        let new = policy(text);
        assert!(allowed(&new, "arn:aws:s3:::home/ann/x", &[("aws:username", "ann")]));
        assert!(!allowed(&new, "arn:aws:s3:::home/bob/x", &[("aws:username", "ann")]));
        assert!(!allowed(&new, "arn:aws:s3:::home/bob/x", &[("aws:username", "*")]));
        assert!(!allowed(&new, "arn:aws:s3:::home/${aws:username}/x", &[]));
        let old = PolicyDocument { version: "2008-10-17".into(), ..new };
        assert!(allowed(&old, "arn:aws:s3:::home/${aws:username}/x", &[]));
        assert!(!allowed(&old, "arn:aws:s3:::home/ann/x", &[("aws:username", "ann")]));
    }

    #[test]
    fn a_not_resource_without_value_does_not_apply() {
        let policies = [policy(r#"{"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::${aws:username}"}"#)];
        assert_eq!(evaluate(&policies, &request("s3:GetObject", BUCKET, &[])), Decision::ImplicitDeny);
        assert!(evaluate(&policies, &request("s3:GetObject", BUCKET, &[("aws:username", "ann")])).is_allowed());
    }

    #[test]
    fn all_lines_of_a_condition_must_hold() {
        let policies = [policy(
            r#"{"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
                "Condition": {"StringEquals": {"iam:PassedToService": "eks.amazonaws.com"}, "Bool": {"aws:ViaAWSService": false}}}"#,
        )];
        let role = "arn:aws:iam::111122223333:role/node";
        let allowed =
            |context: &[(&str, &str)]| evaluate(&policies, &request("iam:PassRole", role, context)).is_allowed();
        assert!(allowed(&[("iam:passedtoservice", "eks.amazonaws.com"), ("aws:ViaAWSService", "false")]));
        assert!(!allowed(&[("iam:PassedToService", "eks.amazonaws.com")]));
        assert!(!allowed(&[("iam:PassedToService", "ec2.amazonaws.com"), ("aws:ViaAWSService", "false")]));
    }
}
