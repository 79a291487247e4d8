//! A table over a trail, as far as the statement must know it.

/// A table over a trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    pub database: String,
    pub name: String,
    /// Columns that tables made years ago do not have.
    pub has_category: bool,
    pub partitions: Vec<Partition>,
}

/// A column that tells the engine which objects to leave unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Partition {
    Account(String),
    Region(String),
    /// One column with the day, in that order of year, month and day with these separators (`yyyy/MM/dd`).
    Day {
        column: String,
        separator: char,
    },
}

impl Table {
    /// A table as `trailtrim athena ddl` makes it.
    pub fn of_our_own(database: &str, name: &str) -> Self {
        let partitions = ["account", "region", "timestamp"].iter().filter_map(|column| Partition::of(column, None));
        Self {
            database: database.to_owned(),
            name: name.to_owned(),
            has_category: true,
            partitions: partitions.collect(),
        }
    }

    /// A table as the catalogue of the account describes it.
    pub fn described<'a>(
        database: &str,
        name: &str,
        columns: impl IntoIterator<Item = &'a str>,
        partitions: impl IntoIterator<Item = &'a str>,
        format_of: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let partitions =
            partitions.into_iter().filter_map(|column| Partition::of(column, format_of(column).as_deref()));
        Self {
            database: database.to_owned(),
            name: name.to_owned(),
            has_category: columns.into_iter().any(|column| column.eq_ignore_ascii_case("eventcategory")),
            partitions: partitions.collect(),
        }
    }
}

impl Partition {
    /// What a partition column holds, told by its name and its projection's format. Of one that is not known all is read.
    pub fn of(column: &str, format: Option<&str>) -> Option<Self> {
        let owned = column.to_owned();
        match column.to_ascii_lowercase().as_str() {
            "account" | "accountid" | "account_id" => Some(Self::Account(owned)),
            "region" | "awsregion" | "aws_region" => Some(Self::Region(owned)),
            "timestamp" | "day" | "date" | "dt" | "event_date" => {
                let separator = match format.unwrap_or("yyyy/MM/dd") {
                    "yyyy/MM/dd" => '/',
                    "yyyy-MM-dd" => '-',
                    _ => return None,
                };
                Some(Self::Day { column: owned, separator })
            }
            _ => None,
        }
    }
}
