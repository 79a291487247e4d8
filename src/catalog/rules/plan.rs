//! What a service's rules say of one operation, whatever its request: worked out once an operation.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::{CommonRules, Rules, ServiceRules, like, squeeze};
use crate::catalog::{Catalog, Table};
use crate::iam::Action;

/// The rows and resource types that an operation's name selects.
#[derive(Debug, Default)]
pub struct Plan {
    /// The IAM prefix of the operation's service.
    pub service: String,
    /// Indexes of call rows.
    pub calls: Vec<usize>,
    /// Indexes of extra rows.
    pub extra: Vec<usize>,
    /// Names of the resource types that the operation creates.
    pub creates: BTreeSet<String>,
    /// The action of the operation's name, once somebody looked it up.
    pub action: OnceLock<Option<Action>>,
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
            service: service.to_owned(),
            calls: indexes(&rules.calls, |row| named(&row.events)),
            extra: indexes(&rules.extra, |row| named(&row.events)),
            creates: kinds.filter(creates).map(str::to_owned).collect(),
            action: OnceLock::new(),
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

/// What was worked out by two names: of a source and an operation, of a service and an action.
type ByNames<T> = RwLock<Table<Table<Arc<T>>>>;

/// What was worked out so far.
#[derive(Debug, Default)]
pub(super) struct Plans {
    /// By event source and operation.
    plans: ByNames<Plan>,
    /// Indexes of the context rows that name an action, by service and action.
    contexts: ByNames<Vec<usize>>,
}

impl Plans {
    /// The plan of an operation, made when it is first asked for.
    pub fn plan(&self, rules: &Rules, source: &str, operation: &str, catalog: &Catalog) -> Arc<Plan> {
        known_or(&self.plans, source, operation, || {
            let service = rules.prefix_of(source);
            Plan::of(rules.service(service), rules.common(), service, operation, catalog)
        })
    }

    /// The context rows of a service that name an action.
    pub fn context(&self, rules: &ServiceRules, action: &Action) -> Arc<Vec<usize>> {
        known_or(&self.contexts, action.service(), action.name(), || {
            indexes(&rules.context, |row| row.actions.iter().any(|name| like(name, action.as_str())))
        })
    }
}

fn known_or<T>(table: &ByNames<T>, first: &str, second: &str, make: impl FnOnce() -> T) -> Arc<T> {
    let known = table.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.get(first).and_then(|inner| inner.get(second)) {
        return Arc::clone(found);
    }
    drop(known);
    let made = Arc::new(make());
    let mut known = table.write().unwrap_or_else(PoisonError::into_inner);
    known.entry(first.into()).or_default().insert(second.into(), Arc::clone(&made));
    made
}
