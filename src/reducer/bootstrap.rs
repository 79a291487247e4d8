//! `--split-bootstrap`: which grants are needed once an account and not by the deployments that follow.

#![expect(clippy::indexing_slicing, reason = "grants name samples by their place in the one list of samples")]

use std::sync::LazyLock;

use super::drafts::Draft;
use super::sample::Sample;
use super::section::Section;
use crate::data_file;
use crate::iam::{ActionPattern, ArnPattern};

/// A row of `data/bootstrap.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRow {
    actions: Vec<String>,
    resource: String,
    #[expect(dead_code, reason = "for people who read the file; its presence is checked by deserialising it")]
    reason: String,
    /// Only actions that make or set something; later runs read and use it.
    #[serde(default)]
    making: bool,
}

#[derive(Debug, serde::Deserialize)]
struct Table {
    row: Vec<RawRow>,
}

/// A row, parsed.
#[derive(Debug)]
struct Row {
    actions: Vec<ActionPattern>,
    resource: ArnPattern,
    making: bool,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let table: Table = data_file::sound(include_str!("data/bootstrap.toml"));
    let row = |raw: RawRow| {
        let actions = raw.actions.iter().filter_map(|text| text.parse().ok()).collect();
        Some(Row { actions, resource: raw.resource.parse().ok()?, making: raw.making })
    };
    table.row.into_iter().filter_map(row).collect()
});

const MAKING: [&str; 6] = ["Create", "Put", "Set", "Tag", "Attach", "Enable"];

/// Marks the grants of what is done once an account. With a request that came again later the grant stays where it is.
pub(crate) fn mark(drafts: &mut [Draft], samples: &[Sample<'_>]) {
    for draft in drafts.iter_mut().filter(|draft| is_once(draft)) {
        if draft.samples.iter().all(|at| samples[*at].observation.evidence.events <= 1) {
            draft.section = Section::Bootstrap;
        }
    }
}

fn is_once(draft: &Draft) -> bool {
    let makes = MAKING.iter().any(|verb| draft.action.name().starts_with(verb));
    let exact = !draft.pattern.has_wildcard() && !draft.pattern.is_any();
    exact
        && ROWS.iter().any(|row| {
            row.actions.iter().any(|pattern| pattern.matches(&draft.action))
                && row.resource.covers(&draft.pattern)
                && (makes || !row.making)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn once(action: &str, resource: &str) -> bool {
        is_once(&Draft {
            section: Section::Main,
            action: action.parse().unwrap(),
            pattern: resource.parse().unwrap(),
            conditions: Default::default(),
            reasons: Default::default(),
            samples: Vec::new(),
        })
    }

    #[test]
    fn every_row_is_read() {
        assert_eq!(ROWS.len(), include_str!("data/bootstrap.toml").matches("[[row]]").count());
        assert!(ROWS.iter().all(|row| !row.actions.is_empty()));
    }

    #[test]
    fn service_linked_roles_are_made_once_and_cluster_providers_are_not() {
        assert!(once(
            "iam:CreateServiceLinkedRole",
            "arn:aws:iam::111122223333:role/aws-service-role/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
        ));
        let provider = "arn:aws:iam::111122223333:oidc-provider/";
        assert!(once("iam:CreateOpenIDConnectProvider", &format!("{provider}token.actions.githubusercontent.com")));
        assert!(!once(
            "iam:CreateOpenIDConnectProvider",
            &format!("{provider}oidc.eks.eu-central-1.amazonaws.com/id/*")
        ));
    }

    #[test]
    fn a_bootstrap_bucket_is_made_once_and_used_ever_after() {
        let bucket = "arn:aws:s3:::cdk-hnb659fds-assets-111122223333-eu-central-1";
        assert!(once("s3:CreateBucket", bucket));
        assert!(!once("s3:ListBucket", bucket));
    }
}
