//! Laws of the reducer, over made-up deployments.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trailtrim::aggregator::Usage;
use trailtrim::catalog::Catalog;
use trailtrim::iam::{
    ActionClause, Arn, Context, Decision, PolicyDocument, Request, Resource, ResourceClause, evaluate,
};
use trailtrim::reducer::{ConditionLevel, ReduceError, ReduceOptions, VerifiedPolicy, WideningRule, reduce};

use crate::naive_evaluator::{NaiveRequest, NaiveValue, Verdict, judge};
use crate::usages::{STEPS, Step, arn, created, empty, of_steps, saw};

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0..STEPS, 0..60usize, any::<bool>()), 1..40)
}

fn reduced(usage: &Usage) -> VerifiedPolicy {
    reduced_with(usage, &ReduceOptions::default())
}

fn reduced_with(usage: &Usage, options: &ReduceOptions) -> VerifiedPolicy {
    reduce(usage, Catalog::embedded(), options).unwrap()
}

fn documents(policy: &VerifiedPolicy) -> Vec<PolicyDocument> {
    policy.policies().iter().map(|policy| policy.document.clone()).collect()
}

fn requests(usage: &Usage) -> Vec<Request> {
    usage.requests.iter().map(|(used, seen)| usage.request_with_known_tags(used, seen)).collect()
}

fn allowed(documents: &[PolicyDocument], request: &Request) -> bool {
    matches!(evaluate(documents, request), Decision::Allow { .. })
}

fn naive(request: &Request) -> NaiveRequest {
    let value = |value: &trailtrim::iam::ContextValue| match value {
        trailtrim::iam::ContextValue::One(one) => NaiveValue::Single(one.clone()),
        trailtrim::iam::ContextValue::Many(many) => NaiveValue::Multi(many.clone()),
    };
    NaiveRequest {
        action: request.action.to_string(),
        resource: match &request.resource {
            Resource::Any => None,
            Resource::Arn(arn) => Some(arn.to_string()),
        },
        context: request.context.iter().map(|(key, of_key)| (key.to_string(), value(of_key))).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_request_is_allowed_says_a_second_evaluator(steps in steps()) {
        let usage = of_steps(&steps);
        let policy = reduced(&usage);
        let json: Vec<serde_json::Value> =
            documents(&policy).iter().map(|document| serde_json::from_str(&document.to_json()).unwrap()).collect();
        for request in requests(&usage) {
            let verdict = judge(&json, &naive(&request));
            prop_assert!(matches!(verdict, Verdict::Allowed(..)), "{request:?}");
        }
    }

    #[test]
    fn no_action_and_no_resource_can_be_dropped(steps in steps()) {
        let usage = of_steps(&steps);
        let full = documents(&reduced(&usage));
        let requests = requests(&usage);
        for (d, document) in full.iter().enumerate() {
            for (s, statement) in document.statements.iter().enumerate() {
                let denies = |change: &dyn Fn(&mut trailtrim::iam::Statement)| {
                    let mut less = full.clone();
                    change(&mut less[d].statements[s]);
                    less[d].statements.retain(|one| !one.actions.patterns().is_empty() && !one.resources.patterns().is_empty());
                    requests.iter().any(|request| !allowed(&less, request))
                };
                for action in statement.actions.patterns() {
                    let kept: BTreeSet<_> = statement.actions.patterns().iter().filter(|one| *one != action).cloned().collect();
                    prop_assert!(denies(&|one| one.actions = ActionClause::Action(kept.clone())), "{action}");
                }
                for resource in statement.resources.patterns() {
                    let kept: BTreeSet<_> = statement.resources.patterns().iter().filter(|one| *one != resource).cloned().collect();
                    prop_assert!(denies(&|one| one.resources = ResourceClause::Resource(kept.clone())), "{resource}");
                }
            }
        }
    }

    #[test]
    fn a_statement_holds_grants_and_pairs_that_are_never_asked(steps in steps()) {
        let usage = of_steps(&steps);
        let policy = reduced(&usage);
        let catalog = Catalog::embedded();
        for statement in documents(&policy).iter().flat_map(|document| &document.statements) {
            for action in statement.actions.patterns().iter().filter_map(trailtrim::iam::ActionPattern::as_action) {
                for resource in statement.resources.patterns() {
                    let granted = policy.grants().iter().any(|grant| grant.action == action && grant.resource.covers(resource));
                    let kinds = &catalog.action(&action).unwrap().resource_types;
                    let kind = resource.resource().unwrap_or_default().split(['/', ':']).next().unwrap();
                    let taken = kinds.is_empty() || kinds.iter().any(|one| one.name == kind || action.service() == "s3");
                    prop_assert!(granted || !taken, "{action} on {resource}");
                }
            }
        }
    }

    #[test]
    fn what_is_wider_than_a_seen_name_is_a_widening(steps in steps()) {
        let usage = of_steps(&steps);
        let policy = reduced(&usage);
        for grant in policy.grants().iter().filter(|grant| grant.resource.has_wildcard() && !grant.resource.is_any()) {
            let named = policy.widenings().iter().any(|one| one.action == grant.action && one.resource == grant.resource);
            prop_assert!(named, "{} on {}", grant.action, grant.resource);
        }
    }

    #[test]
    fn more_events_never_remove_a_permission(steps in steps(), more in steps()) {
        let fewer = of_steps(&steps);
        let all: Vec<Step> = steps.iter().chain(&more).copied().collect();
        let full = of_steps(&all);
        let policy = reduced(&full);
        let documents = documents(&policy);
        for (used, seen) in &fewer.requests {
            // More events may tell tags that the resource carried all along.
            let request = full.request_with_known_tags(used, seen);
            prop_assert!(allowed(&documents, &request), "{request:?}");
        }
        for grant in reduced(&fewer).grants() {
            let kept = policy.grants().iter().any(|one| one.action == grant.action && one.resource.covers(&grant.resource));
            prop_assert!(kept, "{} on {}", grant.action, grant.resource);
        }
    }

    #[test]
    fn the_same_evidence_gives_the_same_bytes(steps in steps()) {
        let texts = |usage: &Usage| documents(&reduced(usage)).iter().map(PolicyDocument::to_json).collect::<Vec<_>>();
        // A step that comes again after the others changes nothing.
        let again: Vec<Step> = steps.iter().chain(&steps[..1]).copied().collect();
        prop_assert_eq!(texts(&of_steps(&steps)), texts(&of_steps(&again)));
    }

    #[test]
    fn one_more_event_changes_the_statements_of_its_service_only(steps in steps(), one in (4..STEPS, 0..60usize, any::<bool>())) {
        // An owner's tag that is found, or no longer is, may change conditions elsewhere.
        let options = ReduceOptions { conditions: ConditionLevel::None, ..ReduceOptions::default() };
        let more: Vec<Step> = steps.iter().copied().chain([one]).collect();
        let before = reduced_with(&of_steps(&steps), &options);
        let after = reduced_with(&of_steps(&more), &options);
        let known: BTreeSet<String> = before.grants().iter().map(|grant| format!("{} {}", grant.action, grant.resource)).collect();
        let new = after.grants().iter().filter(|grant| !known.contains(&format!("{} {}", grant.action, grant.resource)));
        let touched: BTreeSet<String> = new.map(|grant| grant.action.service().to_owned()).collect();
        let others = |policy: &VerifiedPolicy| -> Vec<trailtrim::iam::Statement> {
            let statements = documents(policy).into_iter().flat_map(|document| document.statements);
            let service = |one: &trailtrim::iam::Statement| {
                one.actions.patterns().first().and_then(|pattern| pattern.service().map(str::to_owned)).unwrap_or_default()
            };
            statements.filter(|one| !touched.contains(&service(one))).collect()
        };
        prop_assert_eq!(others(&before), others(&after));
    }

    #[test]
    fn conditions_only_narrow(steps in steps()) {
        let usage = of_steps(&steps);
        let levels = [ConditionLevel::None, ConditionLevel::Sound, ConditionLevel::Strict];
        let policies = levels.map(|conditions| reduced_with(&usage, &ReduceOptions { conditions, ..ReduceOptions::default() }));
        for request in requests(&usage) {
            for policy in &policies {
                prop_assert!(allowed(&documents(policy), &request));
            }
        }
        prop_assert!(policies[0].grants().iter().all(|grant| grant.conditions.is_empty()));
    }

    #[test]
    fn completing_the_lifecycle_leaves_what_was_seen_as_it_is(steps in steps()) {
        let usage = of_steps(&steps);
        let plain = reduced(&usage);
        let complete = reduced_with(&usage, &ReduceOptions { complete_lifecycle: true, ..ReduceOptions::default() });
        for grant in plain.grants() {
            let same = complete.grants().iter().any(|one| {
                one.action == grant.action && one.resource == grant.resource && one.conditions == grant.conditions
            });
            prop_assert!(same, "{} on {}", grant.action, grant.resource);
        }
    }
}

/// A service that a role is passed to may be told the Region of the call, or that of IAM: nobody says.
#[test]
fn a_region_is_demanded_of_iam_only_where_iam_was_called() {
    let mut usage = empty();
    let role = Some("arn:aws:iam::123456789012:role/node".parse().unwrap());
    let passed = [("iam:PassedToService", "eks.amazonaws.com"), ("aws:RequestedRegion", "eu-central-1")];
    saw(&mut usage, "iam:PassRole", role.clone(), &passed);
    saw(&mut usage, "iam:GetRole", role, &[("aws:RequestedRegion", "us-east-1")]);
    saw(&mut usage, "ec2:DescribeVpcs", None, &[("aws:RequestedRegion", "eu-central-1")]);
    let policy =
        reduced_with(&usage, &ReduceOptions { conditions: ConditionLevel::Strict, ..ReduceOptions::default() });
    let demanded: Vec<String> = policy
        .grants()
        .iter()
        .map(|grant| format!("{} {}", grant.action, serde_json::to_string(&grant.conditions).unwrap()))
        .collect();
    assert_eq!(
        demanded,
        [
            r#"ec2:DescribeVpcs {"StringEquals":{"aws:RequestedRegion":"eu-central-1"}}"#,
            r#"iam:GetRole {"StringEquals":{"aws:RequestedRegion":"us-east-1"}}"#,
            r#"iam:PassRole {"StringEquals":{"iam:PassedToService":"eks.amazonaws.com"}}"#,
        ]
    );
}

/// What the update and the destroy after a deployment asked for in the closed loop (tests/loop), and was not granted.
#[test]
fn the_life_of_what_was_made_is_whole() {
    let mut usage = empty();
    let (group, every_stream) = (arn("logs", "log-group:/aws/eks/blue"), arn("logs", "log-group:/aws/eks/blue:*"));
    for resource in [&group, &every_stream] {
        saw(&mut usage, "logs:CreateLogGroup", Some(resource.clone()), &[]);
    }
    created(&mut usage, group.clone(), "log-group", "logs.amazonaws.com:CreateLogGroup", "none", &[]);
    let queue = arn("sqs", "interruptions");
    saw(&mut usage, "sqs:CreateQueue", Some(queue.clone()), &[]);
    created(&mut usage, queue.clone(), "queue", "sqs.amazonaws.com:CreateQueue", "none", &[]);
    let state = arn("s3", "state/blue.tfstate");
    saw(&mut usage, "s3:PutObject", Some(state.clone()), &[]);
    let stack = arn("cloudformation", "stack/blue/*");
    saw(&mut usage, "cloudformation:CreateChangeSet", Some(stack.clone()), &[]);
    let complete = reduced_with(&usage, &ReduceOptions { complete_lifecycle: true, ..ReduceOptions::default() });
    let may = |action: &str, resource: &Arn| {
        let (action, resource) = (action.parse().unwrap(), Resource::Arn(resource.clone()));
        allowed(&documents(&complete), &Request { action, resource, context: Context::new() })
    };
    for (action, resource) in [
        ("logs:DeleteLogGroup", &group),
        ("logs:DeleteLogGroup", &every_stream),
        ("sqs:SetQueueAttributes", &queue),
        ("sqs:DeleteQueue", &queue),
        ("s3:GetObject", &state),
        ("s3:DeleteObject", &state),
        ("cloudformation:GetTemplateSummary", &stack),
        ("cloudformation:DeleteStack", &stack),
    ] {
        assert!(may(action, resource), "{action} on {resource}");
    }
    assert!(!may("logs:UntagResource", &every_stream), "tags are checked on the group alone");
}

/// Buckets and roles, each name written out: too much for one document.
fn large() -> Usage {
    let mut usage = empty();
    for number in 0..120 {
        let object = arn("s3", &format!("artifacts/build-{number:04}/app.zip"));
        saw(&mut usage, "s3:GetObject", Some(object.clone()), &[]);
        saw(&mut usage, if number % 2 == 0 { "s3:PutObject" } else { "s3:GetObjectTagging" }, Some(object), &[]);
        saw(&mut usage, "iam:GetRole", Some(arn("iam", &format!("role/team-{}/app-{number}", number % 5))), &[]);
    }
    usage
}

#[test]
fn what_does_not_fit_is_an_error_and_is_never_widened_in_silence() {
    let options = ReduceOptions { max_policies: 1, ..ReduceOptions::default() };
    let error = reduce(&large(), Catalog::embedded(), &options).unwrap_err();
    assert!(matches!(error, ReduceError::DoesNotFit { allowed: 1, .. }), "{error}");
}

#[test]
fn several_documents_hold_what_one_cannot() {
    let policy = reduced(&large());
    assert!(policy.policies().len() > 1);
    assert!(policy.policies().iter().all(|one| one.characters <= 6_144));
    let usage = large();
    assert!(requests(&usage).iter().all(|request| allowed(&documents(&policy), request)));
}

#[test]
fn fitting_widens_and_says_where() {
    let options = ReduceOptions { max_policies: 1, fit: true, ..ReduceOptions::default() };
    let policy = reduced_with(&large(), &options);
    assert_eq!(policy.policies().len(), 1);
    assert!(policy.widenings().iter().any(|one| one.rule == WideningRule::Quota));
    for grant in policy.grants().iter().filter(|grant| grant.resource.has_wildcard()) {
        assert!(policy.widenings().iter().any(|one| one.resource == grant.resource && one.action == grant.action));
    }
    // The longest common beginning goes first: no whole bucket is opened.
    assert!(!policy.grants().iter().any(|grant| grant.resource.as_str() == "arn:aws:s3:::*"));
}

#[test]
fn ids_that_were_there_before_stay_exact() {
    let mut usage = empty();
    let (old, new) = (arn("ec2", "vpc/vpc-0000old0"), arn("ec2", "vpc/vpc-00000001"));
    created(&mut usage, new.clone(), "vpc", "ec2.amazonaws.com:CreateVpc", "vpc-00000001", &[]);
    saw(&mut usage, "ec2:ModifyVpcAttribute", Some(old), &[]);
    saw(&mut usage, "ec2:CreateVpc", Some(new), &[]);
    let policy = reduced(&usage);
    let patterns: Vec<&str> = policy.grants().iter().map(|grant| grant.resource.as_str()).collect();
    let prefix = "arn:aws:ec2:eu-central-1:111122223333:vpc/";
    assert_eq!(patterns, [format!("{prefix}*"), format!("{prefix}vpc-0000old0")]);
}

#[test]
fn a_role_is_passed_to_the_service_it_was_passed_to() {
    let mut usage = empty();
    saw(&mut usage, "iam:PassRole", Some(arn("iam", "role/node")), &[("iam:PassedToService", "eks.amazonaws.com")]);
    let documents = documents(&reduced(&usage));
    let mut other = usage.requests.keys().next().unwrap().to_request();
    assert!(allowed(&documents, &other));
    other.context.insert(trailtrim::iam::ConditionKey::new("iam:PassedToService"), "lambda.amazonaws.com");
    assert!(!allowed(&documents, &other));
}

#[test]
fn an_owner_tag_guards_what_has_a_generated_id() {
    let mut usage = empty();
    let vpc = arn("ec2", "vpc/vpc-00000001");
    created(&mut usage, vpc.clone(), "vpc", "ec2.amazonaws.com:CreateVpc", "vpc-00000001", &[("team", "ci")]);
    saw(&mut usage, "ec2:CreateVpc", Some(vpc.clone()), &[("aws:RequestTag/team", "ci")]);
    saw(&mut usage, "ec2:DeleteVpc", Some(vpc), &[]);
    let tag = trailtrim::reducer::OwnerTag { key: "team".to_owned(), value: "ci".to_owned() };
    let policy = reduced_with(&usage, &ReduceOptions { owner_tags: vec![tag], ..ReduceOptions::default() });
    let condition = |action: &str| {
        let grant = policy.grants().iter().find(|grant| grant.action.to_string() == action).unwrap();
        grant.conditions.iter().map(|(_, key, _)| key.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(condition("ec2:CreateVpc"), ["aws:RequestTag/team"]);
    assert_eq!(condition("ec2:DeleteVpc"), ["aws:ResourceTag/team"]);
}

#[test]
fn rules_of_the_configuration_are_kept_and_those_that_never_matched_are_told() {
    let user_rules = r#"
        [[rules.never-grant]]
        name = "no-state-writes"
        actions = ["s3:PutObject"]
        reason = "the state is written by another role"
        [[rules.always-grant]]
        name = "break-glass"
        actions = ["eks:DescribeCluster"]
        resources = ["arn:aws:eks:eu-central-1:111122223333:cluster/spare"]
        reason = "needed in an emergency"
        [[rules.generalize]]
        name = "builds"
        pattern = "arn:aws:s3:::artifacts/*"
        reason = "each build has a folder"
        [[rules.generalize]]
        name = "stale"
        pattern = "arn:aws:s3:::nowhere/*"
        reason = "nothing is there any more"
    "#
    .parse()
    .unwrap();
    let policy = reduced_with(&large(), &ReduceOptions { user_rules, ..ReduceOptions::default() });
    assert_eq!(policy.unmatched_rules(), ["stale"]);
    assert_eq!(policy.withheld().len(), 60);
    let has = |action: &str, resource: &str| {
        policy.grants().iter().any(|grant| grant.action.to_string() == action && grant.resource.as_str() == resource)
    };
    assert!(
        has("s3:GetObject", "arn:aws:s3:::artifacts/*")
            && !policy.grants().iter().any(|grant| grant.action.name() == "PutObject")
    );
    assert!(has("eks:DescribeCluster", "arn:aws:eks:eu-central-1:111122223333:cluster/spare"));
}

/// The deployment of the book's page on the algorithm.
fn worked_example() -> Usage {
    let mut usage = empty();
    let vpc = arn("ec2", "vpc/vpc-0a1b2c3d");
    let subnets = [arn("ec2", "subnet/subnet-11aa22bb"), arn("ec2", "subnet/subnet-33cc44dd")];
    created(&mut usage, vpc.clone(), "vpc", "ec2.amazonaws.com:CreateVpc", "vpc-0a1b2c3d", &[]);
    saw(&mut usage, "ec2:CreateVpc", Some(vpc.clone()), &[]);
    saw(&mut usage, "ec2:CreateTags", Some(vpc.clone()), &[("ec2:CreateAction", "CreateVpc")]);
    for (subnet, id) in subnets.iter().zip(["subnet-11aa22bb", "subnet-33cc44dd"]) {
        created(&mut usage, subnet.clone(), "subnet", "ec2.amazonaws.com:CreateSubnet", id, &[]);
        saw(&mut usage, "ec2:CreateSubnet", Some(subnet.clone()), &[]);
        saw(&mut usage, "ec2:CreateTags", Some(subnet.clone()), &[("ec2:CreateAction", "CreateSubnet")]);
    }
    saw(&mut usage, "ec2:CreateSubnet", Some(vpc), &[]);
    saw(&mut usage, "ec2:CreateRoute", Some(arn("ec2", "route-table/rtb-0000cafe")), &[]);
    let role = arn("iam", "role/node-20261120160728123400000001");
    saw(&mut usage, "iam:CreateRole", Some(role.clone()), &[]);
    saw(&mut usage, "iam:PassRole", Some(role), &[("iam:PassedToService", "eks.amazonaws.com")]);
    saw(&mut usage, "eks:CreateNodegroup", Some(arn("eks", "cluster/blue")), &[]);
    usage
}

#[test]
fn what_eks_names_after_a_new_node_group_gets_another_name_in_the_next_run() {
    let id = "48ce806b-dd6f-1bfd-1d65-f945d8feea74";
    for (name, pattern) in
        [("default", "default"), ("core-20261120160728123400000001", "core-??????????????????????????")]
    {
        let mut usage = empty();
        let group = arn("eks", &format!("nodegroup/blue/{name}/{id}"));
        created(&mut usage, group, "nodegroup", "eks.amazonaws.com:CreateNodegroup", id, &[]);
        let tagged = |name: &str| arn("autoscaling", &format!("autoScalingGroup:*:autoScalingGroupName/{name}"));
        saw(&mut usage, "autoscaling:DeleteTags", Some(tagged(&format!("eks-{name}-{id}"))), &[]);
        saw(&mut usage, "autoscaling:SuspendProcesses", Some(tagged(&format!("eks-other-{id}"))), &[]);
        let policy = reduced(&usage);
        let resource = |action: &str| {
            let grant = policy.grants().iter().find(|grant| grant.action.name() == action).unwrap();
            grant.resource.as_str().rsplit('/').next().unwrap().to_owned()
        };
        assert_eq!(resource("DeleteTags"), format!("eks-{pattern}-{}", "?".repeat(36)));
        assert_eq!(resource("SuspendProcesses"), format!("eks-other-{id}"));
    }
}

#[test]
fn what_comes_with_a_new_vpc_gets_another_id_in_the_next_run() {
    let mut usage = empty();
    let vpc = arn("ec2", "vpc/vpc-0a1b2c3d");
    created(&mut usage, vpc.clone(), "vpc", "ec2.amazonaws.com:CreateVpc", "vpc-0a1b2c3d", &[]);
    saw(&mut usage, "ec2:CreateVpc", Some(vpc), &[]);
    let [group, open, table, old] = [
        "security-group/sg-0001a1b2",
        "security-group/sg-0002a1b2",
        "route-table/rtb-0001a1b2",
        "route-table/rtb-0002a1b2",
    ];
    saw(&mut usage, "ec2:RevokeSecurityGroupEgress", Some(arn("ec2", group)), &[]);
    saw(&mut usage, "ec2:AuthorizeSecurityGroupIngress", Some(arn("ec2", open)), &[]);
    saw(&mut usage, "ec2:DeleteNetworkAclEntry", Some(arn("ec2", "network-acl/acl-0001a1b2")), &[]);
    saw(&mut usage, "ec2:CreateTags", Some(arn("ec2", table)), &[]);
    saw(&mut usage, "ec2:CreateRoute", Some(arn("ec2", old)), &[]);
    let policy = reduced(&usage);
    let on = |action: &str| {
        let grant = policy.grants().iter().find(|grant| grant.action.name() == action).unwrap();
        grant.resource.as_str().rsplit(':').next().unwrap().to_owned()
    };
    assert_eq!(on("RevokeSecurityGroupEgress"), "security-group/*");
    assert_eq!(on("DeleteNetworkAclEntry"), "network-acl/*");
    assert_eq!(on("CreateTags"), "route-table/*");
    assert_eq!(on("AuthorizeSecurityGroupIngress"), open, "an old one may be opened for what is new");
    assert_eq!(on("CreateRoute"), old, "an old one may get a route to what is new");
}

#[test]
fn the_security_group_that_eks_makes_for_a_new_cluster_gets_another_id_in_the_next_run() {
    let mut usage = empty();
    let cluster = arn("eks", "cluster/blue");
    created(&mut usage, cluster.clone(), "cluster", "eks.amazonaws.com:CreateCluster", "blue", &[]);
    saw(&mut usage, "eks:CreateCluster", Some(cluster), &[]);
    saw(&mut usage, "ec2:CreateTags", Some(arn("ec2", "security-group/sg-0001a1b2")), &[]);
    saw(&mut usage, "ec2:DeleteTags", Some(arn("ec2", "subnet/subnet-0001a1b2")), &[]);
    let policy = reduced(&usage);
    let resources: Vec<&str> =
        policy.grants().iter().filter_map(|grant| grant.resource.as_str().rsplit(':').next()).collect();
    assert!(resources.contains(&"security-group/*") && resources.contains(&"subnet/subnet-0001a1b2"), "{resources:?}");
}

#[test]
fn the_next_run_registers_the_next_revision() {
    let mut usage = empty();
    let revision = arn("ecs", "task-definition/app:7");
    created(&mut usage, revision.clone(), "task-definition", "ecs.amazonaws.com:RegisterTaskDefinition", "7", &[]);
    saw(&mut usage, "ecs:RegisterTaskDefinition", Some(revision), &[]);
    saw(&mut usage, "ecs:RunTask", Some(arn("ecs", "task-definition/other:7")), &[]);
    let policy = reduced(&usage);
    let resources: Vec<&str> = policy.grants().iter().map(|grant| grant.resource.as_str()).collect();
    let on = |name: &str| arn("ecs", &format!("task-definition/{name}")).to_string();
    assert_eq!(resources, [on("app:*"), on("other:7")]);
}

#[test]
fn the_worked_example_of_the_book_is_what_comes_out() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/src/algorithm.md")).unwrap();
    let shown = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let policy = reduced(&worked_example());
    let text = policy.policies()[0].document.to_json_pretty();
    assert_eq!(shown.trim(), text.trim(), "the page should show:\n{text}");
    let characters = format!("{} characters", policy.policies()[0].characters);
    assert!(page.contains(&characters), "the page should say {characters}");
    let grants = format!("{} grants are left", policy.grants().len());
    assert!(page.contains(&grants), "the page should say {grants}");
}
