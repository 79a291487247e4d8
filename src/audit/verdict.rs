//! What policies decide on an observed request, as far as the records tell.

use std::collections::BTreeSet;

use super::PresentPolicies;
use super::fit::{Asked, Fit};
use super::present::PresentPolicy;
use crate::iam::{Effect, Layer};

/// The decision of all layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Allowed by these statements of the role's own policies.
    Allowed(BTreeSet<(usize, usize)>),
    /// Allowed, or not, by what the records do not tell.
    Depends(BTreeSet<String>),
    /// A statement of this layer denies it.
    Denied { layer: Layer, policy: usize, statement: usize },
    /// Nothing in this layer allows it.
    NotAllowed { layer: Layer },
}

impl Verdict {
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Denied { .. } | Self::NotAllowed { .. })
    }
}

/// Puts a request to all layers: a deny in any layer wins, then each layer has to allow.
pub fn decide(present: &PresentPolicies, asked: &Asked) -> Verdict {
    let control =
        present.scps.iter().enumerate().map(|(level, policies)| (Layer::ServiceControl { level }, policies.as_slice()));
    let layers = control
        .chain([(Layer::Identity, present.identity.as_slice())])
        .chain(present.boundary.as_deref().map(|policies| (Layer::Boundary, policies)));
    let answers: Vec<(Layer, Answer)> = layers.map(|(layer, policies)| (layer, Answer::of(policies, asked))).collect();
    combine(&answers)
}

/// What one layer says.
#[derive(Debug, Default)]
struct Answer {
    denied_by: Option<(usize, usize)>,
    allowed_by: BTreeSet<(usize, usize)>,
    /// What a deny that may apply depends on.
    perhaps_denied: BTreeSet<String>,
    /// What an allow that may apply depends on.
    perhaps_allowed: BTreeSet<String>,
}

impl Answer {
    fn of(policies: &[PresentPolicy], asked: &Asked) -> Self {
        let mut answer = Self::default();
        for (policy, present) in policies.iter().enumerate() {
            for (index, statement) in present.document.statements.iter().enumerate() {
                match (asked.fits(&present.document, statement), statement.effect) {
                    (Fit::No, _) => {}
                    (Fit::Yes, Effect::Deny) => {
                        answer.denied_by.get_or_insert((policy, index));
                    }
                    (Fit::Yes, Effect::Allow) => {
                        answer.allowed_by.insert((policy, index));
                    }
                    (Fit::Perhaps(open), Effect::Deny) => answer.perhaps_denied.extend(open),
                    (Fit::Perhaps(open), Effect::Allow) => answer.perhaps_allowed.extend(open),
                }
            }
        }
        answer
    }
}

fn combine(answers: &[(Layer, Answer)]) -> Verdict {
    for (layer, answer) in answers {
        if let Some((policy, statement)) = answer.denied_by {
            return Verdict::Denied { layer: *layer, policy, statement };
        }
    }
    let mut open = BTreeSet::new();
    let mut allowed_by = BTreeSet::new();
    for (layer, answer) in answers {
        if answer.allowed_by.is_empty() && answer.perhaps_allowed.is_empty() {
            return Verdict::NotAllowed { layer: *layer };
        }
        if answer.allowed_by.is_empty() {
            open.extend(answer.perhaps_allowed.iter().cloned());
        }
        open.extend(answer.perhaps_denied.iter().cloned());
        if *layer == Layer::Identity {
            allowed_by.clone_from(&answer.allowed_by);
        }
    }
    if open.is_empty() { Verdict::Allowed(allowed_by) } else { Verdict::Depends(open) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{Context, PolicyDocument, Request, Resource};

    fn policy(statements: &str) -> PresentPolicy {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statements}}}"#);
        PresentPolicy {
            name: "p".into(),
            file: None,
            document: PolicyDocument::parse(&text).unwrap(),
            lines: Default::default(),
        }
    }

    fn asked() -> Asked {
        let request =
            Request { action: "ec2:CreateVpc".parse().unwrap(), resource: Resource::Any, context: Context::new() };
        Asked { request, has_holes: false, tagged: None }
    }

    const ALL: &str = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;

    #[test]
    fn each_layer_has_to_allow() {
        let mut present = PresentPolicies::of_identity(vec![policy(ALL)]);
        assert_eq!(decide(&present, &asked()), Verdict::Allowed([(0, 0)].into()));
        present.boundary = Some(vec![policy(r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#)]);
        assert_eq!(decide(&present, &asked()), Verdict::NotAllowed { layer: Layer::Boundary });
    }

    #[test]
    fn a_deny_on_something_unknown_leaves_it_open() {
        let deny = r#"{"Effect": "Deny", "Action": "*", "Resource": "*",
            "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}"#;
        let present = PresentPolicies::of_identity(vec![policy(&format!("[{ALL}, {deny}]"))]);
        assert_eq!(decide(&present, &asked()), Verdict::Depends(["aws:MultiFactorAuthPresent".to_owned()].into()));
        let none = PresentPolicies::of_identity(vec![policy(deny)]);
        assert_eq!(decide(&none, &asked()), Verdict::NotAllowed { layer: Layer::Identity });
    }
}
