//! Laws of the comparison of access, over random policies: what is said to be contained is contained, and what is said to
//! go further does, by its own example. The evaluator is the judge.

use proptest::prelude::*;
use trailtrim::audit::access::{Outcome, exceeds};
use trailtrim::iam::{Action, Context, ContextValue, PolicyDocument, Request, Resource, evaluate};

fn resource() -> impl Strategy<Value = String> {
    prop_oneof![
        1 => Just("*".to_owned()),
        8 => "[ab*?]{1,4}".prop_map(|name| format!("arn:aws:s3:::{name}")),
        2 => "[ab*?/]{1,4}".prop_map(|name| format!("arn:aws:s3:*:1:{name}")),
    ]
}

fn condition() -> impl Strategy<Value = serde_json::Value> {
    let line = |operator: &'static str, key: &'static str, value: &'static str| {
        Just(serde_json::json!({operator: {key: [value]}}))
    };
    prop_oneof![
        6 => Just(serde_json::Value::Null),
        1 => line("StringEquals", "aws:RequestTag/T", "a"),
        1 => line("StringNotEquals", "aws:RequestTag/T", "a"),
        1 => line("StringLikeIfExists", "aws:RequestTag/T", "a*"),
        1 => line("Null", "aws:RequestTag/T", "true"),
        1 => line("ForAllValues:StringEquals", "aws:TagKeys", "a"),
        1 => line("ForAnyValue:StringEquals", "aws:TagKeys", "a"),
    ]
}

fn statement() -> impl Strategy<Value = serde_json::Value> {
    let resources = (any::<bool>(), prop::collection::vec(resource(), 1..3));
    (prop::bool::weighted(0.7), resources, condition()).prop_map(|(allow, (not, resources), condition)| {
        let effect = if allow { "Allow" } else { "Deny" };
        let element = if not && resources.iter().all(|one| one != "*") { "NotResource" } else { "Resource" };
        let mut statement = serde_json::json!({"Effect": effect, "Action": "s3:GetObject", element: resources});
        if !condition.is_null() {
            statement["Condition"] = condition;
        }
        statement
    })
}

fn policy() -> impl Strategy<Value = Vec<PolicyDocument>> {
    prop::collection::vec(statement(), 0..4).prop_map(|statements| {
        let text = serde_json::json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        vec![PolicyDocument::parse(&text).unwrap()]
    })
}

fn request() -> impl Strategy<Value = Request> {
    let resource = prop_oneof![
        Just(Resource::Any),
        "[abc]{0,3}[abc]".prop_map(|name| Resource::Arn(format!("arn:aws:s3:::{name}").parse().unwrap())),
        "[ab/]{1,4}".prop_map(|name| Resource::Arn(format!("arn:aws:s3:r:1:{name}").parse().unwrap())),
    ];
    let tag = prop_oneof![Just(None), Just(Some("a")), Just(Some("ab")), Just(Some("c"))];
    let keys = prop::collection::vec(prop_oneof![Just("a"), Just("b")], 0..3);
    (resource, tag, keys).prop_map(|(resource, tag, keys)| {
        let mut context = Context::new();
        if let Some(tag) = tag {
            context.insert("aws:RequestTag/T", tag);
        }
        if !keys.is_empty() {
            context.insert("aws:TagKeys", ContextValue::many(keys));
        }
        Request { action: "s3:GetObject".parse().unwrap(), resource, context }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_contained_is_and_what_goes_further_does(
        wide in policy(),
        narrow in policy(),
        requests in prop::collection::vec(request(), 60),
    ) {
        let action: Action = "s3:GetObject".parse().unwrap();
        let further = |request: &Request| {
            evaluate(&wide, request).is_allowed() && !evaluate(&narrow, request).is_allowed()
        };
        match exceeds(&action, &wide, &narrow, &[]) {
            Outcome::Exceeds(found) => {
                for (_, example) in &found {
                    prop_assert!(further(example), "{example:?}");
                }
            }
            Outcome::Contained => {
                for request in &requests {
                    prop_assert!(!further(request), "{request:?}");
                }
            }
            Outcome::CannotDecide(what) => prop_assert!(false, "{what}"),
        }
    }

    #[test]
    fn every_policy_contains_itself(policy in policy()) {
        let action: Action = "s3:GetObject".parse().unwrap();
        let outcome = exceeds(&action, &policy, &policy, &[]);
        prop_assert!(matches!(outcome, Outcome::Contained), "{outcome:?}");
    }
}
