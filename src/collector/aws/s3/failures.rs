//! What could not be had, told once a kind: a denied key denies ten thousand objects.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::super::outbox::Outbox;
use crate::collector::remote_error::RemoteErrorKind;

/// Failures by kind, with how many, and the first place.
#[derive(Debug, Default)]
pub struct Failures(Mutex<BTreeMap<RemoteErrorKind, (u64, String)>>);

/// Objects that are refused one after the other, with none that is not, before the rest is left.
const ENOUGH: u64 = 50;

impl Failures {
    /// One more.
    pub fn note(&self, place: String, kind: RemoteErrorKind) {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = failures.entry(kind).or_insert_with(|| (0, place.clone()));
        failure.0 += 1;
        if place < failure.1 {
            failure.1 = place;
        }
    }

    /// Whether asking for more would only be denied again.
    pub fn are_enough(&self) -> bool {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let denied = |kind: &RemoteErrorKind| {
            matches!(kind, RemoteErrorKind::AccessDenied { .. } | RemoteErrorKind::ExpiredCredentials)
        };
        failures.iter().filter(|(kind, _)| denied(kind)).map(|(_, (count, _))| count).sum::<u64>() >= ENOUGH
    }

    /// Tells them. Where no object was had, now or before, the worst of them is the source's own error.
    pub async fn report(&self, outbox: &Outbox, had: u64) -> Result<(), RemoteErrorKind> {
        let failures = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if had == 0
            && let Some((kind, _)) = failures.first_key_value()
        {
            return Err(kind.clone());
        }
        for (kind, (count, place)) in failures {
            outbox.problems(place, kind, count).await;
        }
        Ok(())
    }
}
