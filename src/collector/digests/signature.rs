//! Whether CloudTrail signed a digest.
//!
//! Signed is, with RSA PKCS #1 v1.5 over SHA-256, a text of four lines: the end of the digest's time as written, bucket and
//! key, the hash of the uncompressed digest, and the signature of the digest before, or `null` where there is none.
//!
//! Source: AWS CloudTrail user guide, "Custom implementations of CloudTrail log file integrity validation"; that a starting
//! digest is signed with the word `null` is how the AWS CLI's `cloudtrail validate-logs` behaves.

use super::document::{Digest, Hash};

/// The text that is signed.
pub fn signed_text(digest: &Digest, hash: &Hash) -> String {
    let previous = digest.previous.as_ref().map_or("null", |previous| &previous.signature);
    format!("{}\n{}/{}\n{}\n{previous}", digest.end_text, digest.bucket, digest.object, hex::encode(hash))
}

/// Whether the signature, in hexadecimal digits, was made over the text with the private part of the key.
#[cfg(feature = "aws")]
pub fn fits(key: &[u8], text: &str, signature: &str) -> bool {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    let Ok(signature) = hex::decode(signature) else { return false };
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key).verify(text.as_bytes(), &signature).is_ok()
}

/// Without the AWS parts there is no RSA; the command line refuses `--verify-digests` before it comes to this.
#[cfg(not(feature = "aws"))]
pub fn fits(_key: &[u8], _text: &str, _signature: &str) -> bool {
    false
}
