//! Which ids are generated although no record says that they were made: what lives inside something that the principal
//! created, and what AWS makes beside it.
//!
//! A record seldom says that a route table is a new VPC's main one, but it shows both ids in one call. The kinds whose
//! members always live in one VPC, and those that live in a subnet or a group, are a data file with a reason a row; so is
//! what comes with something new and is told by its time alone, as the default security group of a VPC.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::Timestamp;

use crate::aggregator::{Lineage, Usage};
use crate::data_file;
use crate::iam::{Action, Arn, Resource};

/// A row of `data/containment.toml`.
#[derive(Debug, serde::Deserialize)]
struct Row {
    /// Prefix of the id of what lives inside: `rtb`.
    inside: String,
    /// Prefixes of what it lives in.
    of: Vec<String>,
    /// Why that is so, for people who read the file.
    #[expect(dead_code, reason = "for people who read the file; its presence is checked by deserialising it")]
    reason: String,
}

/// What AWS makes beside something, without a record of its own.
#[derive(Debug, serde::Deserialize)]
struct Beside {
    /// The call that makes both: `ec2.amazonaws.com:CreateVpc`.
    call: String,
    /// Prefix of the id of what comes with it.
    comes: String,
    /// Actions on it that nobody needs on what was there before; where there are none, any action is such a one.
    #[serde(default)]
    shown_by: Vec<Action>,
    /// Why that is so, for people who read the file.
    #[expect(dead_code, reason = "for people who read the file; its presence is checked by deserialising it")]
    reason: String,
}

#[derive(Debug, serde::Deserialize)]
struct Table {
    row: Vec<Row>,
    beside: Vec<Beside>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| data_file::sound(include_str!("data/containment.toml")));

/// Every generated id with why it is one: those of the lineage, what comes with it, and what lives inside them.
pub(crate) fn generated_ids(usage: &Usage) -> BTreeMap<String, String> {
    of_lineage(&usage.lineage, &first_met(usage))
}

fn of_lineage(lineage: &Lineage, met: &BTreeMap<&str, Met<'_>>) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> =
        lineage.generated_ids.iter().map(|(id, operation)| (id.clone(), format!("made by {operation}"))).collect();
    add_inner(&mut known, lineage);
    let made = made_with_something(lineage);
    let old = inside_something_old(lineage, &known);
    for (id, met) in met.iter().filter(|(id, _)| !old.contains(*id)) {
        if !known.contains_key(*id)
            && let Some(call) = comes_with(&made, id, met)
        {
            known.insert((*id).to_owned(), format!("first seen after {call}, which makes one without a record"));
        }
    }
    add_inner(&mut known, lineage);
    known
}

/// Adds what lives inside something that is new.
fn add_inner(known: &mut BTreeMap<String, String>, lineage: &Lineage) {
    loop {
        let pairs = lineage.attachments.iter().flat_map(|(a, b)| [(a, b), (b, a)]);
        let fresh: BTreeMap<String, String> = pairs
            .filter(|(holder, inner)| !known.contains_key(*inner) && lives_in(inner, holder))
            .filter_map(|(holder, inner)| {
                Some((inner.clone(), format!("lives in {holder}, which is {}", known.get(holder)?)))
            })
            .collect();
        if fresh.is_empty() {
            return;
        }
        known.extend(fresh);
    }
}

/// Where an id was named, when first, and by which actions.
struct Met<'u> {
    arn: &'u Arn,
    at: Timestamp,
    by: Vec<&'u Action>,
}

/// The ids of EC2 that requests name.
fn first_met(usage: &Usage) -> BTreeMap<&str, Met<'_>> {
    let mut all: BTreeMap<&str, Met<'_>> = BTreeMap::new();
    for (request, observation) in &usage.requests {
        let Resource::Arn(arn) = &request.resource else { continue };
        let Some((_, id)) = arn.resource().split_once('/').filter(|_| arn.service() == "ec2") else { continue };
        let at = observation.evidence.first_seen;
        let met = all.entry(id).or_insert(Met { arn, at, by: Vec::new() });
        met.at = met.at.min(at);
        met.by.push(&request.action);
    }
    all
}

/// When each call that makes more than it says was first made, by call, Region and account.
type Made<'l> = BTreeMap<(&'static str, &'l str, &'l str), Timestamp>;

fn made_with_something(lineage: &Lineage) -> Made<'_> {
    let mut made = Made::new();
    for (arn, created) in &lineage.created {
        let Some(beside) = TABLE.beside.iter().find(|beside| *beside.call == *created.operation) else { continue };
        let at = made.entry((beside.call.as_str(), arn.region(), arn.account())).or_insert(created.created_at);
        *at = created.created_at.min(*at);
    }
    made
}

/// The call that makes something beside which such an id comes, where it was not met before.
fn comes_with(made: &Made<'_>, id: &str, met: &Met<'_>) -> Option<&'static str> {
    let prefix = prefix(id)?;
    let comes = |beside: &&Beside| {
        beside.comes == prefix
            && (beside.shown_by.is_empty() || beside.shown_by.iter().any(|action| met.by.contains(&action)))
    };
    let mut calls = TABLE.beside.iter().filter(comes).map(|beside| beside.call.as_str());
    let was_made =
        |call: &&str| made.get(&(*call, met.arn.region(), met.arn.account())).is_some_and(|at| *at <= met.at);
    calls.find(was_made)
}

/// The ids that some call shows together with something old that they live in.
fn inside_something_old<'l>(lineage: &'l Lineage, known: &BTreeMap<String, String>) -> BTreeSet<&'l str> {
    let pairs = lineage.attachments.iter().flat_map(|(a, b)| [(a, b), (b, a)]);
    let old = pairs.filter(|(holder, inner)| lives_in(inner, holder) && !known.contains_key(*holder));
    old.map(|(_, inner)| inner.as_str()).collect()
}

fn prefix(id: &str) -> Option<&str> {
    id.rsplit_once('-').map(|(prefix, _)| prefix)
}

fn lives_in(inner: &str, holder: &str) -> bool {
    let (Some(inner), Some(holder)) = (prefix(inner), prefix(holder)) else { return false };
    TABLE.row.iter().any(|row| row.inside == inner && row.of.iter().any(|of| of == holder))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregator::CreatedResource;

    fn lineage(generated: &[&str], pairs: &[(&str, &str)]) -> Lineage {
        Lineage {
            generated_ids: generated.iter().map(|id| ((*id).to_owned(), "ec2:CreateVpc".into())).collect(),
            attachments: pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            ..Lineage::default()
        }
    }

    #[test]
    fn what_lives_in_a_new_vpc_is_new_too() {
        let ids = of_lineage(&lineage(&["vpc-1"], &[("rtb-1", "vpc-1"), ("rtb-1", "rtbassoc-1")]), &BTreeMap::new());
        assert!(ids.contains_key("rtb-1") && ids.contains_key("rtbassoc-1"));
    }

    #[test]
    fn a_route_table_that_a_new_subnet_is_hung_on_may_be_an_old_one() {
        let ids = of_lineage(
            &lineage(&["subnet-1"], &[("rtb-1", "subnet-1"), ("igw-1", "vpc-1"), ("vpc-1", "subnet-1")]),
            &BTreeMap::new(),
        );
        assert_eq!(ids.keys().collect::<Vec<_>>(), ["subnet-1"]);
    }

    #[test]
    fn an_internet_gateway_is_only_attached() {
        assert!(!of_lineage(&lineage(&["vpc-1"], &[("igw-1", "vpc-1")]), &BTreeMap::new()).contains_key("igw-1"));
    }

    /// A lineage with a VPC of 10:00 in one Region.
    fn with_a_vpc(pairs: &[(&str, &str)]) -> Lineage {
        let created = CreatedResource {
            resource_type: "vpc".to_owned(),
            tags: BTreeMap::new(),
            created_at: "2026-11-20T10:00:00Z".parse().unwrap(),
            generated: ["vpc-1".to_owned()].into(),
            operation: "ec2.amazonaws.com:CreateVpc".into(),
            event_id: None,
        };
        let arn = "arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-1".parse().unwrap();
        Lineage { created: [(arn, created)].into(), ..lineage(&["vpc-1"], pairs) }
    }

    /// Whether a security group first met then and there is taken for the new VPC's own.
    fn is_new(region: &str, time: &str, action: &str, pairs: &[(&str, &str)]) -> bool {
        let arn: Arn = format!("arn:aws:ec2:{region}:111122223333:security-group/sg-1").parse().unwrap();
        let action = action.parse().unwrap();
        let met = Met { arn: &arn, at: time.parse().unwrap(), by: vec![&action] };
        of_lineage(&with_a_vpc(pairs), &[("sg-1", met)].into()).contains_key("sg-1")
    }

    #[test]
    fn a_security_group_that_shows_up_after_a_vpc_was_made_is_its_own() {
        let (here, revoke) = ("eu-central-1", "ec2:RevokeSecurityGroupEgress");
        assert!(is_new(here, "2026-11-20T10:00:05Z", revoke, &[]));
        assert!(!is_new(here, "2026-11-20T09:59:59Z", revoke, &[]), "it was there before");
        assert!(!is_new("eu-west-1", "2026-11-20T10:00:05Z", revoke, &[]), "it is in another Region");
        assert!(!is_new(here, "2026-11-20T10:00:05Z", revoke, &[("sg-1", "vpc-2")]), "it lives in another VPC");
        let opened = "ec2:AuthorizeSecurityGroupIngress";
        assert!(!is_new(here, "2026-11-20T10:00:05Z", opened, &[]), "an old one may be opened for the new ones");
    }

    #[test]
    fn what_lives_in_what_comes_with_a_vpc_is_new_too() {
        let arn: Arn = "arn:aws:ec2:eu-central-1:111122223333:security-group/sg-1".parse().unwrap();
        let action = "ec2:CreateTags".parse().unwrap();
        let met = Met { arn: &arn, at: "2026-11-20T10:00:05Z".parse().unwrap(), by: vec![&action] };
        assert!(of_lineage(&with_a_vpc(&[("sg-1", "sgr-1")]), &[("sg-1", met)].into()).contains_key("sgr-1"));
    }
}
