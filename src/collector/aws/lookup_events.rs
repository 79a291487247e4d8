//! Not yet.

use super::remote::Reading;
use crate::collector::remote_error::RemoteErrorKind;

/// Reads the source.
pub async fn read(_reading: &Reading) -> Result<(), RemoteErrorKind> {
    Err(RemoteErrorKind::Other("reading event history is not yet possible".to_owned()))
}
