//! Records in all the shapes that were met in the wild, and some that were not.

use super::super::{Denial, Event, Outcome, Payload, SkipReason, mend};
use super::parse_record;
use crate::iam::Resource;

/// A record with the members of `base`, some replaced or added; `null` takes one away.
fn record(changes: &str) -> Vec<u8> {
    let mut record: serde_json::Value = serde_json::from_str(
        r#"{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/runner/ci",
            "accountId":"111122223333","sessionContext":{"sessionIssuer":{"arn":"arn:aws:iam::111122223333:role/ci/runner"}}},
            "eventTime":"2026-03-13T08:33:30Z","eventSource":"eks.amazonaws.com","eventName":"CreateCluster",
            "awsRegion":"eu-central-1","requestParameters":{"name":"c"},"responseElements":null,
            "eventID":"11111111-2222-3333-4444-555555555555","eventType":"AwsApiCall","recipientAccountId":"111122223333"}"#,
    )
    .unwrap();
    let changes: serde_json::Map<String, serde_json::Value> = serde_json::from_str(changes).unwrap();
    for (key, value) in changes {
        record[&key] = value;
    }
    serde_json::to_vec(&record).unwrap()
}

fn with<T>(changes: &str, check: impl FnOnce(Event<'_>) -> T) -> T {
    check(parse_record(&record(changes)).unwrap())
}

fn skipped(changes: &str) -> Option<SkipReason> {
    parse_record(&record(changes)).err()
}

#[test]
fn a_plain_record_is_read() {
    with("{}", |event| {
        assert_eq!(event.id.as_deref(), Some("11111111-2222-3333-4444-555555555555"));
        assert_eq!(event.time.to_string(), "2026-03-13T08:33:30Z");
        assert_eq!((event.source.as_ref(), event.name.as_ref()), ("eks.amazonaws.com", "CreateCluster"));
        assert_eq!(event.region, "eu-central-1");
        assert_eq!(event.account.as_deref(), Some("111122223333"));
        assert_eq!(event.outcome, Outcome::Allowed);
        assert_eq!(event.request.json().unwrap().get("name").as_str(), Some("c"));
        assert!(matches!(event.response, Payload::Absent));
        assert!(!event.hidden && !event.truncated && !event.data_event);
    });
}

#[test]
fn odd_spellings_are_read() {
    with(
        r#"{"eventSource":"EKS.amazonaws.com","readOnly":"True","userAgent":["a","b"],"recipientAccountId":11122223333,
            "eventTime":"2026-03-13 08:33:30.000","eventVersion":1.0,"eventType":null,"eventCategory":"Data"}"#,
        |event| {
            assert_eq!(event.source, "eks.amazonaws.com");
            assert_eq!(event.read_only, Some(true));
            assert_eq!(event.user_agent.as_deref(), Some("a b"));
            assert_eq!(event.account.as_deref(), Some("011122223333"));
            assert_eq!(event.time.to_string(), "2026-03-13T08:33:30Z");
            assert!(event.data_event);
        },
    );
}

#[test]
fn payloads_of_any_type_are_read() {
    with(r#"{"requestParameters":"name=c"}"#, |event| {
        assert_eq!(event.request.json().unwrap().as_str(), Some("name=c"));
    });
    with(r#"{"requestParameters":[1]}"#, |event| assert!(event.request.json().unwrap().is_array()));
    for omitted in [r#""HIDDEN_DUE_TO_SECURITY_REASONS""#, r#"{"omitted":true,"originalSize":120000}"#] {
        with(&format!(r#"{{"requestParameters":{omitted}}}"#), |event| {
            assert!(matches!(event.request, Payload::Omitted));
            assert!(event.truncated);
        });
    }
    with(r#"{"requestParameters":null,"omitted":true}"#, |event| assert!(event.truncated));
    with(r#"{"requestParameters":{"name":"c","omitted":true}}"#, |event| {
        assert!(event.truncated);
        assert_eq!(event.request.json().unwrap().get("name").as_str(), Some("c"));
    });
}

#[test]
fn hidden_values_are_noticed_wherever_they_are() {
    with(r#"{"requestParameters":{"tags":{"HIDDEN_DUE_TO_SECURITY_REASONS":"x"}}}"#, |event| {
        assert!(event.hidden);
        assert!(!event.truncated);
    });
}

#[test]
fn resources_are_read_in_both_spellings() {
    with(r#"{"resources":[{"ARN":"arn:aws:kms:::a","type":"AWS::KMS::Key"},{"arn":"b"},{"type":"x"},7]}"#, |event| {
        let arns: Vec<_> =
            event.resources.iter().map(|resource| (resource.arn.as_ref(), resource.kind.as_deref())).collect();
        assert_eq!(arns, [("arn:aws:kms:::a", Some("AWS::KMS::Key")), ("b", None)]);
    });
}

#[test]
fn what_does_not_count_is_skipped_for_a_reason() {
    for (changes, reason) in [
        (r#"{"eventType":"AwsServiceEvent"}"#, SkipReason::NotAnApiCall),
        (r#"{"eventType":"AwsConsoleSignIn","userIdentity":null}"#, SkipReason::NotAnApiCall),
        (r#"{"eventType":"AwsCloudTrailInsight"}"#, SkipReason::NotAnApiCall),
        (r#"{"userIdentity":null}"#, SkipReason::NoPrincipal),
        (r#"{"userIdentity":"ann"}"#, SkipReason::NoPrincipal),
        (r#"{"eventSource":null}"#, SkipReason::Incomplete),
        (r#"{"eventName":""}"#, SkipReason::Incomplete),
        (r#"{"eventTime":"yesterday"}"#, SkipReason::Incomplete),
        (r#"{"eventTime":null,"eventSource":null,"eventName":null}"#, SkipReason::Malformed),
    ] {
        assert_eq!(skipped(changes), Some(reason), "{changes}");
    }
    for text in [&b""[..], b"null", b"[]", b"{", b"{\"eventName\":\"a\"", b"\xff\xfe"] {
        assert_eq!(parse_record(text).err(), Some(SkipReason::Malformed), "{}", text.escape_ascii());
    }
}

#[test]
fn deep_nesting_is_too_large_and_overflows_no_stack() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let text = String::from_utf8(record(r#"{"requestParameters":"HERE"}"#)).unwrap().replace("\"HERE\"", &deep);
    assert_eq!(parse_record(text.as_bytes()).err(), Some(SkipReason::TooLarge));
    let elsewhere = String::from_utf8(record(r#"{"additionalEventData":"HERE"}"#)).unwrap().replace("\"HERE\"", &deep);
    assert!(parse_record(elsewhere.as_bytes()).is_ok());
}

#[test]
fn the_last_of_repeated_members_wins() {
    let text = String::from_utf8(record(r#"{"requestParameters":{"name":"last"}}"#)).unwrap();
    let text = text.replace(r#""eventName":"#, r#""eventName":"Other","eventName":"#);
    let text = text.replace(r#"{"name":"#, r#"{"name":"first","name":"#);
    let event = parse_record(text.as_bytes()).unwrap();
    assert_eq!(event.name, "CreateCluster");
    assert_eq!(event.request.json().unwrap().get("name").as_str(), Some("last"));
}

#[test]
fn json_inside_a_string_is_unpacked() {
    with(r#"{"requestParameters":"{\"name\":\"c\"}"}"#, |event| {
        assert_eq!(event.request.json().unwrap().get("name").as_str(), Some("c"));
    });
    with(r#"{"requestParameters":"{name"}"#, |event| {
        assert_eq!(event.request.json().unwrap().as_str(), Some("{name"));
    });
}

#[test]
fn invalid_utf_8_is_read_after_mending() {
    let mut invalid = record(r#"{"userAgent":"agent"}"#);
    let at = invalid.windows(5).position(|window| window == b"agent").unwrap();
    invalid[at] = 0xff;
    assert_eq!(parse_record(&invalid).unwrap().user_agent, None);
    let mut invalid = record(r#"{"requestParameters":{"name":"agent"}}"#);
    let at = invalid.windows(5).position(|window| window == b"agent").unwrap();
    invalid[at] = 0xff;
    assert_eq!(parse_record(&invalid).err(), Some(SkipReason::Malformed));
    assert!(parse_record(&mend(&invalid).unwrap()).is_ok());
}

#[test]
fn records_are_told_apart_by_id_and_content_and_not_by_layout() {
    let identity = |text: &[u8]| parse_record(text).unwrap().identity();
    let one = record("{}");
    let pretty = serde_json::to_vec_pretty(&serde_json::from_slice::<serde_json::Value>(&one).unwrap()).unwrap();
    assert_ne!(one, pretty);
    assert_eq!(identity(&one), identity(&pretty));
    assert_eq!(identity(&one), identity(&record(r#"{"eventTime":"2026-03-13 08:33:30.000 UTC","readOnly":true}"#)));
    for other in [
        r#"{"eventID":"x"}"#,
        r#"{"eventName":"DeleteCluster"}"#,
        r#"{"requestParameters":{"name":"d"}}"#,
        r#"{"errorCode":"AccessDenied"}"#,
    ] {
        assert_ne!(identity(&one), identity(&record(other)), "{other}");
    }
    assert_eq!(identity(&record(r#"{"eventID":null}"#)), None);
}

#[test]
fn other_partitions_are_read() {
    with(
        r#"{"awsRegion":"cn-north-1","eventSource":"ec2.amazonaws.com.cn","userIdentity":{"type":"AssumedRole",
            "sessionContext":{"sessionIssuer":{"arn":"arn:aws-cn:iam::111122223333:role/r"}}},
            "errorCode":"AccessDenied","errorMessage":"User: u is not authorized to perform: iam:GetRole on resource: role x"}"#,
        |event| {
            assert_eq!(event.source, "ec2.amazonaws.com");
            let Outcome::Denied(denial) = event.outcome else { panic!("{:?}", event.outcome) };
            assert_eq!(denial.resource, Some(Resource::Arn("arn:aws-cn:iam::111122223333:role/x".parse().unwrap())));
        },
    );
}

fn outcome(changes: &str) -> Outcome {
    with(changes, |event| event.outcome)
}

#[test]
fn errors_decide_the_outcome() {
    assert_eq!(
        outcome(r#"{"errorCode":"Client.DryRunOperation","errorMessage":"Request would have succeeded"}"#),
        Outcome::Allowed
    );
    assert_eq!(outcome(r#"{"errorCode":"ResourceInUseException"}"#), Outcome::AllowedThenFailed);
    assert_eq!(outcome(r#"{"errorCode":"ThrottlingException"}"#), Outcome::Unknown);
    assert_eq!(outcome(r#"{"errorMessage":"it failed"}"#), Outcome::Unknown);
    assert!(
        matches!(outcome(r#"{"errorCode":"AccessDeniedException"}"#), Outcome::Denied(denial) if *denial == Denial::default())
    );
}

#[test]
fn denials_hide_in_other_errors_and_in_responses() {
    for (changes, action) in [
        (
            r#"{"errorCode":"InvalidRequestException","errorMessage":"Failed to create service linked role: x due to missing permissions for 'iam:CreateServiceLinkedRole'"}"#,
            "iam:CreateServiceLinkedRole",
        ),
        (
            r#"{"errorCode":"InvalidRequestException","errorMessage":"You are not authorized to launch instances with this launch template. Encoded authorization failure message: abc"}"#,
            "ec2:RunInstances",
        ),
        (
            r#"{"errorCode":"InvalidParameterException","errorMessage":"User not authorized to perform kms:CreateGrant operation"}"#,
            "kms:CreateGrant",
        ),
        (
            r#"{"errorCode":"AccessDenied","responseElements":{"message":"User: u is not authorized to perform: eks:ListClusters on resource: *"}}"#,
            "eks:ListClusters",
        ),
        (
            r#"{"responseElements":{"Message":"User: u is not authorized to perform: eks:ListClusters on resource: *"}}"#,
            "eks:ListClusters",
        ),
    ] {
        let Outcome::Denied(denial) = outcome(changes) else { panic!("{changes}") };
        assert_eq!(denial.action.map(|action| action.to_string()).as_deref(), Some(action));
    }
    assert_eq!(outcome(r#"{"responseElements":{"message":"cluster is being created"}}"#), Outcome::Allowed);
}

#[test]
fn what_a_services_own_role_lacks_is_no_denial_of_the_caller() {
    let text = "User: arn:aws:sts::111122223333:assumed-role/pipeline/x is not authorized to perform: s3:GetObject";
    assert_eq!(outcome(&format!(r#"{{"errorCode":"AccessDenied","errorMessage":"{text}"}}"#)), Outcome::Unknown);
}
