//! The statement for CloudTrail Lake: whole records of the principals in the window.
//!
//! Lake charges by what a statement scans, and scans less for a window. It takes a part of SQL only: no common tables, no
//! functions over maps. So it filters, and the reading is done here.

use jiff::Timestamp;

use crate::aggregator::Selection;
use crate::collector::remote::LakeStore;
use crate::iam::PrincipalSelector;

/// Asks for the records that may count. The selection is checked again on each of them.
pub fn statement(store: &LakeStore, wanted: &Selection) -> String {
    let mut filters = Vec::new();
    filters.extend(wanted.since.map(|since| format!("eventTime >= '{}'", time(since))));
    // A record's time is whole seconds, and the end of a window may not be.
    filters.extend(wanted.until.map(|until| format!("eventTime <= '{}'", time(until))));
    filters.extend(among("awsRegion", &wanted.regions));
    filters.extend(among("recipientAccountId", &wanted.accounts));
    let principals: Vec<String> = wanted.principals.iter().map(principal).collect();
    if !principals.is_empty() {
        filters.push(format!("({})", principals.join(" OR ")));
    }
    let keys: Vec<String> = wanted.access_keys.iter().cloned().collect();
    filters.extend(among("userIdentity.accessKeyId", &keys));
    let filter = if filters.is_empty() { String::new() } else { format!(" WHERE {}", filters.join(" AND ")) };
    format!("SELECT eventJson FROM {}{filter}", store.id)
}

/// A role is the issuer of its sessions; a user is itself.
fn principal(selector: &PrincipalSelector) -> String {
    match selector {
        PrincipalSelector::Exact(arn) if arn.is_user() => format!("userIdentity.arn = {}", text(&arn.to_string())),
        PrincipalSelector::Exact(arn) => {
            format!("userIdentity.sessionContext.sessionIssuer.arn = {}", text(&arn.to_string()))
        }
        PrincipalSelector::RoleName { name, .. } => {
            format!("userIdentity.sessionContext.sessionIssuer.userName = {}", text(name))
        }
    }
}

fn among(column: &str, values: &[String]) -> Option<String> {
    let values: Vec<String> = values.iter().map(|value| text(value)).collect();
    (!values.is_empty()).then(|| format!("{column} IN ({})", values.join(", ")))
}

/// A text as SQL writes it.
fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> LakeStore {
        "lake://1111-2222".parse().unwrap()
    }

    #[test]
    fn everything_that_narrows_is_in_the_statement() {
        let wanted = Selection {
            principals: vec!["arn:aws:iam::111122223333:role/ci/runner".parse().unwrap(), "deploy".parse().unwrap()],
            since: Some("2026-10-01T00:00:00Z".parse().unwrap()),
            until: Some("2026-10-31T23:59:59.999Z".parse().unwrap()),
            regions: vec!["eu-west-1".into(), "us-east-1".into()],
            accounts: vec!["111122223333".into()],
            ..Selection::default()
        };
        assert_eq!(
            statement(&store(), &wanted),
            "SELECT eventJson FROM 1111-2222 WHERE eventTime >= '2026-10-01 00:00:00' AND eventTime <= '2026-10-31 23:59:59' \
             AND awsRegion IN ('eu-west-1', 'us-east-1') AND recipientAccountId IN ('111122223333') AND \
             (userIdentity.sessionContext.sessionIssuer.arn = 'arn:aws:iam::111122223333:role/ci/runner' OR \
             userIdentity.sessionContext.sessionIssuer.userName = 'deploy')"
        );
        assert_eq!(statement(&store(), &Selection::default()), "SELECT eventJson FROM 1111-2222");
    }

    #[test]
    fn what_a_user_typed_stays_text() {
        let wanted = Selection { regions: vec!["x' OR '1' = '1".into()], ..Selection::default() };
        assert!(statement(&store(), &wanted).ends_with("awsRegion IN ('x'' OR ''1'' = ''1')"));
    }
}
