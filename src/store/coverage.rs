//! Which days of which account and Region were seen, from which source.

use rusqlite::Connection;

use super::error::StoreError;
use super::open::Store;
use crate::aggregator::Day;

/// Days in a row on which events of one account and Region came from one source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Covered {
    pub source: String,
    pub account: String,
    pub region: String,
    pub first: Day,
    pub last: Day,
}

impl Store {
    /// All of them, by source, account, Region and time.
    pub fn coverage(&self) -> Result<Vec<Covered>, StoreError> {
        self.with(|connection| intervals(connection))
    }
}

fn intervals(connection: &Connection) -> rusqlite::Result<Vec<Covered>> {
    let mut statement = connection
        .prepare("SELECT source, account, region, day FROM coverage ORDER BY source, account, region, day")?;
    let mut rows = statement.query([])?;
    let mut found: Vec<Covered> = Vec::new();
    while let Some(row) = rows.next()? {
        let day = Day(row.get(3)?);
        let next = Covered { source: row.get(0)?, account: row.get(1)?, region: row.get(2)?, first: day, last: day };
        let continued = found.last_mut().filter(|known| {
            (&known.source, &known.account, &known.region) == (&next.source, &next.account, &next.region)
                && known.last.0 + 1 == day.0
        });
        match continued {
            Some(known) => known.last = day,
            None => found.push(next),
        }
    }
    Ok(found)
}
