//! Finds the files under the inputs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::problem::{FileProblem, ProblemKind};

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    pub path: PathBuf,
    pub bytes: u64,
}

/// All regular files under `path`, or itself. Names with a dot in front are left out, and so are links to directories, which
/// may lead in circles. What can't be opened is a problem; only `path` itself must be there.
pub fn list(path: &Path, problems: &mut Vec<FileProblem>) -> io::Result<Vec<FoundFile>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Ok(vec![FoundFile { path: path.to_owned(), bytes: metadata.len() }]);
    }
    let mut found = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        match fs::read_dir(&directory) {
            Ok(entries) => {
                for entry in entries {
                    let listed = entry.and_then(|entry| list_entry(&entry, &mut found, &mut directories));
                    problems.extend(listed.err().map(|error| unreadable(&directory, &error)));
                }
            }
            Err(error) => problems.push(unreadable(&directory, &error)),
        }
    }
    Ok(found)
}

fn list_entry(entry: &fs::DirEntry, found: &mut Vec<FoundFile>, directories: &mut Vec<PathBuf>) -> io::Result<()> {
    if entry.file_name().as_encoded_bytes().starts_with(b".") {
        return Ok(());
    }
    let kind = entry.file_type()?;
    if kind.is_dir() {
        directories.push(entry.path());
        return Ok(());
    }
    // Follows links to files; one that leads nowhere is a problem.
    let metadata = if kind.is_symlink() { fs::metadata(entry.path())? } else { entry.metadata()? };
    if metadata.is_file() {
        found.push(FoundFile { path: entry.path(), bytes: metadata.len() });
    }
    Ok(())
}

pub fn unreadable(path: &Path, error: &io::Error) -> FileProblem {
    let kind = ProblemKind::Unreadable(error.to_string());
    FileProblem { file: path.display().to_string(), byte: None, kind, count: 1 }
}
