//! Calls from a table in Amazon Athena: one statement, whose rows are calls that were seen several times.
//!
//! 1. what the work group allows and what the table has ([`ask`]), told before anything is paid for;
//! 2. the statement is started, watched to its end, and stopped if we can't wait ([`execution`]);
//! 3. the rows come in pages and go on as distilled records with evidence ([`results`]).

mod ask;
mod cost;
mod execution;
mod results;

use aws_sdk_athena::Client;

use super::remote::Reading;
use crate::catalog::Catalog;
use crate::collector::remote::AthenaTable;
use crate::collector::remote_error::RemoteErrorKind;
use crate::collector::sql::{LONGEST_STATEMENT, statement};

/// Reads the source.
pub async fn read(table: &AthenaTable, reading: &Reading) -> Result<(), RemoteErrorKind> {
    let Some(region) = reading.config.region().map(ToString::to_string) else { return Err(RemoteErrorKind::NoRegion) };
    let asked = Asked { client: Client::new(&reading.config), table, region };
    let limit = asked.limit().await?;
    let described = asked.described().await?;
    let sql = statement(&described, &reading.wanted, Catalog::embedded());
    if sql.len() > LONGEST_STATEMENT {
        let length = sql.len();
        return Err(RemoteErrorKind::Other(format!(
            "the statement has {length} characters and Athena takes {LONGEST_STATEMENT}; ask for fewer roles or sessions"
        )));
    }
    // It costs money, so it is said unless everything is quiet.
    tracing::warn!("{table}: {}", cost::before(limit, &reading.wanted));
    let id = asked.start(&sql, reading).await?;
    let done = asked.finish(&id, limit, reading).await?;
    tracing::warn!("{table}: {}", cost::after(&done));
    asked.hand_on(&id, reading).await
}

/// The service, and what is asked of it.
struct Asked<'a> {
    client: Client,
    table: &'a AthenaTable,
    region: String,
}
