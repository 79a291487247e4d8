//! Which ids are generated because they live inside something that the principal created.
//!
//! A record seldom says that a route table is a new VPC's main one, but it shows both ids in one call. The kinds whose
//! members always live in one VPC, and those that live in a subnet or a group, are a data file with a reason a row.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::aggregator::Lineage;

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

#[derive(Debug, serde::Deserialize)]
struct Table {
    row: Vec<Row>,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "compiled in and read by a test: it can't fail for a user")]
    let table: Table = toml::from_str(include_str!("data/containment.toml")).expect("containment.toml is well formed");
    table.row
});

/// Every generated id with why it is one: those of the lineage, and what lives inside them.
pub(crate) fn generated_ids(lineage: &Lineage) -> BTreeMap<String, String> {
    let mut known: BTreeMap<String, String> =
        lineage.generated_ids.iter().map(|(id, operation)| (id.clone(), format!("made by {operation}"))).collect();
    loop {
        let pairs = lineage.attachments.iter().flat_map(|(a, b)| [(a, b), (b, a)]);
        let fresh: BTreeMap<String, String> = pairs
            .filter(|(holder, inner)| !known.contains_key(*inner) && lives_in(inner, holder))
            .filter_map(|(holder, inner)| {
                Some((inner.clone(), format!("lives in {holder}, which is {}", known.get(holder)?)))
            })
            .collect();
        if fresh.is_empty() {
            return known;
        }
        known.extend(fresh);
    }
}

fn lives_in(inner: &str, holder: &str) -> bool {
    let prefix = |id: &str| id.rsplit_once('-').map(|(prefix, _)| prefix.to_owned());
    let (Some(inner), Some(holder)) = (prefix(inner), prefix(holder)) else { return false };
    ROWS.iter().any(|row| row.inside == inner && row.of.contains(&holder))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lineage(generated: &[&str], pairs: &[(&str, &str)]) -> Lineage {
        Lineage {
            generated_ids: generated.iter().map(|id| ((*id).to_owned(), "ec2:CreateVpc".to_owned())).collect(),
            attachments: pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            ..Lineage::default()
        }
    }

    #[test]
    fn what_lives_in_a_new_vpc_is_new_too() {
        let ids = generated_ids(&lineage(&["vpc-1"], &[("rtb-1", "vpc-1"), ("rtb-1", "rtbassoc-1")]));
        assert!(ids.contains_key("rtb-1") && ids.contains_key("rtbassoc-1"));
    }

    #[test]
    fn a_route_table_that_a_new_subnet_is_hung_on_may_be_an_old_one() {
        let ids =
            generated_ids(&lineage(&["subnet-1"], &[("rtb-1", "subnet-1"), ("igw-1", "vpc-1"), ("vpc-1", "subnet-1")]));
        assert_eq!(ids.keys().collect::<Vec<_>>(), ["subnet-1"]);
    }

    #[test]
    fn an_internet_gateway_is_only_attached() {
        assert!(!generated_ids(&lineage(&["vpc-1"], &[("igw-1", "vpc-1")])).contains_key("igw-1"));
    }
}
