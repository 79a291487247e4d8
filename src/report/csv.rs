//! `csv`: one line for each grant, for a spreadsheet.

use super::condition_text::condition_lines;
use super::model::{Grant, Report};
use super::visible::visible;
use super::{RenderError, Renderer};

/// Renders the grants.
#[derive(Debug)]
pub struct CsvRenderer;

/// The columns, in order.
const COLUMNS: [&str; 13] = [
    "role",
    "sid",
    "action",
    "resource",
    "condition",
    "origin",
    "events",
    "first_seen",
    "last_seen",
    "event_ids",
    "operations",
    "via",
    "note",
];

impl Renderer for CsvRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(COLUMNS)?;
        for grant in &report.grants {
            writer.write_record(cells(grant).iter().map(|cell| harmless(cell)))?;
        }
        let bytes = writer.into_inner().map_err(|error| RenderError::Csv(error.into_error().into()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

fn cells(grant: &Grant) -> [String; COLUMNS.len()] {
    [
        grant.role.to_string(),
        grant.sid.clone(),
        grant.action.to_string(),
        grant.resource.to_string(),
        condition_lines(&grant.condition).join("; "),
        origin(grant),
        grant.evidence.events.to_string(),
        grant.evidence.first_seen.to_string(),
        grant.evidence.last_seen.to_string(),
        grant.evidence.event_ids.join(" "),
        grant.operations.join(" "),
        grant.via.join(" "),
        grant.note.clone().unwrap_or_default(),
    ]
}

/// As `--format json` spells it.
fn origin(grant: &Grant) -> String {
    let name = serde_json::to_value(grant.origin).ok();
    name.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}

/// A cell that begins like a formula gets an apostrophe in front, so that a spreadsheet shows it and runs nothing.
/// <https://owasp.org/www-community/attacks/CSV_Injection>
fn harmless(cell: &str) -> String {
    let shown = visible(cell);
    if shown.starts_with(['=', '+', '-', '@']) { format!("'{shown}") } else { shown.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn a_formula_is_shown_and_not_run() {
        assert_eq!(harmless("=HYPERLINK(\"x\")"), "'=HYPERLINK(\"x\")");
        assert_eq!(harmless("\t=1"), "\\u{9}=1");
    }

    #[test]
    fn every_grant_is_one_line_and_every_line_has_all_columns() {
        let report = samples::hostile();
        let text = CsvRenderer.render(&report).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), report.grants.len());
        assert!(rows.iter().all(|row| row.len() == COLUMNS.len()));
    }
}
