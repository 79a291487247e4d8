//! Stands in for `aws/` in builds without the feature `aws`: their command line knows no remote source, and a program that
//! uses the library gets an error.

use super::files::{CollectOptions, Input};
use super::remote::Arrival;
use super::remote_error::{RemoteError, RemoteErrorKind};

/// The remote sources of a run: none.
pub enum Remote {}

impl Remote {
    pub fn start(inputs: &[Input], _options: &CollectOptions) -> Result<Self, RemoteError> {
        let place = inputs.iter().find(|input| input.is_remote()).map(Input::to_string).unwrap_or_default();
        Err(RemoteError { place, kind: RemoteErrorKind::Other("this build can't ask AWS (feature `aws`)".to_owned()) })
    }

    pub fn next(&self) -> Option<Arrival> {
        match *self {}
    }
}
