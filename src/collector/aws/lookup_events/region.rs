//! Reads the event history of one Region, page by page, newest first.

use std::sync::Arc;
use std::time::Duration;

use aws_config::Region;
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use jiff::Timestamp;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::NAME;
use super::kept::{Kept, Window, Work};
use super::plan::Plan;
use super::progress::Progress;
use crate::collector::aws::error::{Call, kind_of};
use crate::collector::aws::outbox::Outbox;
use crate::collector::aws::remote::Reading;
use crate::collector::remote_error::RemoteErrorKind;

/// CloudTrail answers two requests a second for an account and Region, and one that is refused costs up to 20 seconds of
/// waiting: a little slower is much faster.
const PACE: Duration = Duration::from_millis(530);

/// The most that a page may hold.
const PAGE: i32 = 50;

/// How often reading starts again at the same second before it is given up.
const MOST_RESTARTS: u32 = 3;

/// Why a Region's reading ended early.
#[derive(Debug)]
pub struct Ended {
    pub kind: RemoteErrorKind,
    /// From here back nothing was read.
    pub before: Option<Timestamp>,
}

/// Reads one Region.
#[derive(Debug)]
pub struct RegionReader {
    region: String,
    client: Client,
    pace: Interval,
    attribute: Option<LookupAttribute>,
    outbox: Outbox,
    progress: Arc<Progress>,
    kept: Option<Kept>,
    work: Work,
    pages: u64,
}

impl RegionReader {
    pub fn new(
        region: &str,
        plan: &Plan,
        reading: &Reading,
        kept: Option<Kept>,
        progress: Arc<Progress>,
    ) -> Result<Self, RemoteErrorKind> {
        let config = aws_sdk_cloudtrail::config::Builder::from(&reading.config).region(Region::new(region.to_owned()));
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The end is asked for to the second, so the one that is begun counts as a whole.
        let (since, until) = (plan.since.as_second(), plan.until.as_second() + 1);
        let work = kept.as_ref().map_or_else(|| Work::new(since, until), |kept| kept.work().extended(since, until));
        Ok(Self {
            region: region.to_owned(),
            client: Client::from_conf(config.build()),
            pace,
            attribute: plan.attribute.as_ref().map(|(key, value)| attribute(key, value)).transpose()?,
            outbox: reading.outbox.clone(),
            progress,
            kept,
            work,
            pages: 0,
        })
    }

    /// Reads until nothing is left of the work.
    pub async fn read(mut self) -> Result<(), Ended> {
        self.hand_on_kept().await.map_err(|kind| Ended { kind, before: None })?;
        let mut restarts = 0;
        while let Some(window) = self.work.pending.first().cloned() {
            self.pace.tick().await;
            match self.ask(&window).await {
                Ok(answer) => {
                    restarts = 0;
                    self.take(answer).await.map_err(|kind| ended(kind, &window))?;
                }
                // A token lives for a while only. Newest come first, so the rest lies before the oldest event seen; what
                // is read twice at that second is told apart by its id.
                Err(kind) if window.token.is_some() && is_stale(&kind) && restarts < MOST_RESTARTS => {
                    restarts += 1;
                    tracing::info!("{NAME} in {}: {kind}; going on at the oldest event seen", self.region);
                    self.work.restart();
                }
                Err(kind) => return Err(ended(kind, &window)),
            }
        }
        Ok(())
    }

    async fn ask(&self, window: &Window) -> Result<LookupEventsOutput, RemoteErrorKind> {
        let asked = self.client.lookup_events();
        let asked = asked
            .set_lookup_attributes(self.attribute.clone().map(|attribute| vec![attribute]))
            .start_time(DateTime::from_secs(window.since))
            .end_time(DateTime::from_secs(window.until))
            .max_results(PAGE)
            .set_next_token(window.token.clone());
        let call = Call { action: "cloudtrail:LookupEvents", region: &self.region };
        asked.send().await.map_err(|error| kind_of(&error, call))
    }

    /// Hands on a page and notes how far it reaches.
    async fn take(&mut self, answer: LookupEventsOutput) -> Result<(), RemoteErrorKind> {
        self.pages += 1;
        let (text, without) = text_of(&answer);
        let oldest = answer.events().iter().filter_map(|event| event.event_time()).map(DateTime::secs).min();
        self.work.advance(oldest, answer.next_token());
        if let Some(kept) = &mut self.kept {
            kept.keep(&text, &self.work)
                .map_err(|error| RemoteErrorKind::Other(format!("can't keep what was read: {error}")))?;
        }
        let events = answer.events().len() as u64;
        self.progress.page(&self.region, events, self.work.left());
        let name = format!("{NAME} in {}, page {}", self.region, self.pages);
        if without > 0 {
            let kind = RemoteErrorKind::Other(format!("{without} events came without their record"));
            self.outbox.problem(name.clone(), kind).await;
        }
        if !text.is_empty() {
            self.outbox.text(name, text).await;
        }
        Ok(())
    }

    /// What an earlier run has read.
    async fn hand_on_kept(&mut self) -> Result<(), RemoteErrorKind> {
        let Some(kept) = &self.kept else { return Ok(()) };
        let unreadable = |error| RemoteErrorKind::Other(format!("can't read what was kept: {error}"));
        if let Some(reader) = kept.reader().map_err(unreadable)? {
            self.outbox.stream(kept.name(), Box::new(reader)).await;
        }
        Ok(())
    }
}

/// The records of a page, one on a line, and the number of events without one.
fn text_of(answer: &LookupEventsOutput) -> (Vec<u8>, usize) {
    let mut text = Vec::new();
    let mut without = 0;
    for event in answer.events() {
        match event.cloud_trail_event() {
            Some(record) => {
                text.extend_from_slice(record.as_bytes());
                text.push(b'\n');
            }
            None => without += 1,
        }
    }
    (text, without)
}

/// Whether the question may be asked again from its oldest event on. A token that is kept may meet other parameters than
/// CloudTrail takes today.
fn is_stale(kind: &RemoteErrorKind) -> bool {
    match kind {
        RemoteErrorKind::InvalidToken => true,
        RemoteErrorKind::Refused { code, .. } => code.contains("Token") || code.contains("TimeRange"),
        _ => false,
    }
}

fn ended(kind: RemoteErrorKind, window: &Window) -> Ended {
    Ended { kind, before: Timestamp::from_second(window.oldest.unwrap_or(window.until)).ok() }
}

fn attribute(key: &LookupAttributeKey, value: &str) -> Result<LookupAttribute, RemoteErrorKind> {
    LookupAttribute::builder()
        .attribute_key(key.clone())
        .attribute_value(value)
        .build()
        .map_err(|error| RemoteErrorKind::Other(error.to_string()))
}
