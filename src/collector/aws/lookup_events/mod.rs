//! The event history: what CloudTrail keeps of the last 90 days without a trail, through `LookupEvents`.
//!
//! 1. the plan: which Regions, which window, which attribute ([`plan`]);
//! 2. each Region is read by a task of its own, newest events first, two pages a second at most ([`region`]);
//! 3. what was read can be kept, so that a cut run goes on and the next one asks only for what is new ([`kept`]).
//!
//! A Region that fails keeps what it gave, and the coverage tells how far it got.

mod kept;
mod plan;
mod progress;
mod region;

use std::sync::Arc;

use self::kept::Kept;
use self::plan::{HISTORY, Plan};
use self::progress::Progress;
use self::region::{Ended, RegionReader};
use super::remote::Reading;
use crate::collector::remote_error::RemoteErrorKind;

/// What problems and texts of this source are called.
const NAME: &str = "lookup-events";

/// Reads the event history of all Regions at once.
pub async fn read(reading: &Reading) -> Result<(), RemoteErrorKind> {
    let plan = Plan::new(&reading.wanted, reading.config.region().map(AsRef::as_ref), reading.now)?;
    tell(&plan, reading).await;
    let progress = Arc::new(Progress::new(reading.bar.clone(), &plan));
    let mut tasks = Vec::new();
    for region in &plan.regions {
        let kept = match &reading.aws.cache {
            Some(directory) => Some(Kept::open(directory, &kept_name(&plan, region, reading)).map_err(|error| {
                RemoteErrorKind::Other(format!("can't keep what is read in `{}`: {error}", directory.display()))
            })?),
            None => None,
        };
        let reader = RegionReader::new(region, &plan, reading, kept, Arc::clone(&progress))?;
        tasks.push((region, tokio::spawn(reader.read())));
    }
    let mut failed = Vec::new();
    let regions = tasks.len();
    for (region, task) in tasks {
        let fault =
            |panic| Ended { kind: RemoteErrorKind::Other(format!("a fault of trailtrim ({panic})")), before: None };
        if let Err(ended) = task.await.unwrap_or_else(|panic| Err(fault(panic))) {
            failed.push((region, ended));
        }
    }
    if failed.len() == regions && !reading.outbox.has_texts() {
        return failed.into_iter().next().map_or(Ok(()), |(_, ended)| Err(ended.kind));
    }
    for (region, ended) in failed {
        let before = ended.before.map(|time| format!(", before {time}")).unwrap_or_default();
        reading.outbox.problem(format!("{NAME} in {region}{before}"), ended.kind).await;
    }
    Ok(())
}

/// What the user should know of the plan.
async fn tell(plan: &Plan, reading: &Reading) {
    let regions = plan.regions.join(", ");
    tracing::info!("event history of {regions} from {} to {}", plan.since, plan.until);
    if let Some(global) = &plan.added {
        tracing::warn!("{global} is read too: events of global services such as IAM are there");
    }
    match &plan.attribute {
        Some((key, value)) => tracing::info!("asking for {} `{value}` only", key.as_str()),
        None => tracing::info!(
            "event history can't be asked for a role, so all events of the window are read; \
             exactly one `--session` makes it faster"
        ),
    }
    if let Some(asked) = plan.too_old {
        let kind = RemoteErrorKind::Other(format!(
            "event history reaches back {HISTORY}, so nothing from {asked} to {} can be seen",
            plan.since
        ));
        reading.outbox.problem(NAME.to_owned(), kind).await;
    }
}

/// Under which name the answers of this question are kept: another question gets another one.
fn kept_name(plan: &Plan, region: &str, reading: &Reading) -> String {
    use sha2::{Digest, Sha256};
    let attribute = plan.attribute.as_ref().map(|(key, value)| format!("{}={value}", key.as_str()));
    let role = reading.aws.assume_role.as_ref().map(ToString::to_string);
    let question = format!("{attribute:?} {:?} {role:?} {:?}", reading.aws.profile, reading.aws.endpoint_url);
    let hash: String = Sha256::digest(question).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("{NAME}-{region}-{hash}")
}
