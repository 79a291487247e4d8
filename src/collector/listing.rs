//! Finds the files under the inputs.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::{FileProblem, ProblemKind};

/// A file to read. A large trail has very many in one folder each day, so the folder is kept once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundFile {
    folder: Arc<Path>,
    name: Box<OsStr>,
    pub bytes: u64,
}

impl FoundFile {
    fn at(path: &Path, bytes: u64) -> Self {
        let (folder, name) = (path.parent().unwrap_or(Path::new("")), path.file_name().unwrap_or(path.as_os_str()));
        Self { folder: folder.into(), name: name.into(), bytes }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.join(&*self.name)
    }
}

/// All regular files under `path`, or itself. Names with a dot in front are left out, and so are links to directories, which
/// may lead in circles. What can't be opened is a problem; only `path` itself must be there.
pub fn list(path: &Path, problems: &mut Vec<FileProblem>) -> io::Result<Vec<FoundFile>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_dir() {
        return Ok(vec![FoundFile::at(path, metadata.len())]);
    }
    let mut found = Vec::new();
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        match fs::read_dir(&directory) {
            Ok(entries) => {
                let folder: Arc<Path> = directory.as_path().into();
                for entry in entries {
                    let listed = entry.and_then(|entry| list_entry(&folder, &entry, &mut found, &mut directories));
                    problems.extend(listed.err().map(|error| unreadable(&directory, &error)));
                }
            }
            Err(error) => problems.push(unreadable(&directory, &error)),
        }
    }
    Ok(found)
}

fn list_entry(
    folder: &Arc<Path>,
    entry: &fs::DirEntry,
    found: &mut Vec<FoundFile>,
    directories: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let name = entry.file_name();
    if name.as_encoded_bytes().starts_with(b".") {
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
        found.push(FoundFile { folder: Arc::clone(folder), name: name.into(), bytes: metadata.len() });
    }
    Ok(())
}

pub fn unreadable(path: &Path, error: &io::Error) -> FileProblem {
    let kind = ProblemKind::Unreadable(error.to_string());
    FileProblem { file: path.display().to_string(), byte: None, kind, count: 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_the_paths_that_they_were_found_at() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        for name in ["a/b/one.json", "a/two.json", ".hidden"] {
            fs::write(folder.path().join(name), "{}").unwrap();
        }
        let mut found = list(folder.path(), &mut Vec::new()).unwrap();
        found.sort();
        let paths: Vec<PathBuf> = found.iter().map(FoundFile::path).collect();
        assert_eq!(paths, [folder.path().join("a/two.json"), inner.join("one.json")]);
        let alone = list(&inner.join("one.json"), &mut Vec::new()).unwrap();
        assert_eq!((alone[0].path(), alone[0].bytes), (inner.join("one.json"), 2));
        for path in ["one.json", "/one.json", "./a/../one.json"] {
            assert_eq!(FoundFile::at(Path::new(path), 0).path(), Path::new(path));
        }
    }
}
