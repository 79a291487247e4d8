//! How far the event history is read, and how long the rest may take.
//!
//! How many events there are is known only when all are read. What is known is how much of the window is behind: the rest
//! takes as long for its time if calls are spread evenly, and the line says that it assumes so.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::ProgressBar;
use jiff::Timestamp;
use tokio::time::Instant;

use super::NAME;
use super::plan::Plan;
use crate::report::words::count;

/// Progress of all Regions.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    begun: Instant,
    window: (i64, i64),
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    events: u64,
    /// Seconds of the window that are behind, for each Region.
    behind: BTreeMap<String, i64>,
    told: Instant,
}

/// How often a log without a terminal gets a line.
const TELL_EVERY: Duration = Duration::from_secs(60);

impl Progress {
    pub fn new(bar: ProgressBar, plan: &Plan) -> Self {
        let begun = Instant::now();
        let behind = plan.regions.iter().map(|region| (region.clone(), 0)).collect();
        Self {
            bar,
            begun,
            window: (plan.since.as_second(), plan.until.as_second()),
            state: Mutex::new(State { events: 0, behind, told: begun }),
        }
    }

    /// A Region got another page; `left` seconds of its window are still to be read.
    pub fn page(&self, region: &str, events: u64, left: i64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.events += events;
        let whole = (self.window.1 - self.window.0).max(1);
        state.behind.insert(region.to_owned(), (whole - left).clamp(0, whole));
        let line = line(&state, whole, self.window.1, self.begun.elapsed());
        if state.told.elapsed() >= TELL_EVERY {
            state.told = Instant::now();
            tracing::info!("{line}");
        }
        drop(state);
        self.bar.set_message(line);
    }
}

/// The Region that is furthest behind decides.
fn line(state: &State, whole: i64, until: i64, elapsed: Duration) -> String {
    let slowest = state.behind.iter().min_by_key(|(_, behind)| **behind);
    let Some((region, behind)) = slowest else { return String::new() };
    let share = *behind as f64 / whole as f64;
    let back_to = Timestamp::from_second(until - behind).map(|time| time.strftime("%Y-%m-%d %H:%M").to_string());
    let mut line = format!(
        "{NAME}: {}, {region} back to {} ({:.0} %)",
        count(state.events, "event"),
        back_to.unwrap_or_default(),
        100.0 * share
    );
    // At the very beginning any guess would be a bad one.
    if (0.02..1.0).contains(&share) {
        let left = elapsed.as_secs_f64() * (1.0 - share) / share;
        let left = if left < 90.0 { format!("{left:.0} s") } else { format!("{:.0} min", left / 60.0) };
        line += &format!(", {left} more if calls are spread evenly");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_region_decides() {
        let behind = BTreeMap::from([("eu-west-1".to_owned(), 25), ("us-east-1".to_owned(), 100)]);
        let state = State { events: 1_250, behind, told: Instant::now() };
        let line = line(&state, 100, 100, Duration::from_secs(60));
        assert_eq!(
            line,
            "lookup-events: 1,250 events, eu-west-1 back to 1970-01-01 00:01 (25 %), 3 min more if calls are spread evenly"
        );
    }

    #[test]
    fn at_the_beginning_nothing_is_guessed() {
        let state = State { events: 0, behind: BTreeMap::from([("eu-west-1".to_owned(), 1)]), told: Instant::now() };
        assert!(line(&state, 1000, 1000, Duration::from_secs(60)).ends_with("(0 %)"));
    }
}
