//! Public records, where a directory with them is named: 11,000 of them in all their oddness.

use super::*;

/// The directory with `events/*.ndjson`.
fn shared() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "turns a test on, no input of the program")]
    let directory = std::env::var_os("TRAILTRIM_SHARED");
    if directory.is_none() {
        println!("skipped: TRAILTRIM_SHARED names no directory with public records");
    }
    directory.map(|directory| PathBuf::from(directory).join("events"))
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|path| path.extension().is_some_and(|end| end == "ndjson")).collect();
    files.sort();
    assert!(!files.is_empty(), "{} holds no records", directory.display());
    files
}

/// The files with public records; none where no directory is named.
pub fn public_files() -> Vec<PathBuf> {
    shared().map(|directory| files(&directory)).unwrap_or_default()
}

#[test]
fn every_public_record_is_used_or_skipped() {
    let Some(directory) = shared() else { return };
    for file in files(&directory) {
        let lines = std::fs::read_to_string(&file).unwrap().lines().filter(|line| !line.trim().is_empty()).count();
        let collected = read(&[&file]);
        assert_eq!(collected.sink.events() + collected.sink.skipped(), lines as u64, "{}", file.display());
        assert_eq!(collected.sink.count(SkipReason::Malformed), 0, "{}", file.display());
        assert!(collected.problems.is_empty(), "{:?}", collected.problems);
    }
}

#[test]
fn order_and_threads_change_nothing() {
    let Some(directory) = shared() else { return };
    let files = files(&directory);
    let forward: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let backward: Vec<&Path> = forward.iter().rev().copied().collect();
    let all = read(&forward).sink;
    for threads in [1, 3] {
        let again = try_read(&backward, threads, &Needles::default()).unwrap().sink;
        assert_eq!(again, all, "{threads} threads");
    }
}

/// The needles never lose a record of a principal that is there.
#[test]
fn needles_find_every_principal() {
    let Some(directory) = shared() else { return };
    let files = files(&directory);
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let all = read(&files).sink;
    let mut principals: Vec<&str> = all.events.keys().filter_map(|event| event.split(' ').nth(4)).collect();
    principals.sort_unstable();
    principals.dedup();
    let mut checked = 0;
    for principal in principals.iter().filter(|principal| principal.parse::<crate::iam::PrincipalArn>().is_ok()) {
        let found = try_read(&files, 2, &needles(principal)).unwrap().sink;
        let of_principal = |notes: &Notes| -> BTreeMap<String, u64> {
            let theirs = |event: &String| event.split(' ').nth(4) == Some(principal);
            notes
                .events
                .iter()
                .filter(|(event, _)| theirs(event))
                .map(|(event, count)| (event.clone(), *count))
                .collect()
        };
        assert_eq!(of_principal(&found), of_principal(&all), "{principal}");
        checked += 1;
    }
    assert!(checked > 10, "{checked}");
}
