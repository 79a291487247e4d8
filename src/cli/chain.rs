//! Role chaining: a runner that mostly assumes other roles, as CDK's does. The sessions that it opened are followed by
//! the access key in the answer to `AssumeRole`, and are the evidence for policies of the assumed roles.

use std::collections::{BTreeMap, BTreeSet};

use super::CliError;
use crate::aggregator::{Aggregator, Selection, Usage};
use crate::catalog::Catalog;
use crate::cloudtrail::Needles;
use crate::collector::{CollectOptions, Input, collect};
use crate::iam::{PrincipalArn, PrincipalSelector};

/// Adds the usage of the sessions that the found principals opened, of those that these opened, and so on.
pub fn follow(
    found: &mut BTreeMap<PrincipalArn, Usage>,
    inputs: &[Input],
    options: &CollectOptions,
    selection: &Selection,
    catalog: &Catalog,
) -> Result<(), CliError> {
    let asked: BTreeSet<PrincipalArn> = found.keys().cloned().collect();
    let mut followed = BTreeSet::new();
    loop {
        let opened: Vec<(&PrincipalArn, &String)> = found
            .values()
            .flat_map(|usage| &usage.assumed)
            .flat_map(|(role, keys)| keys.iter().map(move |key| (role, key)))
            .collect();
        let keys: BTreeSet<String> = opened.iter().map(|(_, key)| (*key).clone()).collect();
        let roles: BTreeSet<&PrincipalArn> =
            opened.iter().map(|(role, _)| *role).filter(|role| !asked.contains(*role)).collect();
        if roles.is_empty() || keys == followed {
            return Ok(());
        }
        // A session is told by its key, so the names of sessions that were asked for do not count here.
        let chained = Selection {
            principals: roles.into_iter().cloned().map(PrincipalSelector::Exact).collect(),
            sessions: Vec::new(),
            access_keys: keys.clone(),
            ..selection.clone()
        };
        let needles = Needles::of(&chained.principals);
        let options = CollectOptions { wanted: chained.clone(), verify: None, ..options.clone() };
        let usages = collect(inputs, &options, &needles, || Aggregator::new(catalog, &chained))?.sink.finish();
        found.extend(usages.into_iter().filter(|(_, usage)| usage.records.used > 0));
        followed = keys;
    }
}
