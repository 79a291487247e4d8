//! Laws of the evaluator, against a second one written independently.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use trailtrim::iam::{
    BaseOperator, ConditionOperator, ContextValue, Decision, Evaluator, LayeredDecision, PolicyDocument, Request,
    Resource, evaluate, evaluate_with,
};

use crate::naive_evaluator::{NaiveRequest, NaiveValue, Verdict, judge};

const ACTIONS: &[&str] = &["s3:GetObject", "s3:PutObject", "EC2:createVpc", "iam:PassRole"];
const ACTION_PATTERNS: &[&str] =
    &["*", "*:*", "s3:*", "S3:get*", "?3:*Object", "ec2:Create???", "iam:PassRole", "s3:PutObject", "ec2:createvpc"];

const ARNS: &[&str] = &[
    "arn:aws:s3:::b/a",
    "arn:aws:s3:::b/${aws:username}",
    "arn:aws:s3:r:1:b/a:a",
    "arn:aws:s3:r:1:b/*",
    "arn:aws:iam::1:role/ci/a",
];
const ARN_PATTERNS: &[&str] = &[
    "*",
    "arn:aws:s3",
    "arn:aws:s3:*:*:b/*",
    "arn:aws:s3:::b/?",
    "arn:aws:s3:*:b/*",
    "arn:aws:s3:::b/${aws:username}",
    "arn:aws:s3:::b/${AWS:nobody, 'a'}",
    "arn:aws:s3:::b/${aws:nobody}",
    "arn:aws:s3:r:1:b/${*}",
    "arn:aws:iam::1:role/*/a",
    "arn:*:*:*:*:*a",
];

const KEYS: &[&str] = &["aws:username", "aws:TagKeys", "s3:max-keys", "aws:PrincipalTag/Team"];

/// Values of every type for every key, so that operators also meet texts that they can't read.
const VALUES: &[&str] = &[
    "a",
    "A",
    "b",
    "ab",
    "",
    "5",
    "10",
    "true",
    "False",
    "10.1.2.3",
    "2001:db8::1",
    "2020-01-01T00:00:00Z",
    "1577836800",
    "arn:aws:s3:::b/a",
    "arn:aws:s3:r:1:x:y",
    "*",
];
const WANTED: &[&str] = &[
    "a",
    "b*",
    "?",
    "*",
    "",
    "5",
    "10.0",
    "TRUE",
    "false",
    "10.0.0.0/8",
    "10.1.2.3",
    "2001:db8::/32",
    "2020",
    "2019-12-31",
    "2020-01-01T00:00:00Z",
    "1577836801",
    "arn:aws:s3:::b/*",
    "arn:aws:s3:*:*:?:y",
    "arn:aws:s3",
    "${aws:username}",
    "${aws:username}*",
    "${aws:nobody}",
    "${aws:nobody, 'a'}",
    "${*}",
    "${aws:TagKeys}",
];

fn operators() -> Vec<String> {
    let forms = |base: &BaseOperator| {
        let plain = ConditionOperator::new(*base);
        let null = *base == BaseOperator::Null;
        let sets = [plain.for_all_values(), plain.for_any_value(), plain.for_any_value().if_exists()];
        [plain, plain.if_exists()].into_iter().chain(sets.into_iter().filter(move |_| !null))
    };
    BaseOperator::ALL.iter().flat_map(forms).map(|operator| operator.to_string()).collect()
}

/// A list, or one value alone, as a policy may write it.
fn one_or_many(of: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop_oneof![select(of).prop_map(Value::from), vec(select(of), 0..4).prop_map(Value::from)]
}

fn condition() -> impl Strategy<Value = Value> {
    let line = (select(KEYS), one_or_many(WANTED)).prop_map(|(key, values)| json!({ key: values }));
    btree_map(select(operators()), line, 1..3).prop_map(|block| block.into_iter().collect::<Map<_, _>>().into())
}

fn statement() -> impl Strategy<Value = Value> {
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    let action = prop_oneof![4 => Just("Action"), 1 => Just("NotAction")];
    let resource = prop_oneof![4 => Just("Resource"), 1 => Just("NotResource")];
    let patterns = (one_or_many(ACTION_PATTERNS), one_or_many(ARN_PATTERNS));
    (effect, action, resource, patterns, option::of(condition())).prop_map(
        |(effect, action, resource, patterns, condition)| {
            let mut statement = json!({ "Effect": effect, action: patterns.0, resource: patterns.1 });
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        },
    )
}

/// A legal policy document in one of its many forms.
pub fn policy_json() -> impl Strategy<Value = Value> {
    let statements = prop_oneof![statement(), vec(statement(), 0..4).prop_map(Value::from)];
    let version = select(vec![Some("2012-10-17"), Some("2012-10-17"), Some("2008-10-17"), None]);
    (version, statements).prop_map(|(version, statements)| match version {
        Some(version) => json!({ "Version": version, "Statement": statements }),
        None => json!({ "Statement": statements }),
    })
}

/// The same request for both evaluators.
fn request() -> impl Strategy<Value = (Request, NaiveRequest)> {
    let single = select(VALUES).prop_map(ContextValue::from);
    let many = subsequence(VALUES, 0..3).prop_map(ContextValue::many);
    let context = btree_map(select(KEYS), prop_oneof![2 => single, 1 => many], 0..4);
    (select(ACTIONS), option::weighted(0.8, select(ARNS)), context).prop_map(|(action, arn, context)| {
        let naive = NaiveRequest {
            action: action.to_owned(),
            resource: arn.map(str::to_owned),
            context: context.iter().map(|(key, value)| (key.to_string(), naive_value(value))).collect(),
        };
        let resource = arn.map_or(Resource::Any, |arn| Resource::Arn(arn.parse().unwrap()));
        (Request { action: action.parse().unwrap(), resource, context: context.into_iter().collect() }, naive)
    })
}

fn naive_value(value: &ContextValue) -> NaiveValue {
    match value {
        ContextValue::One(value) => NaiveValue::Single(value.clone()),
        ContextValue::Many(values) => NaiveValue::Multi(values.clone()),
    }
}

fn documents(policies: &[Value]) -> Vec<PolicyDocument> {
    policies.iter().map(|policy| policy.to_string().parse().unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, ..ProptestConfig::default() })]

    #[test]
    fn both_evaluators_decide_alike(policies in vec(policy_json(), 1..3), (request, naive) in request()) {
        let documents = documents(&policies);
        let expected = match judge(&policies, &naive) {
            Verdict::Allowed(policy, statement) => Decision::Allow { policy, statement },
            Verdict::Denied(policy, statement) => Decision::Deny { policy, statement },
            Verdict::NothingApplies => Decision::ImplicitDeny,
        };
        prop_assert_eq!(evaluate(&documents, &request), expected);
        prop_assert_eq!(Evaluator::new(&documents).evaluate(&request), expected);
    }

    #[test]
    fn each_condition_alone_decides_alike(condition in condition(), (request, naive) in request()) {
        let policies = [json!({
            "Version": "2012-10-17",
            "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition },
        })];
        let allowed = judge(&policies, &naive) == Verdict::Allowed(0, 0);
        prop_assert_eq!(evaluate(&documents(&policies), &request).is_allowed(), allowed);
    }

    #[test]
    fn layers_allow_what_each_allows_alone(
        layers in vec(vec(policy_json(), 0..3), 3..5),
        (request, _) in request(),
    ) {
        let layers: Vec<_> = layers.iter().map(|policies| documents(policies)).collect();
        let together = evaluate_with(&layers[0], Some(&layers[1]), &layers[2..], &request);
        let alone: Vec<_> = layers.iter().map(|policies| evaluate(policies, &request)).collect();
        prop_assert_eq!(together.is_allowed(), alone.iter().all(|decision| decision.is_allowed()));
        let denied = alone.iter().any(|decision| matches!(decision, Decision::Deny { .. }));
        prop_assert_eq!(matches!(together, LayeredDecision::Deny { .. }), denied);
    }
}
