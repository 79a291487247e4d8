//! The statement from its start to its end.

use std::time::Duration;

use aws_sdk_athena::types::{
    QueryExecution, QueryExecutionContext, QueryExecutionState, QueryExecutionStatistics, QueryExecutionStatus,
    ResultReuseByAgeConfiguration, ResultReuseConfiguration,
};
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::ask::CATALOG;
use super::{Asked, cost};
use crate::collector::aws::error::kind_of;
use crate::collector::aws::remote::Reading;
use crate::collector::remote_error::RemoteErrorKind;

/// Longer than Athena lets a statement run, whatever the account's quota.
const LONGEST_WAIT: Duration = Duration::from_secs(5 * 60 * 60);

/// The longest age of a result that Athena gives again, in minutes: seven days.
const OLDEST_RESULT: i32 = 7 * 24 * 60;

impl Asked<'_> {
    /// Starts the statement; its id.
    pub async fn start(&self, sql: &str, reading: &Reading) -> Result<String, RemoteErrorKind> {
        let context = QueryExecutionContext::builder().catalog(CATALOG).database(&self.table.database).build();
        let request = self.client.start_query_execution().query_string(sql).query_execution_context(context);
        let request = request.work_group(&self.table.workgroup).set_result_reuse_configuration(reuse(reading));
        let answer =
            request.send().await.map_err(|error| match kind_of(&error, self.call("athena:StartQueryExecution")) {
                RemoteErrorKind::Refused { said, .. } => refused(said),
                other => other,
            })?;
        answer.query_execution_id.ok_or_else(|| RemoteErrorKind::Other("Athena gave the statement no id".to_owned()))
    }

    /// Waits for the end. Where that can't be seen the statement is stopped, as nobody would read its result.
    pub async fn finish(
        &self,
        id: &str,
        limit: Option<u64>,
        reading: &Reading,
    ) -> Result<QueryExecution, RemoteErrorKind> {
        let ended = tokio::select! {
            ended = self.watch(id, reading) => ended,
            _ = tokio::signal::ctrl_c() => Err(RemoteErrorKind::Other("interrupted; the statement was stopped".to_owned())),
        };
        match ended {
            Ok(done) => done_or_why(done, limit),
            Err(kind) => {
                let stopped = self.client.stop_query_execution().query_execution_id(id).send().await;
                if let Err(error) = stopped {
                    let why = kind_of(&error, self.call("athena:StopQueryExecution"));
                    tracing::warn!("the statement {id} may still run: {why}");
                }
                Err(kind)
            }
        }
    }

    async fn watch(&self, id: &str, reading: &Reading) -> Result<QueryExecution, RemoteErrorKind> {
        let began = Instant::now();
        let mut pause = Duration::from_millis(200);
        loop {
            let answer = self.client.get_query_execution().query_execution_id(id).send().await;
            let answer = answer.map_err(|error| kind_of(&error, self.call("athena:GetQueryExecution")))?;
            let Some(execution) = answer.query_execution else {
                return Err(RemoteErrorKind::Other(format!("Athena does not know the statement {id}")));
            };
            let state = execution.status().and_then(QueryExecutionStatus::state);
            match state {
                Some(QueryExecutionState::Queued | QueryExecutionState::Running) | None => {
                    let scanned =
                        execution.statistics().and_then(QueryExecutionStatistics::data_scanned_in_bytes).unwrap_or(0);
                    reading.bar.set_message(format!("Athena: {} read", cost::bytes(scanned.unsigned_abs())));
                }
                Some(_) => return Ok(execution),
            }
            if began.elapsed() > LONGEST_WAIT {
                return Err(RemoteErrorKind::Query {
                    said: "the statement did not end in five hours and was stopped".to_owned(),
                    advice: "narrow `--since`, `--until`, `--region` or `--account`".to_owned(),
                });
            }
            sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_secs(3));
        }
    }
}

/// The execution if it succeeded, else what happened and what to do.
fn done_or_why(done: QueryExecution, limit: Option<u64>) -> Result<QueryExecution, RemoteErrorKind> {
    let status = done.status();
    let state = status.and_then(QueryExecutionStatus::state).cloned();
    if state == Some(QueryExecutionState::Succeeded) {
        return Ok(done);
    }
    let reason = status.and_then(QueryExecutionStatus::state_change_reason).unwrap_or("no reason given");
    let ended = if state == Some(QueryExecutionState::Cancelled) { "cancelled" } else { "failed" };
    let scanned =
        done.statistics().and_then(QueryExecutionStatistics::data_scanned_in_bytes).unwrap_or(0).unsigned_abs();
    Err(RemoteErrorKind::Query {
        said: format!("the statement {ended}: {reason} ({})", cost::spent(scanned)),
        advice: advice(reason, limit),
    })
}

fn refused(said: String) -> RemoteErrorKind {
    let advice = advice(&said, None);
    RemoteErrorKind::Query { said: format!("Athena refused the statement: {said}"), advice }
}

/// What to do about a reason, told by words in it.
fn advice(reason: &str, limit: Option<u64>) -> String {
    const NARROW: &str = "narrow `--since`, `--until`, `--region` or `--account`";
    let holds = |words: &[&str]| words.iter().any(|word| reason.contains(word));
    if holds(&["Bytes scanned limit", "scanned limit"]) {
        let limit = limit.map(|bytes| format!(" ({})", cost::bytes(bytes))).unwrap_or_default();
        return format!(
            "the work group's limit on one statement{limit} is too low for this window: {NARROW}, or raise it"
        );
    }
    if holds(&["exhausted resources", "EXCEEDED_MEMORY", "timeout", "Timeout"]) {
        return format!("too much for one statement: {NARROW}, and read the parts one after the other into a store");
    }
    if holds(&["output location", "output bucket", "OutputLocation"]) {
        return "give the work group a place for its results (`aws athena update-work-group`)".to_owned();
    }
    if holds(&["Access Denied", "AccessDenied", "Insufficient permissions", "not authorized"]) {
        return "grant what the book's page on permissions lists for Athena: the trail's bucket, the bucket of results, and \
                the table in Glue; keys of KMS, where those buckets are encrypted with one"
            .to_owned();
    }
    if holds(&["TABLE_NOT_FOUND", "Table does not exist", "does not exist", "SCHEMA_NOT_FOUND"]) {
        return "`trailtrim athena ddl` prints the definition of a table, to be run once in Athena".to_owned();
    }
    if holds(&["COLUMN_NOT_FOUND", "cannot be resolved", "TYPE_MISMATCH"]) {
        return "the table is not defined as AWS documents it for CloudTrail: make one with `trailtrim athena ddl`"
            .to_owned();
    }
    if holds(&["HIVE_BAD_DATA", "HIVE_CURSOR_ERROR", "HIVE_CANNOT_OPEN_SPLIT"]) {
        return "an object of the trail is damaged or in a class that must be restored first; the reason names it. Reading \
                `s3://…` instead goes on past it and tells of the gap"
            .to_owned();
    }
    if holds(&["CONSTRAINT_VIOLATION"]) {
        return "the table's partitions must be named: give `--account` and `--region`".to_owned();
    }
    if holds(&["cancelled by user", "Cancelled by user", "canceled by user"]) {
        return "somebody stopped it; repeat the command".to_owned();
    }
    "Athena's history shows the statement, and `--dry-run` prints it".to_owned()
}

/// An old result is as good as a new one where nothing can have been added to the window since.
fn reuse(reading: &Reading) -> Option<ResultReuseConfiguration> {
    if !is_closed(reading.wanted.until, reading.now) {
        return None;
    }
    let by_age = ResultReuseByAgeConfiguration::builder().enabled(true).max_age_in_minutes(OLDEST_RESULT).build();
    Some(ResultReuseConfiguration::builder().result_reuse_by_age_configuration(by_age).build())
}

/// Whether the window ended more than the oldest result and a late delivery ago: then no result can lack anything.
fn is_closed(until: Option<Timestamp>, now: Timestamp) -> bool {
    let ample = SignedDuration::from_mins(i64::from(OLDEST_RESULT)) + SignedDuration::from_hours(24);
    until.and_then(|until| until.checked_add(ample).ok()).is_some_and(|closed| closed <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_come_with_advice() {
        for (reason, words) in [
            ("Bytes scanned limit was exceeded", "limit on one statement (9.31 GiB)"),
            ("Query exhausted resources at this scale factor", "narrow"),
            ("COLUMN_NOT_FOUND: line 3:9: Column 'apiversion' cannot be resolved", "athena ddl"),
            ("HIVE_CURSOR_ERROR: s3://x: incorrect header check", "damaged"),
            ("Insufficient permissions to execute the query", "permissions"),
            ("Query cancelled by user", "repeat"),
            ("INTERNAL_ERROR", "history"),
        ] {
            let advice = advice(reason, Some(10_000_000_000));
            assert!(advice.contains(words), "{reason}: {advice}");
        }
    }

    #[test]
    fn results_are_reused_only_for_windows_long_closed() {
        let now: Timestamp = "2026-11-24T00:00:00Z".parse().unwrap();
        let closed = |until: &str| is_closed(Some(until.parse().unwrap()), now);
        assert!(closed("2026-11-15T00:00:00Z") && !closed("2026-11-20T00:00:00Z") && !is_closed(None, now));
    }
}
