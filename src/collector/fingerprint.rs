//! Sums over what was read, by which a report can be made again from the same bytes.
//!
//! A file has the sum that `sha256sum` prints. A directory has the sum of the list that this prints in it:
//!
//! ```sh
//! find . -type f -not -path '*/.*' | LC_ALL=C sort | xargs sha256sum
//! ```

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest as _, Sha256};

use super::listing::{FoundFile, list};

/// How much, and its sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    pub files: u64,
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

/// The sum of a file or of everything under a directory.
pub fn fingerprint(path: &Path) -> io::Result<Fingerprint> {
    let found = list(path, &mut Vec::new())?;
    if path.is_file() {
        let (bytes, sha256) = sum_of(path)?;
        return Ok(Fingerprint { files: 1, bytes, sha256 });
    }
    let sums: Vec<(String, u64, String)> =
        found.par_iter().map(|file| line_of(path, file)).collect::<io::Result<_>>()?;
    let mut sorted = sums;
    sorted.sort();
    let mut sum = Sha256::new();
    for (name, _, of_file) in &sorted {
        sum.update(format!("{of_file}  ./{name}\n"));
    }
    let bytes = sorted.iter().map(|(_, bytes, _)| bytes).sum();
    Ok(Fingerprint { files: sorted.len() as u64, bytes, sha256: hex(&sum.finalize()) })
}

fn line_of(root: &Path, file: &FoundFile) -> io::Result<(String, u64, String)> {
    let file = file.path();
    let (bytes, sum) = sum_of(&file)?;
    let name = file.strip_prefix(root).unwrap_or(&file);
    Ok((name.to_string_lossy().replace('\\', "/"), bytes, sum))
}

fn sum_of(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut sum, mut bytes) = (File::open(path)?, Sha256::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        let Some(part) = buffer.get(..read).filter(|part| !part.is_empty()) else { break };
        sum.update(part);
        bytes += part.len() as u64;
    }
    Ok((bytes, hex(&sum.finalize())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_file_has_the_published_sum() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        let print = fingerprint(file.path()).unwrap();
        assert_eq!(print.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((print.files, print.bytes), (1, 3));
    }

    #[test]
    fn a_directory_has_the_sum_that_the_command_line_gives() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios/eks-addon-denied/events");
        let command = "find . -type f -not -path '*/.*' | LC_ALL=C sort | xargs sha256sum | sha256sum";
        let Ok(output) = Command::new("sh").args(["-c", command]).current_dir(&folder).output() else {
            return eprintln!("SKIPPED: no shell here");
        };
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(fingerprint(&folder).unwrap().sha256, told.split(' ').next().unwrap());
    }
}
