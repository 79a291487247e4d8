//! Objects that were read before, kept on disk by what S3 says that they are.
//!
//! An object that changes gets another ETag, so what is kept under one is never stale. Files appear whole, by rename.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::download::Body;
use crate::collector::remote::S3Object;

/// What is kept of an object, if all of it is there.
pub fn get(folder: &Path, object: &S3Object, bytes: u64) -> Option<Body> {
    let path = path_of(folder, object);
    let kept = std::fs::read(&path).ok()?;
    if kept.len() as u64 != bytes {
        return None;
    }
    let signature = std::fs::read_to_string(path.with_extension("signature")).ok();
    Some(Body { bytes: kept, signature })
}

/// Keeps an object. The signature first: without it a digest would not be whole.
pub fn put(folder: &Path, object: &S3Object, body: &Body) -> io::Result<()> {
    let path = path_of(folder, object);
    let parent = path.parent().unwrap_or(folder);
    std::fs::create_dir_all(parent)?;
    if let Some(signature) = &body.signature {
        write(parent, &path.with_extension("signature"), signature.as_bytes())?;
    }
    write(parent, &path, &body.bytes)
}

fn write(parent: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(parent)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

/// `DIR/ab/cdef….object`
fn path_of(folder: &Path, object: &S3Object) -> PathBuf {
    let mut hasher = Sha256::new();
    for part in [&object.bucket, &object.key, &object.etag] {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let name = hex::encode(hasher.finalize());
    let (first, rest) = name.split_at(2);
    folder.join(first).join(rest).with_extension("object")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_comes_back_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let object = S3Object { bucket: "b".into(), key: "k".into(), etag: "\"1\"".into() };
        let body = Body { bytes: b"text".to_vec(), signature: Some("ab".into()) };
        put(folder.path(), &object, &body).unwrap();
        assert_eq!(get(folder.path(), &object, 4), Some(body));
        assert_eq!(get(folder.path(), &object, 5), None, "a file that was cut");
        let changed = S3Object { etag: "\"2\"".into(), ..object };
        assert_eq!(get(folder.path(), &changed, 4), None);
    }
}
