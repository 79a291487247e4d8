//! The rows of the result, page by page.

use aws_sdk_athena::types::ResultSet;

use super::Asked;
use crate::collector::aws::error::kind_of;
use crate::collector::aws::remote::Reading;
use crate::collector::remote_error::RemoteErrorKind;
use crate::collector::sql::{COLUMNS, Row, RowError};

/// Rows that Athena gives in one answer.
const PAGE: i32 = 1_000;

impl Asked<'_> {
    /// Hands on every row as a call.
    pub async fn hand_on(&self, id: &str, reading: &Reading) -> Result<(), RemoteErrorKind> {
        let pages = self.client.get_query_results().query_execution_id(id).max_results(PAGE).into_paginator();
        let mut pages = pages.send();
        let mut is_first = true;
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| kind_of(&error, self.call("athena:GetQueryResults")))?;
            let rows = page.result_set().map(ResultSet::rows).unwrap_or_default();
            for row in rows {
                let values: Vec<Option<String>> =
                    row.data().iter().map(|datum| datum.var_char_value().map(str::to_owned)).collect();
                // Athena puts the names of the columns in front.
                let is_header = std::mem::take(&mut is_first) && is_header(&values);
                if !is_header && let Err(error) = self.hand_on_row(values, reading).await {
                    let kind = RemoteErrorKind::Other(format!("a row of the result can't be used: {error}"));
                    reading.outbox.problem(self.table.to_string(), kind).await;
                }
            }
        }
        Ok(())
    }

    async fn hand_on_row(&self, values: Vec<Option<String>>, reading: &Reading) -> Result<(), RowError> {
        let row = Row::new(values)?;
        let (record, evidence) = (row.record()?, row.evidence()?);
        reading.outbox.calls(self.table.to_string(), record, evidence).await;
        Ok(())
    }
}

fn is_header(values: &[Option<String>]) -> bool {
    values.iter().map(Option::as_deref).eq(COLUMNS.iter().map(|name| Some(*name)))
}
