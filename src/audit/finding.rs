//! What the audit finds: kind, place, evidence, remedy.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::data_file;
use crate::iam::PrincipalArn;

/// One result of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The same from run to run while the fault stays: what a baseline names. Does not depend on lines.
    pub id: String,
    pub kind: FindingKind,
    pub severity: Severity,
    pub confidence: Confidence,
    pub role: PrincipalArn,
    /// Where in the policies; `None` where the finding is about the role or the evidence.
    pub place: Option<Place>,
    /// What it is about: an action, a resource, a service, a path of escalation.
    pub subject: String,
    /// One sentence.
    pub message: String,
    /// What speaks for it, a fact a line. Never empty.
    pub evidence: Vec<String>,
    /// What to do.
    pub remedy: String,
    /// The evidence itself needs it: no tighter policy avoids it. Told on request only.
    pub needed: bool,
}

/// A place in a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Name of the policy.
    pub policy: String,
    /// The file, as it was named.
    pub file: Option<String>,
    /// Index of the statement, from 0.
    pub statement: usize,
    pub sid: Option<String>,
    /// Line in the file, from 1.
    pub line: Option<usize>,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing can be abused.
    Informational,
    Low,
    Medium,
    /// Can be abused as it is.
    High,
}

/// How sure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// Declares the kinds once: variant, name and the order of the report.
macro_rules! finding_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What sort of fault it is. One page in the book each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingKind {
            $($(#[$doc])* $variant),+
        }

        impl FindingKind {
            /// All kinds, in the order of the report.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name, as in the page's address: `unused-action`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }
    };
}

finding_kinds!(
    /// What the policies allow together leads to more than they say.
    PrivilegeEscalation = "privilege-escalation",
    /// Roles may be passed to any service.
    MissingPassedToService = "missing-passed-to-service",
    /// Roles may be made without a boundary.
    BoundaryNotRequired = "boundary-not-required",
    /// Used, and these policies do not allow it.
    MissingPermission = "missing-permission",
    /// Allowed by these policies, and yet denied.
    DeniedInUse = "denied-in-use",
    /// A part of a policy that no request can match.
    NeverMatches = "never-matches",
    /// An allow that a deny takes back whole.
    ShadowedByDeny = "shadowed-by-deny",
    /// A statement that changes nothing.
    RedundantStatement = "redundant-statement",
    /// A pattern over actions that allows more actions than were used.
    WildcardAction = "wildcard-action",
    /// A resource that is wider than what was used.
    WiderResource = "wider-resource",
    /// No action of the service was used.
    UnusedService = "unused-service",
    /// Nothing of the statement was used.
    UnusedStatement = "unused-statement",
    /// The action was not used.
    UnusedAction = "unused-action",
    /// Used for the first time since the last audit.
    NewAccess = "new-access",
    /// The role itself was not used.
    DormantRole = "dormant-role",
    /// The records do not show everything.
    EvidenceIncomplete = "evidence-incomplete",
);

/// What is said of a kind wherever it appears: `findings.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KindText {
    /// A few words.
    pub title: String,
    /// Why it matters.
    pub explanation: String,
    /// How to put it right.
    pub remediation: String,
}

static TEXTS: &str = include_str!("findings.toml");

impl FindingKind {
    /// Title, explanation and remediation.
    pub fn text(self) -> &'static KindText {
        static PARSED: LazyLock<BTreeMap<String, KindText>> = LazyLock::new(|| data_file::sound(TEXTS));
        #[expect(clippy::expect_used, reason = "a test looks every kind up")]
        PARSED.get(self.as_str()).expect("findings.toml holds every kind")
    }

    /// The page about it, from the root of the book.
    pub fn page(self) -> String {
        format!("findings/{}.md", self.as_str())
    }
}

impl fmt::Display for FindingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for FindingKind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl FromStr for FindingKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|kind| kind.as_str() == text);
        found.copied().ok_or_else(|| format!("`{text}` is no kind of finding"))
    }
}

impl Finding {
    /// Most severe first, then by kind and place.
    pub fn order(&self, other: &Self) -> Ordering {
        let key = |finding: &Self| (Reverse(finding.severity), finding.kind, finding.place.clone());
        key(self).cmp(&key(other)).then_with(|| self.subject.cmp(&other.subject))
    }
}

impl Severity {
    /// `high`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        })
    }
}

impl Place {
    /// `ci.json:14 (statement 2, Sid Network)`
    pub fn describe(&self) -> String {
        let mut text = self.file.as_deref().unwrap_or(&self.policy).to_owned();
        if let Some(line) = self.line {
            text.push_str(&format!(":{line}"));
        }
        let sid = self.sid.as_ref().map(|sid| format!(", Sid {sid}")).unwrap_or_default();
        format!("{text} (statement {}{sid})", self.statement + 1)
    }
}

/// A finding in the making. Its first piece of evidence is a field of its own: there is no finding without any.
#[derive(Debug)]
pub(super) struct Sketch {
    pub kind: FindingKind,
    pub severity: Severity,
    pub confidence: Confidence,
    pub place: Option<Place>,
    pub subject: String,
    pub message: String,
    pub because: String,
    pub more: Vec<String>,
    pub remedy: String,
}

impl Sketch {
    /// The finding, with its id.
    pub fn finish(self, role: &PrincipalArn) -> Finding {
        let Self { kind, severity, confidence, place, subject, message, because, more, remedy } = self;
        let evidence = [vec![because], more].concat();
        let id = id(kind, role, place.as_ref(), &subject);
        Finding {
            id,
            kind,
            severity,
            confidence,
            role: role.clone(),
            place,
            subject,
            message,
            evidence,
            remedy,
            needed: false,
        }
    }
}

/// Kind and a number that stays while role, policy, Sid and subject stay. A statement without Sid counts by its index.
fn id(kind: FindingKind, role: &PrincipalArn, place: Option<&Place>, subject: &str) -> String {
    let statement = place.map(|place| place.sid.clone().unwrap_or_else(|| place.statement.to_string()));
    let policy = place.map(|place| place.policy.as_str()).unwrap_or_default();
    let role = role.to_string();
    let parts = [kind.as_str(), &role, policy, statement.as_deref().unwrap_or_default(), subject];
    format!("{kind}-{:016x}", fnv1a(parts.join("\0").as_bytes()))
}

/// FNV-1a of 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): the same on every machine and in every version.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_texts_and_no_text_is_without_a_kind() {
        let texts: BTreeMap<String, KindText> = toml::from_str(TEXTS).unwrap();
        let names: Vec<&str> = texts.keys().map(String::as_str).collect();
        let mut kinds: Vec<&str> = FindingKind::ALL.iter().map(|kind| kind.as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(names, kinds);
        for kind in FindingKind::ALL {
            let text = kind.text();
            assert!(!text.title.is_empty() && text.explanation.ends_with('.') && text.remediation.ends_with('.'));
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn an_id_does_not_depend_on_lines() {
        let sketch = |line| Sketch {
            kind: FindingKind::UnusedAction,
            severity: Severity::Low,
            confidence: Confidence::High,
            place: Some(Place {
                policy: "ci".into(),
                file: None,
                statement: 0,
                sid: Some("A".into()),
                line: Some(line),
            }),
            subject: "ec2:DeleteVpc".into(),
            message: String::new(),
            because: "never seen".into(),
            more: Vec::new(),
            remedy: String::new(),
        };
        let role = "arn:aws:iam::111122223333:role/ci/eks-runner".parse().unwrap();
        assert_eq!(sketch(3).finish(&role).id, sketch(9).finish(&role).id);
    }
}
