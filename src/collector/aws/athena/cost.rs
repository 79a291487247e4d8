//! What a statement costs, in words.

use aws_sdk_athena::types::{QueryExecution, QueryExecutionStatistics, ResultReuseInformation};

use crate::aggregator::Selection;

/// US dollars for a terabyte read, and the least that is paid for: ten megabytes a statement.
/// <https://aws.amazon.com/athena/pricing/>, us-east-1; other Regions and provisioned capacity differ.
const DOLLARS_A_TERABYTE: f64 = 5.0;
const LEAST: u64 = 10 << 20;
const TERABYTE: f64 = (1_u64 << 40) as f64;

/// What can be said before.
pub fn before(limit: Option<u64>, wanted: &Selection) -> String {
    let most = match limit {
        Some(bytes) => {
            format!("the work group lets a statement read {}, at most {}", self::bytes(bytes), dollars(bytes))
        }
        None => "the work group sets no limit on what a statement reads".to_owned(),
    };
    let all = |list: &[String], name: &str| if list.is_empty() { Some(format!("all {name}")) } else { None };
    let mut whole: Vec<String> = Vec::new();
    whole.extend(all(&wanted.accounts, "accounts"));
    whole.extend(all(&wanted.regions, "Regions"));
    if wanted.since.is_none() {
        whole.push("all days since the trail began".to_owned());
    }
    if whole.is_empty() { most } else { format!("{most}; {} of the table are read", whole.join(", ")) }
}

/// What is known afterwards.
pub fn after(done: &QueryExecution) -> String {
    let told = done.statistics();
    let scanned = told.and_then(QueryExecutionStatistics::data_scanned_in_bytes).unwrap_or(0).unsigned_abs();
    let milliseconds = told.and_then(QueryExecutionStatistics::total_execution_time_in_millis).unwrap_or(0);
    let reused = told
        .and_then(QueryExecutionStatistics::result_reuse_information)
        .is_some_and(ResultReuseInformation::reused_previous_result);
    if reused {
        return "an earlier result of the same statement was used, at no cost".to_owned();
    }
    format!("{}, {:.1} seconds", spent(scanned), milliseconds as f64 / 1000.0)
}

/// `12.3 GiB read, about $0.06`
pub fn spent(scanned: u64) -> String {
    format!("{} read, {}", bytes(scanned), dollars(scanned))
}

fn dollars(bytes: u64) -> String {
    let paid = if bytes == 0 { 0 } else { bytes.max(LEAST) };
    let dollars = paid as f64 / TERABYTE * DOLLARS_A_TERABYTE;
    if dollars < 0.01 { "less than $0.01".to_owned() } else { format!("about ${dollars:.2}") }
}

/// A number of bytes for people.
pub fn bytes(bytes: u64) -> String {
    indicatif::BinaryBytes(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_told_by_what_is_read() {
        assert_eq!(spent(0), "0 B read, less than $0.01");
        assert_eq!(spent(123_456_789_012), "114.98 GiB read, about $0.56");
    }

    #[test]
    fn what_is_not_narrowed_is_told_before() {
        let open = before(None, &Selection::default());
        assert!(open.contains("no limit") && open.contains("all Regions"), "{open}");
    }
}
