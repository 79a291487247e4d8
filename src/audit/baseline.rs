//! Findings that were accepted: with reason, owner and expiry, and never in silence.
//!
//! An entry names a finding by its id, or by kind and subject. What it accepts is no longer told; once it has expired it is
//! told again; an entry that nothing answers to any more is reported, so that the list shrinks with the faults.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Finding, FindingKind};

/// One accepted finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub which: Which,
    pub reason: String,
    pub owner: String,
    /// The last day on which it counts; `None`: for good.
    pub expires: Option<Date>,
}

/// Which findings an entry speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    Id(String),
    Subject {
        kind: FindingKind,
        subject: String,
        /// Only in this policy.
        policy: Option<String>,
    },
}

/// An entry as it is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAccepted {
    id: Option<String>,
    kind: Option<String>,
    subject: Option<String>,
    policy: Option<String>,
    reason: String,
    owner: String,
    expires: Option<toml::value::Datetime>,
}

/// A baseline file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    accepted: Vec<RawAccepted>,
}

/// Why a baseline can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    #[error("entry {0}: {1}")]
    Entry(usize, String),
}

/// What is left after the baseline.
#[derive(Clone, Debug, Default)]
pub struct Sifted {
    /// Not accepted, or no longer.
    pub findings: Vec<Finding>,
    pub accepted: Vec<(Finding, Accepted)>,
    /// Entries that nothing answers to, or that have expired: to be taken out, or renewed.
    pub stale: Vec<(Accepted, Stale)>,
}

/// Why an entry is of no use any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    NothingFound,
    Expired,
}

/// The entries of a baseline file.
pub fn read_baseline(text: &str) -> Result<Vec<Accepted>, BaselineError> {
    let file: RawFile = toml::from_str(text)?;
    let entries = file.accepted.into_iter().enumerate();
    entries.map(|(at, raw)| Accepted::new(raw).map_err(|problem| BaselineError::Entry(at + 1, problem))).collect()
}

impl<'de> Deserialize<'de> for Accepted {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(RawAccepted::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Accepted {
    fn new(raw: RawAccepted) -> Result<Self, String> {
        let RawAccepted { id, kind, subject, policy, reason, owner, expires } = raw;
        if reason.trim().is_empty() || owner.trim().is_empty() {
            return Err("`reason` and `owner` must say something".to_owned());
        }
        let which = match (id, kind, subject) {
            (Some(id), None, None) if policy.is_none() => Which::Id(id),
            (None, Some(kind), Some(subject)) => Which::Subject { kind: kind.parse()?, subject, policy },
            _ => return Err("give either `id`, or `kind` and `subject` (and `policy`)".to_owned()),
        };
        let day = |text: toml::value::Datetime| {
            let text = text.to_string();
            text.parse::<Date>().map_err(|_| format!("`expires` is a day such as 2027-01-31, not `{text}`"))
        };
        Ok(Self { which, reason, owner, expires: expires.map(day).transpose()? })
    }

    /// Whether it speaks of the finding.
    pub fn names(&self, finding: &Finding) -> bool {
        match &self.which {
            Which::Id(id) => *id == finding.id,
            Which::Subject { kind, subject, policy } => {
                let here = finding.place.as_ref().map(|place| place.policy.as_str());
                *kind == finding.kind
                    && *subject == finding.subject
                    && policy.as_deref().is_none_or(|policy| here == Some(policy))
            }
        }
    }

    /// Whether it counts no longer.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|day| TimeZone::UTC.to_datetime(now).date() > day)
    }

    /// The finding that it names, for messages.
    pub fn describe(&self) -> String {
        match &self.which {
            Which::Id(id) => id.clone(),
            Which::Subject { kind, subject, policy } => {
                let policy = policy.as_ref().map(|policy| format!(" in {policy}")).unwrap_or_default();
                format!("{kind} of {subject}{policy}")
            }
        }
    }
}

/// Takes the accepted findings out.
pub fn sift(findings: Vec<Finding>, baseline: &[Accepted], now: Timestamp) -> Sifted {
    let mut sifted = Sifted::default();
    for entry in baseline {
        if entry.has_expired(now) {
            sifted.stale.push((entry.clone(), Stale::Expired));
        } else if !findings.iter().any(|finding| entry.names(finding)) {
            sifted.stale.push((entry.clone(), Stale::NothingFound));
        }
    }
    for mut finding in findings {
        let mut entries = baseline.iter().filter(|entry| entry.names(&finding));
        match entries.clone().find(|entry| !entry.has_expired(now)) {
            Some(entry) => sifted.accepted.push((finding, entry.clone())),
            None => {
                if let Some(entry) = entries.next() {
                    let day = entry.expires.map(|day| day.to_string()).unwrap_or_default();
                    finding.evidence.push(format!("accepted by {} until {day}: {}", entry.owner, entry.reason));
                }
                sifted.findings.push(finding);
            }
        }
    }
    sifted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Confidence, Severity};

    fn finding(id: &str, subject: &str) -> Finding {
        Finding {
            id: id.into(),
            kind: FindingKind::UnusedService,
            severity: Severity::Low,
            confidence: Confidence::High,
            role: "arn:aws:iam::111122223333:role/ci".parse().unwrap(),
            place: None,
            subject: subject.into(),
            message: String::new(),
            evidence: vec!["never seen".into()],
            remedy: String::new(),
            needed: false,
        }
    }

    fn now() -> Timestamp {
        "2026-11-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn accepted_is_silent_expired_is_told_and_stale_is_reported() {
        let baseline = read_baseline(
            "[[accepted]]\nid = 'a'\nreason = 'r'\nowner = 'o'\nexpires = 2026-11-20\n\
             [[accepted]]\nkind = 'unused-service'\nsubject = 'sqs'\nreason = 'r'\nowner = 'o'\nexpires = 2026-11-19\n\
             [[accepted]]\nid = 'gone'\nreason = 'r'\nowner = 'o'",
        )
        .unwrap();
        let sifted = sift(vec![finding("a", "sns"), finding("b", "sqs"), finding("c", "ses")], &baseline, now());
        let ids: Vec<&str> = sifted.findings.iter().map(|finding| finding.id.as_str()).collect();
        assert_eq!(ids, ["b", "c"]);
        assert!(sifted.findings[0].evidence[1].contains("until 2026-11-19"));
        assert_eq!(sifted.accepted[0].0.id, "a");
        let stale: Vec<_> = sifted.stale.iter().map(|(entry, why)| (entry.describe(), *why)).collect();
        assert_eq!(
            stale,
            [("unused-service of sqs".to_owned(), Stale::Expired), ("gone".to_owned(), Stale::NothingFound)]
        );
    }

    #[test]
    fn an_entry_says_why_and_who() {
        for text in [
            "[[accepted]]\nid = 'a'\nreason = ''\nowner = 'o'",
            "[[accepted]]\nid = 'a'\nreason = 'r'",
            "[[accepted]]\nreason = 'r'\nowner = 'o'",
            "[[accepted]]\nid = 'a'\nkind = 'unused-service'\nreason = 'r'\nowner = 'o'",
            "[[accepted]]\nkind = 'unused'\nsubject = 'x'\nreason = 'r'\nowner = 'o'",
            "[[accepted]]\nid = 'a'\nreason = 'r'\nowner = 'o'\nexpires = 10:00:00",
        ] {
            assert!(read_baseline(text).is_err(), "{text}");
        }
    }
}
