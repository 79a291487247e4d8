//! A digest as CloudTrail writes it.
//!
//! Source: AWS CloudTrail user guide, "CloudTrail digest file structure".

use jiff::Timestamp;
use serde::Deserialize;

/// SHA-256 of something.
pub type Hash = [u8; 32];

/// One digest: the log files that were delivered in about an hour, and the digest before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digest {
    /// The digest covers what was delivered from here on …
    pub start: Timestamp,
    /// … up to here.
    pub end: Timestamp,
    /// The end as written, which is part of what is signed.
    pub end_text: String,
    /// Where it was delivered to.
    pub bucket: String,
    /// Where it was delivered to.
    pub object: String,
    /// Which public key fits the signature.
    pub fingerprint: String,
    /// The digest before, unless validation started with this one.
    pub previous: Option<Previous>,
    pub logs: Vec<ListedLog>,
}

/// What a digest says of the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Previous {
    pub bucket: String,
    pub object: String,
    /// Of its text without compression.
    pub hash: Option<Hash>,
    /// In hexadecimal digits, as written: part of what is signed.
    pub signature: String,
}

/// What a digest says of a log file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLog {
    pub bucket: Box<str>,
    pub object: Box<str>,
    /// Of its text without compression.
    pub hash: Hash,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawDigest {
    digest_start_time: Timestamp,
    digest_end_time: String,
    digest_s3_bucket: String,
    digest_s3_object: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: String,
    previous_digest_s3_bucket: Option<String>,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
    previous_digest_signature: Option<String>,
    log_files: Option<Vec<RawLog>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLog {
    s3_bucket: Box<str>,
    s3_object: Box<str>,
    hash_value: String,
    hash_algorithm: String,
}

impl Digest {
    /// Reads the text of a digest; why it is none, in words.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let raw: RawDigest = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        expect("SHA256withRSA", &raw.digest_signature_algorithm)?;
        let previous = raw.previous()?;
        let logs = raw.log_files.unwrap_or_default().into_iter().map(ListedLog::try_from).collect::<Result<_, _>>()?;
        Ok(Self {
            start: raw.digest_start_time,
            end: raw.digest_end_time.parse().map_err(|error: jiff::Error| error.to_string())?,
            end_text: raw.digest_end_time,
            bucket: raw.digest_s3_bucket,
            object: raw.digest_s3_object,
            fingerprint: raw.digest_public_key_fingerprint,
            previous,
            logs,
        })
    }
}

impl RawDigest {
    fn previous(&self) -> Result<Option<Previous>, String> {
        let (Some(bucket), Some(object)) = (&self.previous_digest_s3_bucket, &self.previous_digest_s3_object) else {
            return Ok(None);
        };
        if let Some(algorithm) = &self.previous_digest_hash_algorithm {
            expect("SHA-256", algorithm)?;
        }
        let signature = self.previous_digest_signature.as_ref();
        Ok(Some(Previous {
            bucket: bucket.clone(),
            object: object.clone(),
            hash: self.previous_digest_hash_value.as_deref().map(hash).transpose()?,
            signature: signature.ok_or("names a digest before it, but not that one's signature")?.clone(),
        }))
    }
}

impl TryFrom<RawLog> for ListedLog {
    type Error = String;

    fn try_from(raw: RawLog) -> Result<Self, String> {
        expect("SHA-256", &raw.hash_algorithm)?;
        Ok(Self { bucket: raw.s3_bucket, object: raw.s3_object, hash: hash(&raw.hash_value)? })
    }
}

fn hash(text: &str) -> Result<Hash, String> {
    let mut bytes = Hash::default();
    hex::decode_to_slice(text, &mut bytes).map_err(|error| format!("`{text}` is no SHA-256: {error}"))?;
    Ok(bytes)
}

fn expect(known: &str, found: &str) -> Result<(), String> {
    if known.eq_ignore_ascii_case(found) { Ok(()) } else { Err(format!("algorithm `{found}`, only {known} is known")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EMPTY: &str = r#"{"awsAccountId":"111122223333","digestStartTime":"2015-08-20T17:01:31Z",
        "digestEndTime":"2015-08-20T18:01:31Z","digestS3Bucket":"b","digestS3Object":"AWSLogs/x.json.gz",
        "digestPublicKeyFingerprint":"31e8","digestSignatureAlgorithm":"SHA256withRSA","newestEventTime":null,
        "oldestEventTime":null,"previousDigestS3Bucket":null,"previousDigestS3Object":null,
        "previousDigestHashValue":null,"previousDigestHashAlgorithm":null,"previousDigestSignature":null,
        "logFiles":[]}"#;

    #[test]
    fn an_empty_digest_that_starts_a_chain_is_read() {
        let digest = Digest::parse(EMPTY.as_bytes()).unwrap();
        assert_eq!(digest.previous, None);
        assert_eq!(digest.logs, []);
        assert_eq!(digest.end_text, "2015-08-20T18:01:31Z");
    }

    #[test]
    fn what_is_no_digest_says_why() {
        let error = |text: &str| Digest::parse(text.as_bytes()).unwrap_err();
        assert!(error("{}").contains("digestStartTime"));
        assert!(error(&EMPTY.replace("SHA256withRSA", "MD5withRSA")).contains("`MD5withRSA`"));
        let log = r#""logFiles":[{"s3Bucket":"b","s3Object":"o","hashValue":"12","hashAlgorithm":"SHA-256"}]"#;
        assert!(error(&EMPTY.replace(r#""logFiles":[]"#, log)).contains("no SHA-256"));
    }
}
