//! Not yet.

use super::remote::Reading;
use crate::collector::remote::S3Url;
use crate::collector::remote_error::RemoteErrorKind;

/// Reads the source.
pub async fn read(url: &S3Url, _reading: &Reading) -> Result<(), RemoteErrorKind> {
    Err(RemoteErrorKind::Other(format!("reading `{url}` is not yet possible")))
}
