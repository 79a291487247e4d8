//! CloudTrail's public keys, each known by its fingerprint.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

/// Public keys in DER form, by fingerprint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicKeys(BTreeMap<String, Vec<u8>>);

/// Why a file holds no public keys.
#[derive(Debug, thiserror::Error)]
pub enum ParseKeysError {
    #[error("not the output of `aws cloudtrail list-public-keys`: {0}")]
    NotKeys(#[from] serde_json::Error),

    #[error("the key with fingerprint `{fingerprint}` is not base64: {source}")]
    NotBase64 { fingerprint: String, source: base64::DecodeError },

    #[error("holds no key")]
    NoKey,
}

#[derive(Deserialize)]
struct Listing {
    #[serde(rename = "PublicKeyList", alias = "publicKeyList")]
    keys: Vec<Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    value: String,
    fingerprint: String,
}

impl PublicKeys {
    /// Reads what `aws cloudtrail list-public-keys` prints; several such documents may follow one another.
    pub fn parse(text: &[u8]) -> Result<Self, ParseKeysError> {
        let mut keys = Self::default();
        for listing in serde_json::Deserializer::from_slice(text).into_iter::<Listing>() {
            for Listed { value, fingerprint } in listing?.keys {
                let decoded = BASE64_STANDARD.decode(value.trim());
                let der =
                    decoded.map_err(|source| ParseKeysError::NotBase64 { fingerprint: fingerprint.clone(), source })?;
                keys.insert(fingerprint, der);
            }
        }
        if keys.0.is_empty() { Err(ParseKeysError::NoKey) } else { Ok(keys) }
    }

    /// Adds a key.
    pub fn insert(&mut self, fingerprint: String, der: Vec<u8>) {
        self.0.insert(fingerprint, der);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds all keys of the other.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The key of this fingerprint.
    pub fn get(&self, fingerprint: &str) -> Option<&[u8]> {
        self.0.get(fingerprint).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_keys_are_read_from_one_region_or_several() {
        let one = r#"{"PublicKeyList":[{"Value":"AAEC","ValidityStartTime":"2015","Fingerprint":"aa"}]}"#;
        let other = one.replace("\"aa\"", "\"bb\"").replace("PublicKeyList", "publicKeyList");
        let keys = PublicKeys::parse(format!("{one}\n{other}\n").as_bytes()).unwrap();
        assert_eq!(keys.get("aa"), Some(&[0, 1, 2][..]));
        assert_eq!(keys.get("bb"), Some(&[0, 1, 2][..]));
        assert_eq!(keys.get("cc"), None);
    }

    #[test]
    fn what_holds_no_keys_is_refused() {
        assert!(matches!(PublicKeys::parse(b"{\"Records\":[]}"), Err(ParseKeysError::NotKeys(_))));
        assert!(matches!(PublicKeys::parse(b"{\"PublicKeyList\":[]}"), Err(ParseKeysError::NoKey)));
        let bad = br#"{"PublicKeyList":[{"Value":"%","Fingerprint":"aa"}]}"#;
        assert!(matches!(PublicKeys::parse(bad), Err(ParseKeysError::NotBase64 { .. })));
    }
}
