//! What a service's rules say of one operation, whatever its request: worked out once an operation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock};

use super::{CommonRules, ServiceRules, like, squeeze};
use crate::catalog::Catalog;

/// The rows and resource types that an operation's name selects.
#[derive(Debug, Default)]
pub struct Plan {
    /// Indexes of call rows.
    pub calls: Vec<usize>,
    /// Indexes of extra rows.
    pub extra: Vec<usize>,
    /// Names of the resource types that the operation creates.
    pub creates: BTreeSet<String>,
}

impl Plan {
    fn of(rules: &ServiceRules, common: &CommonRules, service: &str, operation: &str, catalog: &Catalog) -> Self {
        let named = |patterns: &[String]| patterns.iter().any(|pattern| like(pattern, operation));
        let creates = |kind: &&str| match rules.types.get(*kind).map(|rule| rule.created_by.as_slice()) {
            Some(created_by @ [_, ..]) => named(created_by),
            _ => is_named_after(operation, kind, &common.create_verbs),
        };
        let kinds = catalog.resource_types(service).iter().map(|kind| kind.name.as_str());
        Self {
            calls: indexes(&rules.calls, |row| named(&row.events)),
            extra: indexes(&rules.extra, |row| named(&row.events)),
            creates: kinds.filter(creates).map(str::to_owned).collect(),
        }
    }
}

fn indexes<T>(rows: &[T], selects: impl Fn(&T) -> bool) -> Vec<usize> {
    rows.iter().enumerate().filter(|(_, row)| selects(row)).map(|(index, _)| index).collect()
}

/// Whether an operation is named after making the type: `CreateNatGateway`, `RunInstances`.
fn is_named_after(operation: &str, kind: &str, verbs: &[String]) -> bool {
    let kind = squeeze(kind);
    let mut nouns = verbs.iter().filter_map(|verb| operation.strip_prefix(verb.as_str())).map(squeeze);
    nouns.any(|noun| noun == kind || noun.strip_suffix('s') == Some(&kind))
}

/// Operation names to plans, by service.
type ByService = BTreeMap<String, BTreeMap<String, Arc<Plan>>>;

/// Plans made so far.
#[derive(Debug, Default)]
pub(super) struct Plans(RwLock<ByService>);

impl Plans {
    /// The plan of an operation, made when it is first asked for.
    pub fn get(
        &self,
        rules: &ServiceRules,
        common: &CommonRules,
        service: &str,
        operation: &str,
        catalog: &Catalog,
    ) -> Arc<Plan> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(plan) = known.get(service).and_then(|plans| plans.get(operation)) {
            return Arc::clone(plan);
        }
        drop(known);
        let plan = Arc::new(Plan::of(rules, common, service, operation, catalog));
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(service.to_owned()).or_default().insert(operation.to_owned(), Arc::clone(&plan));
        plan
    }
}
