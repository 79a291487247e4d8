//! Decides many requests against the same policies: statements are found by the request's action instead of one by one.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::decide;
use super::{ActionClause, Decision, PolicyDocument, Request, Statement};

/// Policies with an index of their statements by action. Decides as [`evaluate`](super::evaluate()) does.
#[derive(Clone, Debug)]
pub struct Evaluator<'p> {
    policies: &'p [PolicyDocument],
    /// Places of the statements that name an action without wildcards, by the folded action, in order.
    by_action: BTreeMap<&'p str, Vec<Place>>,
    /// Places of the statements that any action may match, in order.
    others: Vec<Place>,
}

/// Which statement of which policy.
type Place = (usize, usize);

impl<'p> Evaluator<'p> {
    /// Makes the index.
    pub fn new(policies: &'p [PolicyDocument]) -> Self {
        let mut evaluator = Self { policies, by_action: BTreeMap::new(), others: Vec::new() };
        for (policy, document) in policies.iter().enumerate() {
            for (index, statement) in document.statements.iter().enumerate() {
                evaluator.add((policy, index), statement);
            }
        }
        evaluator
    }

    fn add(&mut self, place: Place, statement: &'p Statement) {
        match &statement.actions {
            ActionClause::Action(patterns) if !patterns.iter().any(super::ActionPattern::has_wildcard) => {
                for pattern in patterns {
                    self.by_action.entry(pattern.folded()).or_default().push(place);
                }
            }
            _ => self.others.push(place),
        }
    }

    /// Decides one request.
    pub fn evaluate(&self, request: &Request) -> Decision {
        decide(self.candidates(request), request)
    }

    /// The places of all statements that apply to the request, whatever their effect, in order.
    pub fn applying(&self, request: &Request) -> BTreeSet<Place> {
        let applying =
            self.candidates(request).filter(|(_, document, _, statement)| super::applies(document, statement, request));
        applying.map(|(policy, _, index, _)| (policy, index)).collect()
    }

    /// The statements that may apply, in order.
    fn candidates(&self, request: &Request) -> impl Iterator<Item = (usize, &'p PolicyDocument, usize, &'p Statement)> {
        let named = self.by_action.get(request.action.folded()).map_or(&[][..], Vec::as_slice);
        merge(named, &self.others).filter_map(|(policy, index)| {
            let document = self.policies.get(policy)?;
            Some((policy, document, index, document.statements.get(index)?))
        })
    }
}

/// Two sorted lists without common elements, in order.
fn merge<'a>(mut left: &'a [Place], mut right: &'a [Place]) -> impl Iterator<Item = Place> + 'a {
    std::iter::from_fn(move || {
        let side = match (left.first(), right.first()) {
            (Some(l), Some(r)) if l < r => &mut left,
            (Some(_), None) => &mut left,
            _ => &mut right,
        };
        let (first, rest) = side.split_first()?;
        *side = rest;
        Some(*first)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::{Context, Resource, evaluate};

    #[test]
    fn the_index_decides_as_the_plain_way_does() {
        let texts = [
            r#"{"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "ec2:CreateVpc"], "Resource": "*"},
                {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}"#,
            r#"{"Statement": [{"Effect": "Deny", "NotAction": ["s3:*", "ec2:*"], "Resource": "*"},
                {"Effect": "Deny", "Action": "S3:putObject", "Resource": "*"},
                {"Effect": "Allow", "Action": "ec2:createvpc", "Resource": "*"}]}"#,
        ];
        let policies = texts.map(|text| text.parse::<PolicyDocument>().unwrap());
        let evaluator = Evaluator::new(&policies);
        let places = |text: &str| {
            let request = Request { action: text.parse().unwrap(), resource: Resource::Any, context: Context::new() };
            assert_eq!(evaluator.evaluate(&request), evaluate(&policies, &request), "{text}");
            evaluator.applying(&request).into_iter().collect::<Vec<_>>()
        };
        assert_eq!(places("ec2:CreateVpc"), [(0, 0), (1, 2)]);
        assert_eq!(places("s3:GetObject"), [(0, 0), (0, 1)]);
        assert_eq!(places("s3:PutObject"), [(0, 1), (1, 1)]);
        assert_eq!(places("iam:GetRole"), [(1, 0)]);
    }
}
