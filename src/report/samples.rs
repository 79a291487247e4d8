//! Reports for the tests of the renderers.

use jiff::Timestamp;

use super::model::{
    Coverage, DeniedCall, EvidenceSummary, Grant, Policy, PolicyKind, Proof, Records, Report, SCHEMA_VERSION, Scope,
    Tool, UnmappedEvent, Widening, Withheld,
};
use crate::aggregator::Origin;
use crate::audit::{Confidence, Finding, FindingKind, Place, Severity};
use crate::cloudtrail::SkipReason;
use crate::iam::{
    ActionClause, ConditionOperator, Conditions, Effect, PolicyDocument, PrincipalArn, Resource, ResourceClause,
    Statement,
};
use crate::reducer::WideningRule;

/// Markup, a closing tag, a formula, a terminal escape, a mark that turns the direction of writing, quotes, templates.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script></style>|`\u{1b}[31m\u{202e}\"'\\${x}%{if}&@team";

fn role() -> PrincipalArn {
    "arn:aws:iam::111122223333:role/ci/eks-runner".parse().unwrap()
}

fn time() -> Timestamp {
    "2026-11-02T08:00:00Z".parse().unwrap()
}

/// A report in which every text from outside is hostile.
pub(crate) fn hostile() -> Report {
    with_grants(1, HOSTILE)
}

/// A report with so many grants and widenings.
pub(crate) fn large(grants: usize) -> Report {
    with_grants(grants, "long-name-of-a-thing")
}

fn with_grants(number: usize, name: &str) -> Report {
    Report {
        schema_version: SCHEMA_VERSION,
        tool: Tool { name: "trailtrim", version: "0.0.0", catalog_date: "2026-01-01".to_owned() },
        scope: Scope { roles: vec![role()], sources: vec![name.to_owned()], ..Scope::default() },
        records: Records { read: 12, used: 4, skipped: [(SkipReason::OtherPrincipal, 8)].into() },
        policies: vec![policy(name)],
        grants: (0..number).map(|index| grant(&format!("{name}{index}"))).collect(),
        widenings: (0..number).map(|index| widening(&format!("{name}{index}"))).collect(),
        withheld: vec![withheld(name)],
        coverage: coverage(name),
        proof: Proof { requests: 4, allowed: 4, grants_tested: number, ..Proof::default() },
        findings: (0..number.min(10)).flat_map(|index| findings(&format!("{name}{index}"))).collect(),
    }
}

fn policy(name: &str) -> Policy {
    let tagging = Statement { conditions: owner(name), ..statement("A", &["eks:TagResource"], &resource(name)) };
    let reading = statement("B", &["ec2:DescribeVpcs", "ec2:DescribeSubnets"], "*");
    let document = PolicyDocument::new(vec![tagging, reading]);
    let characters = crate::iam::policy_characters(&document);
    Policy { name: name.to_owned(), role: role(), kind: PolicyKind::Managed, characters, limit: 6_144, document }
}

fn statement(sid: &str, actions: &[&str], resource: &str) -> Statement {
    Statement {
        sid: Some(sid.to_owned()),
        effect: Effect::Allow,
        actions: ActionClause::Action(actions.iter().map(|action| action.parse().unwrap()).collect()),
        resources: ResourceClause::Resource([resource.parse().unwrap()].into()),
        conditions: Conditions::new(),
    }
}

fn owner(name: &str) -> Conditions {
    let mut conditions = Conditions::new();
    conditions.add(ConditionOperator::STRING_EQUALS, "aws:RequestTag/Owner", [name]);
    conditions
}

fn resource(name: &str) -> String {
    format!("arn:aws:eks:eu-central-1:111122223333:addon/{}/*", name.replace("${", ""))
}

fn grant(name: &str) -> Grant {
    Grant {
        role: role(),
        sid: "A".to_owned(),
        action: "eks:TagResource".parse().unwrap(),
        resource: resource(name).parse().unwrap(),
        condition: owner(name),
        condition_reasons: vec!["the tag marks what the role owns"],
        origin: Origin::Derived,
        evidence: EvidenceSummary {
            events: 3,
            first_seen: time(),
            last_seen: time(),
            event_ids: vec![name.to_owned()],
        },
        operations: vec![format!("eks.amazonaws.com:{name}")],
        via: vec![name.to_owned()],
        note: Some(name.to_owned()),
    }
}

fn widening(name: &str) -> Widening {
    Widening {
        role: role(),
        rule: WideningRule::User(name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()),
        action: "eks:TagResource".parse().unwrap(),
        resource: resource(name).parse().unwrap(),
        detail: name.to_owned(),
    }
}

fn withheld(name: &str) -> Withheld {
    Withheld {
        role: role(),
        action: "eks:DeleteCluster".parse().unwrap(),
        resource: Resource::Any,
        rule: name.to_owned(),
        reason: name.to_owned(),
    }
}

/// One with a place, one without.
fn findings(name: &str) -> [Finding; 2] {
    let place = Place { policy: name.to_owned(), file: Some(name.to_owned()), statement: 0, sid: None, line: Some(3) };
    let finding = |id: &str, place| Finding {
        id: format!("{id}{name}"),
        kind: FindingKind::UnusedAction,
        severity: Severity::Low,
        confidence: Confidence::High,
        role: role(),
        place,
        subject: name.to_owned(),
        message: name.to_owned(),
        evidence: vec![name.to_owned()],
        remedy: name.to_owned(),
        needed: false,
    };
    [finding("a", Some(place)), finding("b", None)]
}

fn coverage(name: &str) -> Coverage {
    let name = name.to_owned();
    let unmapped = UnmappedEvent { role: role(), event_source: name.clone(), event_name: name.clone(), count: 2 };
    let denied = DeniedCall {
        role: role(),
        event_source: name.clone(),
        event_name: name.clone(),
        action: None,
        resource: None,
        policy_type: None,
        explicit: false,
        encoded_message: Some(name.clone()),
        authorization_id: Some(name.clone()),
        granted: false,
        count: 1,
        first_seen: time(),
        last_seen: time(),
        event_ids: vec![name.clone()],
    };
    Coverage {
        first_event: Some(time()),
        last_event: Some(time()),
        regions: vec![name.clone()],
        accounts: vec![name.clone()],
        unmapped_events: vec![unmapped],
        denied: vec![denied],
        unknown_outcome: 1,
        truncated: 1,
        hidden: 1,
        data_events: 0,
        gaps: vec![name],
    }
}
