//! Decides a request where a permissions boundary and service control policies limit what the identity's own policies grant.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>: a deny in any layer wins;
//! then each layer has to allow.

use super::{Decision, PolicyDocument, Request, evaluate};

/// One layer of policies that a request has to pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer {
    /// Service control policies; the level counts from the organization's root, 0, to the account.
    ServiceControl { level: usize },
    /// The policies of the identity itself.
    Identity,
    /// The permissions boundary.
    Boundary,
}

/// The answer of all layers together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LayeredDecision {
    /// Every layer allows; the statement is the one of the identity's policies.
    Allow { policy: usize, statement: usize },
    /// Explicitly denied by a statement of this layer.
    Deny { layer: Layer, policy: usize, statement: usize },
    /// This layer, the first of those that do, allows nothing.
    ImplicitDeny { layer: Layer },
}

impl LayeredDecision {
    pub fn is_allowed(self) -> bool {
        matches!(self, Self::Allow { .. })
    }
}

/// Decides a request by the identity's policies, its permissions boundary, and one list of service control policies for the
/// root, each organizational unit and the account. No list: no organization.
pub fn evaluate_with(
    identity: &[PolicyDocument],
    boundary: Option<&[PolicyDocument]>,
    scps: &[Vec<PolicyDocument>],
    request: &Request,
) -> LayeredDecision {
    let control =
        scps.iter().enumerate().map(|(level, policies)| (Layer::ServiceControl { level }, policies.as_slice()));
    let boundary = boundary.map(|policies| (Layer::Boundary, policies));
    let limits: Vec<_> = control
        .map(|(layer, policies)| (layer, evaluate(policies, request)))
        .chain([(Layer::Identity, evaluate(identity, request))])
        .chain(boundary.map(|(layer, policies)| (layer, evaluate(policies, request))))
        .collect();
    combine(&limits)
}

fn combine(layers: &[(Layer, Decision)]) -> LayeredDecision {
    for &(layer, decision) in layers {
        if let Decision::Deny { policy, statement } = decision {
            return LayeredDecision::Deny { layer, policy, statement };
        }
    }
    let mut allow = LayeredDecision::ImplicitDeny { layer: Layer::Identity };
    for &(layer, decision) in layers {
        match decision {
            Decision::Allow { policy, statement } if layer == Layer::Identity => {
                allow = LayeredDecision::Allow { policy, statement };
            }
            Decision::Allow { .. } => {}
            _ => return LayeredDecision::ImplicitDeny { layer },
        }
    }
    allow
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{Context, Resource};

    fn policies(effect: &str, action: &str) -> Vec<PolicyDocument> {
        let text = format!(r#"{{"Statement": {{"Effect": "{effect}", "Action": "{action}", "Resource": "*"}}}}"#);
        vec![text.parse().unwrap()]
    }

    fn request() -> Request {
        Request { action: "ec2:CreateVpc".parse().unwrap(), resource: Resource::Any, context: Context::new() }
    }

    #[test]
    fn every_layer_has_to_allow() {
        let (all, none) = (policies("Allow", "*"), policies("Allow", "s3:*"));
        let allowed = LayeredDecision::Allow { policy: 0, statement: 0 };
        let missing = |layer| LayeredDecision::ImplicitDeny { layer };
        assert_eq!(evaluate_with(&all, None, &[], &request()), allowed);
        assert_eq!(evaluate_with(&all, Some(&all), &[all.clone(), all.clone()], &request()), allowed);
        assert_eq!(evaluate_with(&none, Some(&all), &[], &request()), missing(Layer::Identity));
        assert_eq!(evaluate_with(&all, Some(&none), &[], &request()), missing(Layer::Boundary));
        assert_eq!(evaluate_with(&all, Some(&[]), &[], &request()), missing(Layer::Boundary));
        let scps = [all.clone(), none.clone()];
        assert_eq!(evaluate_with(&none, None, &scps, &request()), missing(Layer::ServiceControl { level: 1 }));
    }

    #[test]
    fn a_deny_in_any_layer_wins_over_what_is_missing() {
        let (all, deny) = (policies("Allow", "*"), policies("Deny", "ec2:*"));
        let denied = |layer| LayeredDecision::Deny { layer, policy: 0, statement: 0 };
        assert_eq!(evaluate_with(&[], Some(&deny), &[vec![]], &request()), denied(Layer::Boundary));
        let scps = [deny.clone()];
        assert_eq!(evaluate_with(&all, None, &scps, &request()), denied(Layer::ServiceControl { level: 0 }));
        assert_eq!(evaluate_with(&deny, None, &[vec![]], &request()), denied(Layer::Identity));
    }
}
