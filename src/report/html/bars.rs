//! Access by service as bars: how much of what is granted was used.

use super::text;
use crate::catalog::Catalog;
use crate::report::overview::ServiceUse;
use crate::report::words::{count, grouped};

/// Services of which something was used, or that many actions are granted of, have a bar of their own.
const MOST_UNUSED: usize = 24;

/// The bars.
#[derive(Debug, Default)]
pub struct Bars {
    pub rows: Vec<Bar>,
    /// What is said of the services that have no bar.
    pub rest: Option<String>,
    pub lead: String,
}

/// One service.
#[derive(Debug)]
pub struct Bar {
    pub prefix: String,
    pub name: String,
    pub granted: String,
    pub used: String,
    pub unused: String,
    pub missing: String,
    /// Parts of the whole width, in per cent.
    pub used_width: String,
    pub unused_width: String,
    pub missing_width: String,
}

/// The bars of these services; services that are used come first, each part sorted by how much of it is granted.
pub fn bars(services: &[ServiceUse], catalog: &Catalog) -> Bars {
    let mut sorted: Vec<&ServiceUse> = services.iter().collect();
    let touched = |one: &ServiceUse| one.used + one.missing > 0;
    sorted.sort_by_key(|one| (!touched(one), std::cmp::Reverse(one.granted + one.missing), one.service.clone()));
    let used = sorted.iter().filter(|one| touched(one)).count();
    let cut = sorted.len().min(used + MOST_UNUSED);
    let (shown, rest) = sorted.split_at_checked(cut).unwrap_or((&sorted, &[]));
    let most = shown.iter().map(|one| one.granted + one.missing).max().unwrap_or(1).max(1);
    let bar = |one: &&ServiceUse| Bar {
        prefix: text(&one.service),
        name: text(catalog.service_name(&one.service).unwrap_or_default()),
        granted: grouped(one.granted as u64),
        used: grouped(one.used as u64),
        unused: grouped((one.granted - one.used) as u64),
        missing: grouped(one.missing as u64),
        used_width: share(one.used, most),
        unused_width: share(one.granted - one.used, most),
        missing_width: share(one.missing, most),
    };
    Bars { rows: shown.iter().map(bar).collect(), rest: rest_text(rest), lead: lead(services) }
}

/// A share in per cent with one digit, the same on every machine.
fn share(part: usize, whole: usize) -> String {
    let tenths = part * 1_000 / whole;
    format!("{}.{}", tenths / 10, tenths % 10)
}

fn rest_text(rest: &[&ServiceUse]) -> Option<String> {
    let actions: usize = rest.iter().map(|one| one.granted).sum();
    let services = count(rest.len() as u64, "more service");
    (!rest.is_empty()).then(|| format!("And {services}, with {}, none of them used.", count(actions as u64, "action")))
}

fn lead(services: &[ServiceUse]) -> String {
    let sum = |of: fn(&ServiceUse) -> usize| services.iter().map(of).sum::<usize>();
    let (granted, used, missing) = (sum(|one| one.granted), sum(|one| one.used), sum(|one| one.missing));
    let mut lead = format!(
        "{} granted in {}: {} used, {} not.",
        count(granted as u64, "action"),
        count(services.iter().filter(|one| one.granted > 0).count() as u64, "service"),
        grouped(used as u64),
        grouped((granted - used) as u64)
    );
    if missing > 0 {
        lead.push_str(&format!(" {} used and not granted by these policies.", count(missing as u64, "action")));
    }
    lead
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(prefix: &str, granted: usize, used: usize) -> ServiceUse {
        ServiceUse { service: prefix.to_owned(), granted, used, missing: 0 }
    }

    #[test]
    fn what_is_used_comes_first_and_what_is_not_is_counted() {
        let mut services: Vec<ServiceUse> = (0..40).map(|at| service(&format!("s{at:02}"), 10, 0)).collect();
        services.push(service("eks", 4, 2));
        let bars = bars(&services, Catalog::embedded());
        assert_eq!(bars.rows[0].prefix, "eks");
        assert_eq!((bars.rows[0].used_width.as_str(), bars.rows[0].unused.as_str()), ("20.0", "2"));
        assert_eq!(bars.rows.len(), 1 + MOST_UNUSED);
        assert_eq!(bars.rest.unwrap(), "And 16 more services, with 160 actions, none of them used.");
        assert!(bars.lead.starts_with("404 actions granted in 41 services: 2 used, 402 not."), "{}", bars.lead);
    }
}
