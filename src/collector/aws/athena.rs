//! Not yet.

use super::remote::Reading;
use crate::collector::remote::AthenaTable;
use crate::collector::remote_error::RemoteErrorKind;

/// Reads the source.
pub async fn read(table: &AthenaTable, _reading: &Reading) -> Result<(), RemoteErrorKind> {
    Err(RemoteErrorKind::Other(format!("reading `{table}` is not yet possible")))
}
