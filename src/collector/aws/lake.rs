//! Not yet.

use super::remote::Reading;
use crate::collector::remote::LakeStore;
use crate::collector::remote_error::RemoteErrorKind;

/// Reads the source.
pub async fn read(store: &LakeStore, _reading: &Reading) -> Result<(), RemoteErrorKind> {
    Err(RemoteErrorKind::Other(format!("reading `{store}` is not yet possible")))
}
