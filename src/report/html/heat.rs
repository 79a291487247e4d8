//! Calls by service over time, as a heat map: a column for each day, week or month, whichever has room.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{ToSpan, Unit};

use super::text;
use crate::report::overview::Activity;
use crate::report::words::{count, grouped};

/// More columns than this are taken together.
const MOST_COLUMNS: usize = 62;

/// Up to so many columns have room for a number in each field.
const ROOMY: usize = 24;

/// More services than this are shown as one row.
const MOST_ROWS: usize = 40;

/// The map.
#[derive(Debug)]
pub struct Heat {
    /// What a column is: `day`, `week`, `month`.
    pub unit: &'static str,
    pub lead: String,
    /// Months or years over the columns, each with the number of columns under it.
    pub groups: Vec<(String, usize)>,
    pub columns: Vec<String>,
    pub rows: Vec<Row>,
    pub dense: bool,
}

/// One service.
#[derive(Debug)]
pub struct Row {
    pub service: String,
    pub fields: Vec<Field>,
    pub total: String,
}

/// Calls in one column.
#[derive(Debug)]
pub struct Field {
    /// 0 to 5.
    pub level: u8,
    pub number: String,
    /// For the eye that rests on it.
    pub title: String,
}

/// How long a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Day,
    Week,
    Month,
}

impl Step {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The first day of the column that holds a day.
    fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let back = i64::from(day.weekday().to_monday_zero_offset());
                day.checked_sub(back.days()).unwrap_or(day)
            }
            Self::Month => day.first_of_month(),
        }
    }

    fn next(self, start: Date) -> Option<Date> {
        match self {
            Self::Day => start.tomorrow().ok(),
            Self::Week => start.checked_add(1.week()).ok(),
            Self::Month => start.checked_add(1.month()).ok(),
        }
    }
}

/// The map; `None` where nothing was called. Of very long times only the last columns are shown.
pub fn heat(activity: &[Activity]) -> Option<Heat> {
    let first = activity.iter().map(|one| one.day).min()?;
    let last = activity.iter().map(|one| one.day).max()?;
    let step = Step::ALL.into_iter().find(|step| columns(*step, first, last).len() <= MOST_COLUMNS);
    let step = step.unwrap_or(Step::Month);
    let mut starts = columns(step, first, last);
    let left_out = starts.len().saturating_sub(MOST_COLUMNS);
    starts.drain(..left_out);
    let mut services: BTreeMap<&str, BTreeMap<Date, u64>> = BTreeMap::new();
    for one in activity {
        *services.entry(&one.service).or_default().entry(step.start(one.day)).or_default() += one.calls;
    }
    let rows = largest(services);
    let most = rows.iter().flat_map(|(_, columns)| columns.values()).max().copied().unwrap_or(1);
    let days = last.since((Unit::Day, first)).map_or(0, |span| span.get_days()) + 1;
    let mut lead = format!(
        "{} in {}, by {}; from {first} to {last}, UTC. Denied and failed calls count, too.",
        count(activity.iter().map(|one| one.calls).sum(), "call"),
        count(u64::try_from(days).unwrap_or_default(), "day"),
        step.name()
    );
    if left_out > 0 {
        lead.push_str(&format!(" The first {} have no room here.", count(left_out as u64, step.name())));
    }
    Some(Heat {
        unit: step.name(),
        lead,
        groups: groups(step, &starts),
        columns: starts.iter().map(|start| column_name(step, *start)).collect(),
        dense: starts.len() > ROOMY,
        rows: rows.into_iter().map(|(service, counts)| row(service, &counts, &starts, most)).collect(),
    })
}

fn columns(step: Step, first: Date, last: Date) -> Vec<Date> {
    let mut starts = vec![step.start(first)];
    while let Some(next) = starts.last().and_then(|start| step.next(*start)).filter(|next| *next <= last) {
        starts.push(next);
    }
    starts
}

/// Services with most calls first; those there is no row for come together in the last one.
fn largest(services: BTreeMap<&str, BTreeMap<Date, u64>>) -> Vec<(String, BTreeMap<Date, u64>)> {
    let mut sorted: Vec<(String, BTreeMap<Date, u64>)> =
        services.into_iter().map(|(service, counts)| (service.to_owned(), counts)).collect();
    sorted.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.values().sum::<u64>()));
    if sorted.len() > MOST_ROWS {
        let rest = sorted.split_off(MOST_ROWS - 1);
        let mut sum: BTreeMap<Date, u64> = BTreeMap::new();
        for (start, calls) in rest.iter().flat_map(|(_, counts)| counts) {
            *sum.entry(*start).or_default() += calls;
        }
        sorted.push((format!("{} others", rest.len()), sum));
    }
    sorted
}

fn row(service: String, counts: &BTreeMap<Date, u64>, starts: &[Date], most: u64) -> Row {
    let field = |start: &Date| {
        let calls = counts.get(start).copied().unwrap_or_default();
        let number = if calls == 0 { String::new() } else { short(calls) };
        Field { level: level(calls, most), number, title: format!("{start}: {}", count(calls, "call")) }
    };
    let total = counts.values().sum();
    Row { service: text(&service), fields: starts.iter().map(field).collect(), total: grouped(total) }
}

/// Five levels, each twice to several times the one below: usage is spread over orders of magnitude.
fn level(calls: u64, most: u64) -> u8 {
    if calls == 0 {
        return 0;
    }
    let (have, top) = (u64::from(calls.ilog2()) + 1, u64::from(most.max(1).ilog2()) + 1);
    u8::try_from((have * 5).div_ceil(top)).unwrap_or(5).clamp(1, 5)
}

/// `12`, `1.2k`, `34k`, `5M`.
fn short(number: u64) -> String {
    match number {
        0..=999 => number.to_string(),
        1_000..=9_999 => format!("{}.{}k", number / 1_000, number % 1_000 / 100),
        10_000..=999_999 => format!("{}k", number / 1_000),
        _ => format!("{}M", number / 1_000_000),
    }
}

fn column_name(step: Step, start: Date) -> String {
    match step {
        Step::Day | Step::Week => start.strftime("%-d").to_string(),
        Step::Month => start.strftime("%b").to_string(),
    }
}

fn groups(step: Step, starts: &[Date]) -> Vec<(String, usize)> {
    let name = |start: &Date| match step {
        Step::Day | Step::Week => start.strftime("%b %Y").to_string(),
        Step::Month => start.strftime("%Y").to_string(),
    };
    let mut groups: Vec<(String, usize)> = Vec::new();
    for start in starts {
        let name = name(start);
        match groups.last_mut() {
            Some((last, columns)) if *last == name => *columns += 1,
            _ => groups.push((name, 1)),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(service: &str, day: &str, calls: u64) -> Activity {
        Activity { service: service.to_owned(), day: day.parse().unwrap(), calls }
    }

    #[test]
    fn days_become_weeks_and_weeks_months_as_time_grows() {
        let to = |last: &str| heat(&[calls("eks", "2026-01-05", 1), calls("eks", last, 9)]).unwrap();
        assert_eq!((to("2026-01-11").unit, to("2026-01-11").columns.len()), ("day", 7));
        assert_eq!(to("2026-06-05").unit, "week");
        assert_eq!(to("2028-06-05").unit, "month");
        let decades = to("2046-06-05");
        assert!(decades.columns.len() == MOST_COLUMNS && decades.lead.contains("no room"), "{}", decades.lead);
        assert!(heat(&[]).is_none());
    }

    #[test]
    fn every_call_of_a_week_counts_in_its_column() {
        let map = heat(&[calls("eks", "2026-01-05", 1), calls("eks", "2026-01-11", 2), calls("ec2", "2026-06-01", 40)]);
        let map = map.unwrap();
        let eks = map.rows.iter().find(|row| row.service == "eks").unwrap();
        assert_eq!((eks.fields[0].number.as_str(), eks.total.as_str()), ("3", "3"));
        assert_eq!(map.rows[0].service, "ec2");
        assert_eq!(map.groups.iter().map(|(_, columns)| columns).sum::<usize>(), map.columns.len());
    }

    #[test]
    fn levels_follow_the_order_of_magnitude() {
        assert_eq!([0, 1, 5, 40, 300, 1_000].map(|calls| level(calls, 1_000)), [0, 1, 2, 3, 5, 5]);
        assert_eq!(level(1, 1), 5);
        assert_eq!([999, 1_250, 34_567, 5_000_000].map(short), ["999", "1.2k", "34k", "5M"]);
    }
}
