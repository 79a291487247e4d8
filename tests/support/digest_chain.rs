//! A trail with log file validation, made by hand: log files, digests, signatures, and a key of our own in CloudTrail's place.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What the digests call our key.
pub const FINGERPRINT: &str = "31e8b5433410dfb61a9dc45cc65b22ff";

/// An object as it was delivered.
#[derive(Clone, Debug)]
pub struct Object {
    pub key: String,
    pub text: Vec<u8>,
    /// The metadata of a digest.
    pub signature: Option<String>,
}

/// A trail of one account and Region, as it grows.
pub struct Trail {
    pub bucket: String,
    prefix: String,
    account: String,
    region: String,
    name: String,
    end: Timestamp,
    last: Option<Object>,
    pub logs: Vec<Object>,
    pub digests: Vec<Object>,
}

impl Trail {
    /// A trail whose first digest begins at this time.
    pub fn new(bucket: &str, prefix: &str, account: &str, region: &str, begin: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            prefix: format!("{prefix}AWSLogs/{account}/"),
            account: account.to_owned(),
            region: region.to_owned(),
            name: "main".to_owned(),
            end: begin.parse().unwrap(),
            last: None,
            logs: Vec::new(),
            digests: Vec::new(),
        }
    }

    /// An hour with a log file of each of these texts, and its digest.
    pub fn hour(&mut self, texts: &[&str]) {
        let start = self.end;
        let mut listed = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let delivered = start + SignedDuration::from_mins(5 * (index as i64 + 1));
            let name = format!(
                "{}_CloudTrail_{}_{}_{index:016}.json.gz",
                self.account,
                self.region,
                delivered.strftime("%Y%m%dT%H%MZ")
            );
            let key = self.key("CloudTrail", delivered, &name);
            listed.push(self.listed(&key, text.as_bytes()));
            self.logs.push(Object { key, text: text.as_bytes().to_vec(), signature: None });
        }
        self.end = start + SignedDuration::from_hours(1);
        let previous = self.last.clone();
        let digest = self.digest(start, self.end, listed, previous.as_ref(), "");
        self.last = Some(digest.clone());
        self.digests.push(digest);
    }

    /// A digest that comes late, for a log file that no other lists.
    pub fn backfill(&mut self, text: &str) {
        let delivered = self.end - SignedDuration::from_mins(30);
        let stamp = delivered.strftime("%Y%m%dT%H%MZ");
        let name = format!("{}_CloudTrail_{}_{stamp}_backfilled000000.json.gz", self.account, self.region);
        let key = self.key("CloudTrail", delivered, &name);
        let listed = vec![self.listed(&key, text.as_bytes())];
        self.logs.push(Object { key, text: text.as_bytes().to_vec(), signature: None });
        let digest = self.digest(self.end - SignedDuration::from_hours(1), self.end, listed, None, "_backfill");
        self.digests.push(digest);
    }

    /// Validation is off for some hours and starts anew.
    pub fn pause(&mut self, hours: i64) {
        self.end += SignedDuration::from_hours(hours);
        self.last = None;
    }

    fn key(&self, service: &str, time: Timestamp, name: &str) -> String {
        format!("{}{service}/{}/{}/{name}", self.prefix, self.region, time.strftime("%Y/%m/%d"))
    }

    fn listed(&self, key: &str, text: &[u8]) -> Value {
        json!({"s3Bucket": self.bucket, "s3Object": key, "hashValue": sha256(text), "hashAlgorithm": "SHA-256"})
    }

    fn digest(
        &self,
        start: Timestamp,
        end: Timestamp,
        logs: Vec<Value>,
        previous: Option<&Object>,
        late: &str,
    ) -> Object {
        let name = format!(
            "{}_CloudTrail-Digest_{}_{}_{}_{}{late}.json.gz",
            self.account,
            self.region,
            self.name,
            self.region,
            end.strftime("%Y%m%dT%H%M%SZ")
        );
        let key = self.key("CloudTrail-Digest", end, &name);
        let text = json!({
            "awsAccountId": self.account,
            "digestStartTime": start.to_string(),
            "digestEndTime": end.to_string(),
            "digestS3Bucket": self.bucket,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": FINGERPRINT,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "previousDigestS3Bucket": previous.map(|_| &self.bucket),
            "previousDigestS3Object": previous.map(|previous| &previous.key),
            "previousDigestHashValue": previous.map(|previous| sha256(&previous.text)),
            "previousDigestHashAlgorithm": previous.map(|_| "SHA-256"),
            "previousDigestSignature": previous.map(|previous| &previous.signature),
            "logFiles": logs,
        });
        let mut object = Object { key, text: text.to_string().into_bytes(), signature: None };
        object.signature = Some(signature_of(&self.bucket, &object));
        object
    }

    /// Everything that was delivered.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.logs.iter().chain(&self.digests)
    }

    /// A copy on disk as `aws s3 sync` makes it, with the newest digest's signature saved beside it.
    pub fn copy_to(&self, folder: &Path) {
        for object in self.objects() {
            write(&folder.join(&object.key), &gzip(&object.text));
        }
        for digest in
            self.digests.iter().rev().take(1).chain(self.digests.iter().filter(|it| it.key.contains("_backfill")))
        {
            let signature = digest.signature.as_ref().unwrap();
            write(&folder.join(format!("{}.signature", digest.key)), signature.as_bytes());
        }
    }
}

/// The signature that CloudTrail would give a digest, with our key.
pub fn signature_of(bucket: &str, digest: &Object) -> String {
    let document: Value = serde_json::from_slice(&digest.text).unwrap();
    let previous = document["previousDigestSignature"].as_str().unwrap_or("null");
    let end = document["digestEndTime"].as_str().unwrap();
    let text = format!("{end}\n{bucket}/{}\n{}\n{previous}", digest.key, sha256(&digest.text));
    let mut signature = vec![0; key().public_modulus_len()];
    key().sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    hex::encode(signature)
}

/// What `aws cloudtrail list-public-keys` would print.
pub fn public_keys() -> String {
    let value = BASE64_STANDARD.encode(key().public_key().as_ref());
    let key = json!({"Value": value, "ValidityStartTime": 1, "ValidityEndTime": 2, "Fingerprint": FINGERPRINT});
    json!({"PublicKeyList": [key]}).to_string()
}

/// Writes the keys where the program may read them.
pub fn save_keys(folder: &Path) -> PathBuf {
    let path = folder.join("keys.json");
    std::fs::write(&path, public_keys()).unwrap();
    path
}

fn key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(|| KeyPair::generate(KeySize::Rsa2048).unwrap())
}

pub fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn sha256(text: &[u8]) -> String {
    hex::encode(Sha256::digest(text))
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}
