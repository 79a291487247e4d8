//! `--settle`: CloudTrail delivers about a quarter of an hour late, so the end of a window fills up after it is over.

use clap::Args;
use jiff::{SignedDuration, Timestamp};

use super::moment::Age;

/// Whether to wait for events that are still on their way.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "Evidence")]
pub struct SettleArgs {
    /// Wait until the window (up to `--until`, else up to now) is over for so long: CloudTrail delivers up to 15m late.
    #[arg(long, value_name = "AGE", env = "TRAILTRIM_SETTLE")]
    pub settle: Option<Age>,
}

/// The clock and the wait, which tests bring themselves.
pub struct Time<'t> {
    pub now: &'t dyn Fn() -> Timestamp,
    pub sleep: &'t dyn Fn(SignedDuration),
}

/// What is known of the end of the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// Up to when events count.
    pub until: Option<Timestamp>,
    /// What may be missing, for people.
    pub gap: Option<String>,
}

impl SettleArgs {
    /// Waits until what happened before the end of the window is delivered. A window that ends in the future is not
    /// waited for: then the gap says so.
    pub fn settle(self, until: Option<Timestamp>, time: &Time<'_>) -> Settled {
        let Some(Age(delay)) = self.settle else { return Settled { until, gap: None } };
        let now = (time.now)();
        let end = until.unwrap_or(now);
        if end > now {
            let gap = format!("the window ends at {end}, which is still to come: later events are not in it");
            return Settled { until, gap: Some(gap) };
        }
        let left = delay - now.duration_since(end);
        if left.is_positive() {
            tracing::warn!("waiting {left:#} until all events before {end} are delivered");
            (time.sleep)(left);
        }
        Settled { until: Some(end), gap: None }
    }
}

/// Sleeps.
pub fn sleep(span: SignedDuration) {
    std::thread::sleep(span.unsigned_abs());
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    const NOW: &str = "2026-11-20T12:00:00Z";

    fn settle(age: &str, until: Option<&str>) -> (Settled, SignedDuration) {
        let slept = Cell::new(SignedDuration::ZERO);
        let time = Time { now: &|| NOW.parse().unwrap(), sleep: &|span| slept.set(slept.get() + span) };
        let args = SettleArgs { settle: (!age.is_empty()).then(|| age.parse().unwrap()) };
        (args.settle(until.map(|until| until.parse().unwrap()), &time), slept.get())
    }

    #[test]
    fn what_is_long_over_is_not_waited_for() {
        let (settled, slept) = settle("15m", Some("2026-11-20T11:45:00Z"));
        assert_eq!((settled.gap, slept), (None, SignedDuration::ZERO));
    }

    #[test]
    fn the_rest_of_the_delay_is_waited_for() {
        let (settled, slept) = settle("15m", Some("2026-11-20T11:50:00Z"));
        assert_eq!((settled.gap, slept), (None, SignedDuration::from_mins(5)));
    }

    #[test]
    fn without_an_end_the_window_ends_now() {
        let (settled, slept) = settle("15m", None);
        assert_eq!((settled.until, slept), (Some(NOW.parse().unwrap()), SignedDuration::from_mins(15)));
    }

    #[test]
    fn a_window_that_is_not_over_is_told() {
        let (settled, slept) = settle("15m", Some("2026-11-20T12:00:01Z"));
        assert!(settled.gap.is_some_and(|gap| gap.contains("still to come")));
        assert_eq!(slept, SignedDuration::ZERO);
    }

    #[test]
    fn without_the_option_nothing_changes() {
        assert_eq!(settle("", None), (Settled { until: None, gap: None }, SignedDuration::ZERO));
    }
}
