//! Reports for the tests of the renderers.

use jiff::Timestamp;

use super::model::{
    Coverage, DeniedCall, EvidenceSummary, Grant, Policy, PolicyKind, Proof, Records, Report, RequestText,
    SCHEMA_VERSION, Scope, Tool, UnmappedEvent, Widening, Withheld,
};
use super::overview::{
    Activity, ChangedAccess, ComparisonReport, EscalationPath, EscalationStep, InputDigest, KeptAction,
    PresentDocument, ServiceUse, UndecidedActions,
};
use super::parameters::Parameters;
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
        services: vec![ServiceUse { service: "eks".to_owned(), granted: 5, used: 3, missing: 1 }],
        activity: vec![Activity { service: name.to_owned(), day: "2026-11-02".parse().unwrap(), calls: 3 }],
        paths: vec![path(name)],
        present: Vec::new(),
        comparison: Some(comparison(name)),
        inputs: vec![InputDigest { source: name.to_owned(), files: 1, bytes: 2, sha256: "00".repeat(32) }],
        parameters: Parameters::default(),
        explain: true,
        proof: Proof { requests: 4, allowed: 4, grants_tested: number, ..Proof::default() },
        findings: (0..number.min(10)).flat_map(|index| findings(&format!("{name}{index}"))).collect(),
    }
}

/// An audit: findings on a present policy, and no policy of ours.
pub(crate) fn audited() -> Report {
    audit_of(with_grants(4, "name"))
}

/// An audit in which every text from outside is hostile.
pub(crate) fn hostile_audit() -> Report {
    audit_of(hostile())
}

fn audit_of(report: Report) -> Report {
    let present = |policy: Policy| PresentDocument {
        name: policy.name,
        file: Some("ci.json".to_owned()),
        characters: policy.characters,
        document: policy.document,
    };
    Report {
        present: report.policies.into_iter().map(present).collect(),
        policies: Vec::new(),
        grants: Vec::new(),
        widenings: Vec::new(),
        withheld: Vec::new(),
        comparison: None,
        ..report
    }
}

/// As crowded as a real page of so many grants: names, ids and documents as long as AWS makes them.
pub(crate) fn crowded(grants: usize) -> Report {
    let report = with_grants(1, "");
    let name =
        |at: usize| format!("arn:aws:eks:eu-central-1:111122223333:nodegroup/platform-production/default-{at}/*");
    let id = |at: usize| format!("5f0c5f0c-1111-4222-8333-{at:012}");
    let grant = |at: usize| Grant {
        sid: format!("EksNodegroup{}", at / 40),
        resource: name(at).parse().unwrap(),
        condition: Conditions::new(),
        condition_reasons: Vec::new(),
        evidence: EvidenceSummary { event_ids: vec![id(at), id(at + 1), id(at + 2)], ..grant("x").evidence },
        origin: if at.is_multiple_of(3) { Origin::Derived } else { Origin::Observed },
        operations: vec!["eks.amazonaws.com:CreateNodegroup".to_owned()],
        via: Vec::new(),
        note: None,
        ..grant("x")
    };
    let widening = |at: usize| Widening {
        rule: WideningRule::GeneratedId,
        resource: name(at * 2).parse().unwrap(),
        detail: "UUID of nodegroup, made by eks:CreateNodegroup".to_owned(),
        ..widening("x")
    };
    let document = |first: usize| {
        let statement = |at: usize| {
            let resources = (0..40).map(|more| name(at * 40 + more).parse().unwrap()).collect();
            Statement {
                resources: ResourceClause::Resource(resources),
                ..statement(&format!("EksNodegroup{at}"), &["eks:TagResource"], "*")
            }
        };
        let document = PolicyDocument::new((first..first + 5).map(statement).collect());
        Policy { characters: crate::iam::policy_characters(&document), document, ..policy("p") }
    };
    Report {
        policies: (0..grants / 200).map(|at| document(at * 5)).collect(),
        grants: (0..grants).map(grant).collect(),
        widenings: (0..grants / 2).map(widening).collect(),
        findings: Vec::new(),
        ..report
    }
}

fn path(name: &str) -> EscalationPath {
    let step = EscalationStep { action: "iam:PassRole".parse().unwrap(), resource: name.to_owned() };
    let name = name.to_owned();
    let others = vec![name.clone()];
    EscalationPath { role: role(), name: name.clone(), family: name.clone(), goal: name, steps: vec![step], others }
}

fn comparison(name: &str) -> ComparisonReport {
    let action = || "eks:CreateCluster".parse().unwrap();
    let change = || ChangedAccess {
        actions: vec![action()],
        future_actions: true,
        resource: Some(name.to_owned()),
        example: RequestText {
            action: action(),
            resource: name.to_owned(),
            context: [(name.to_owned(), vec![name.to_owned()])].into(),
        },
    };
    ComparisonReport {
        role: Some(role()),
        policies: vec![name.to_owned()],
        kept: vec![KeptAction { action: action(), resources: vec![name.to_owned()] }],
        narrowed: vec![change()],
        removed: vec![change()],
        added: vec![change()],
        undecided: vec![UndecidedActions { actions: vec![action()], reason: name.to_owned() }],
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
