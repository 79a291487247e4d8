//! Records from an event data store of CloudTrail Lake, by a statement of its SQL.
//!
//! The statement is started, watched to its end, and its rows are read page by page. It costs by what it scans: told
//! afterwards, and kept small by a window. If the run ends before it, the statement is cancelled.

mod statement;

use std::time::Duration;

use aws_config::Region;
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::types::{QueryStatisticsForDescribeQuery, QueryStatus};

use self::statement::statement;
use super::error::{Call, kind_of};
use super::remote::Reading;
use crate::collector::remote::LakeStore;
use crate::collector::remote_error::RemoteErrorKind;

/// How often the state of a statement is asked for: CloudTrail answers ten requests a second.
const PATIENCE: Duration = Duration::from_millis(500);

/// Rows that Lake gives in one answer.
const PAGE: i32 = 1_000;

/// Reads the source.
pub async fn read(store: &LakeStore, reading: &Reading) -> Result<(), RemoteErrorKind> {
    let region = store.region.clone().or_else(|| reading.config.region().map(ToString::to_string));
    let region = region.ok_or(RemoteErrorKind::NoRegion)?;
    let config = aws_sdk_cloudtrail::config::Builder::from(&reading.config).region(Region::new(region.clone()));
    let lake = Lake { client: Client::from_conf(config.build()), region, store };
    if reading.wanted.since.is_none() {
        tracing::warn!("{store}: without `--since` the statement scans, and charges for, all that the store holds");
    }
    let query = lake.start(&statement(store, &reading.wanted)).await?;
    tokio::select! {
        done = lake.watch(&query, reading) => done,
        _ = tokio::signal::ctrl_c() => {
            lake.cancel(&query).await;
            Err(RemoteErrorKind::Other("interrupted; the statement was cancelled".to_owned()))
        }
    }
}

/// The service, and what is asked of it.
struct Lake<'a> {
    client: Client,
    region: String,
    store: &'a LakeStore,
}

impl Lake<'_> {
    fn call(&self, action: &'static str) -> Call<'_> {
        Call { action, region: &self.region }
    }

    async fn start(&self, statement: &str) -> Result<String, RemoteErrorKind> {
        const ACTION: &str = "cloudtrail:StartQuery";
        tracing::debug!("{}: {statement}", self.store);
        let asked = self.client.start_query().query_statement(statement);
        let answer = asked.send().await.map_err(|error| kind_of(&error, self.call(ACTION)))?;
        let id = answer.query_id().map(str::to_owned);
        id.ok_or_else(|| RemoteErrorKind::Other(format!("the answer to `{ACTION}` is incomplete")))
    }

    async fn watch(&self, query: &str, reading: &Reading) -> Result<(), RemoteErrorKind> {
        self.finish(query, reading).await?;
        self.hand_on(query, reading).await
    }

    /// Waits until the statement is done, and tells what it cost.
    async fn finish(&self, query: &str, reading: &Reading) -> Result<(), RemoteErrorKind> {
        loop {
            let answer = self.client.describe_query().query_id(query).send().await;
            let answer = answer.map_err(|error| kind_of(&error, self.call("cloudtrail:DescribeQuery")))?;
            let statistics = answer.query_statistics();
            let scanned = statistics.and_then(QueryStatisticsForDescribeQuery::bytes_scanned).unwrap_or_default();
            match answer.query_status() {
                Some(QueryStatus::Finished) => {
                    let events =
                        statistics.and_then(QueryStatisticsForDescribeQuery::events_matched).unwrap_or_default();
                    tracing::info!("{}: {events} events found, {} scanned and charged for", self.store, size(scanned));
                    return Ok(());
                }
                Some(status @ (QueryStatus::Failed | QueryStatus::Cancelled | QueryStatus::TimedOut)) => {
                    let reason = answer.error_message().unwrap_or("no reason is told");
                    let status = status.as_str().to_ascii_lowercase().replace('_', " ");
                    let spent = size(scanned);
                    return Err(RemoteErrorKind::Query {
                        said: format!("the statement {status}: {reason} ({spent} scanned and charged for)"),
                        advice: "narrow `--since`, `--until`, `--region` or `--account`".to_owned(),
                    });
                }
                _ => reading.bar.set_message(format!("{}: {} scanned", self.store, size(scanned))),
            }
            tokio::time::sleep(PATIENCE).await;
        }
    }

    async fn hand_on(&self, query: &str, reading: &Reading) -> Result<(), RemoteErrorKind> {
        let mut token: Option<String> = None;
        for page in 1_u64.. {
            let asked = self.client.get_query_results().query_id(query).max_query_results(PAGE);
            let answer = asked.set_next_token(token.take()).send().await;
            let answer = answer.map_err(|error| kind_of(&error, self.call("cloudtrail:GetQueryResults")))?;
            let mut text = Vec::new();
            // A row is a list of columns, each a map with one name.
            for column in answer.query_result_rows().iter().flatten() {
                let record = column.iter().find(|(name, _)| name.eq_ignore_ascii_case("eventJson"));
                if let Some((_, record)) = record {
                    text.extend_from_slice(record.as_bytes());
                    text.push(b'\n');
                }
            }
            if !text.is_empty() {
                reading.outbox.text(format!("{}, page {page}", self.store), text).await;
            }
            token = answer.next_token().map(str::to_owned);
            if token.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// What nobody waits for should cost nothing more.
    async fn cancel(&self, query: &str) {
        if let Err(error) = self.client.cancel_query().query_id(query).send().await {
            tracing::debug!("{}: {}", self.store, kind_of(&error, self.call("cloudtrail:CancelQuery")));
        }
    }
}

fn size(bytes: i64) -> String {
    indicatif::HumanBytes(bytes.unsigned_abs()).to_string()
}
