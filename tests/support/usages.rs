//! Usages made by hand, like those of a deployment: shared by the laws and the bench of the reducer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use trailtrim::aggregator::{
    Certainty, Coverage, CreatedResource, Evidence, Few, Lineage, Observation, Origin, RecordCounts, Usage, UsedRequest,
};
use trailtrim::iam::{Arn, ConditionKey, Context, ContextValue, Resource};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";

/// An empty usage of the role `ci`.
pub fn empty() -> Usage {
    Usage {
        principal: format!("arn:aws:iam::{ACCOUNT}:role/ci").parse().unwrap(),
        requests: BTreeMap::new(),
        lineage: Lineage::default(),
        assumed: BTreeMap::new(),
        coverage: Coverage::default(),
        records: RecordCounts::default(),
    }
}

/// An ARN of the account and Region.
pub fn arn(service: &str, resource: &str) -> Arn {
    let (region, account) = match service {
        "iam" => ("", ACCOUNT),
        "s3" => ("", ""),
        _ => (REGION, ACCOUNT),
    };
    Arn::from_parts("aws", service, region, account, resource)
}

/// Adds a request that was seen, and returns the usage for more.
pub fn saw(usage: &mut Usage, action: &str, resource: Option<Arn>, context: &[(&str, &str)]) {
    let context: Context =
        context.iter().map(|(key, value)| (ConditionKey::new(*key), ContextValue::from(*value))).collect();
    let resource = resource.map_or(Resource::Any, Resource::Arn);
    let request = UsedRequest { action: action.parse().unwrap(), resource, context };
    let observation = Observation {
        evidence: Evidence::of(Timestamp::from_second(1_800_000_000).unwrap(), Some("e-1")),
        origin: Origin::Observed,
        certainty: Certainty::Always,
        holes: Few::new(),
        operations: Few::from([format!("test.amazonaws.com:{}", action.rsplit(':').next().unwrap()).into()]),
        via: Few::new(),
        sources: Few::new(),
        notes: Few::new(),
    };
    usage.requests.insert(request, observation);
}

/// Notes that the role created something whose id AWS generated.
pub fn created(usage: &mut Usage, resource: Arn, kind: &str, operation: &str, id: &str, tags: &[(&str, &str)]) {
    usage.lineage.generated_ids.insert(id.to_owned(), operation.into());
    let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    usage.lineage.created.insert(
        resource,
        CreatedResource {
            resource_type: kind.to_owned(),
            tags,
            created_at: Timestamp::from_second(1_799_999_000).unwrap(),
            generated: [id.to_owned()].into(),
            operation: operation.into(),
            event_id: None,
        },
    );
}

/// One step of a made-up deployment: which thing, and whether its id is one of the role's own.
pub type Step = (usize, usize, bool);

/// A usage of these steps: networks, roles, keys, objects and log groups, all of the catalogue's shapes.
pub fn of_steps(steps: &[Step]) -> Usage {
    let mut usage = empty();
    for (what, which, own) in steps {
        step(&mut usage, *what % STEPS, *which, *own);
    }
    usage
}

/// How many kinds of steps there are.
pub const STEPS: usize = 14;

fn step(usage: &mut Usage, what: usize, which: usize, own: bool) {
    let network = |kind: &str, prefix: &str| {
        (arn("ec2", &format!("{kind}/{prefix}-{which:08x}")), format!("{prefix}-{which:08x}"))
    };
    let role = || arn("iam", &format!("role/app-{}", which % 40));
    match what {
        0 => changed(
            usage,
            network("vpc", "vpc"),
            "vpc",
            "CreateVpc",
            own,
            &["ModifyVpcAttribute", "DescribeVpcAttribute"],
        ),
        1 => changed(usage, network("subnet", "subnet"), "subnet", "CreateSubnet", own, &["ModifySubnetAttribute"]),
        2 => changed(
            usage,
            network("security-group", "sg"),
            "security-group",
            "CreateSecurityGroup",
            own,
            &["AuthorizeSecurityGroupIngress"],
        ),
        3 => changed(
            usage,
            network("route-table", "rtb"),
            "route-table",
            "CreateRouteTable",
            own,
            &["CreateRoute", "AssociateRouteTable"],
        ),
        4 => ["DescribeVpcs", "DescribeSubnets", "DescribeRouteTables"]
            .iter()
            .take(1 + which % 3)
            .for_each(|name| saw(usage, &format!("ec2:{name}"), None, &[])),
        5 => ["GetRole", "CreateRole", "ListAttachedRolePolicies"]
            .iter()
            .take(1 + which % 3)
            .for_each(|name| saw(usage, &format!("iam:{name}"), Some(role()), &[])),
        6 => saw(
            usage,
            "iam:PassRole",
            Some(role()),
            &[("iam:PassedToService", if which.is_multiple_of(2) { "eks.amazonaws.com" } else { "ec2.amazonaws.com" })],
        ),
        7 => saw(
            usage,
            "iam:AttachRolePolicy",
            Some(role()),
            &[("iam:PolicyARN", &format!("arn:aws:iam::aws:policy/P{}", which % 3))],
        ),
        8 => saw(usage, "s3:PutObject", Some(arn("s3", &format!("state/{}.json", which % 30))), &[]),
        9 => saw(usage, "s3:GetObject", Some(arn("s3", &format!("state/{}.json", which % 30))), &[]),
        10 => saw(usage, "eks:DescribeCluster", Some(arn("eks", &format!("cluster/c{}", which % 3))), &[]),
        11 => saw(
            usage,
            "eks:CreateNodegroup",
            Some(arn("eks", &format!("cluster/c{}", which % 3))),
            &[("aws:RequestTag/team", "ci")],
        ),
        12 => saw(
            usage,
            "logs:CreateLogGroup",
            Some(arn("logs", &format!("log-group:/aws/eks/c{}/cluster", which % 3))),
            &[],
        ),
        _ => saw(
            usage,
            "ec2:CreateTags",
            Some(network("vpc", "vpc").0),
            if own { &[("ec2:CreateAction", "CreateVpc")] } else { &[] },
        ),
    }
}

/// A thing of a network that was changed, and, where it is the role's own, made.
fn changed(usage: &mut Usage, thing: (Arn, String), kind: &str, make: &str, own: bool, changes: &[&str]) {
    let (resource, id) = thing;
    if own {
        created(usage, resource.clone(), kind, &format!("ec2.amazonaws.com:{make}"), &id, &[("team", "ci")]);
        saw(usage, &format!("ec2:{make}"), Some(resource.clone()), &[("aws:RequestTag/team", "ci")]);
    }
    for change in changes {
        saw(usage, &format!("ec2:{change}"), Some(resource.clone()), &[]);
    }
}
