//! Actions whose use the records may not show.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::data_file;
use crate::iam::{Action, ActionPattern};

static ROWS: &str = include_str!("data/unlogged.toml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    row: Vec<Row>,
}

/// Actions that leave no event, and when.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    actions: Vec<String>,
    when: When,
    reason: String,
    /// For people who read the file.
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum When {
    Always,
    NoDataEvents,
}

/// Why the records could not show a use of the action; `None` if they would.
pub fn why_not_shown(action: &Action, data_events: u64) -> Option<&'static str> {
    static PARSED: LazyLock<Vec<(Vec<ActionPattern>, When, String)>> = LazyLock::new(|| {
        #[expect(clippy::expect_used, reason = "compiled in and read by a test: it can't fail for a user")]
        read(ROWS).expect("unlogged.toml is sound")
    });
    let applies = |when: When| when == When::Always || data_events == 0;
    let row = PARSED
        .iter()
        .find(|(patterns, when, _)| applies(*when) && patterns.iter().any(|pattern| pattern.matches(action)));
    row.map(|(_, _, reason)| reason.as_str())
}

fn read(text: &str) -> Result<Vec<(Vec<ActionPattern>, When, String)>, String> {
    let file: File = data_file::read(text).map_err(|error| error.to_string())?;
    let row = |row: Row| {
        let patterns = row.actions.iter().map(|text| text.parse().map_err(|error| format!("{error}")));
        Ok((patterns.collect::<Result<_, String>>()?, row.when, row.reason))
    };
    file.row.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;

    #[test]
    fn every_row_names_actions_that_exist() {
        for (patterns, _, reason) in read(ROWS).unwrap() {
            assert!(!reason.is_empty());
            for pattern in patterns {
                let service = pattern.service().unwrap().to_owned();
                let actions = Catalog::embedded().actions(&service);
                assert!(actions.iter().any(|entry| pattern.matches(&entry.action)), "{pattern}");
            }
        }
    }

    #[test]
    fn objects_are_seen_where_data_events_are() {
        let get: Action = "s3:GetObject".parse().unwrap();
        assert!(why_not_shown(&get, 0).is_some() && why_not_shown(&get, 9).is_none());
        assert!(why_not_shown(&"ec2:CreateVpc".parse().unwrap(), 0).is_none());
    }
}
