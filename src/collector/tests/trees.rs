//! Trees of files, threads, and what bounds the memory.

use std::io::Write;

use super::*;
use crate::collector::ProblemKind;

fn record(id: u64, role: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","sessionContext":{{"sessionIssuer":{{"arn":"arn:aws:iam::111122223333:role/{role}"}}}}}},"eventTime":"2026-03-13T08:33:30Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeVpcs","awsRegion":"x","eventID":"{id:08x}"}}"#
    )
}

fn records(ids: std::ops::Range<u64>, role: &str) -> String {
    let all: Vec<String> = ids.map(|id| record(id, role)).collect();
    format!(r#"{{"Records":[{}]}}"#, all.join(","))
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A tree with files of all kinds, nested and overlapping.
fn tree() -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = tree.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    };
    write("a/1.json.gz", &gzip(records(0..50, "runner").as_bytes()));
    write("a/b/2.json", records(40..60, "runner").as_bytes());
    write("a/b/3.json.gz", &gzip(records(100..2000, "other").as_bytes()));
    write("c/4.json", br#"{"Records":"none"}"#);
    write("c/5.json.gz", &gzip(records(60..70, "runner").as_bytes())[..200]);
    write("c/empty", b"");
    write("c/digest.json", br#"{"awsAccountId":"1","digestStartTime":"2026-03-13T08:00:00Z","logFiles":[]}"#);
    write("c/insight.json", br#"{"Records":[{"eventVersion":"1.07","eventType":"AwsCloudTrailInsight"}]}"#);
    write(".hidden", b"not looked at");
    tree
}

#[test]
fn threads_and_order_never_show() {
    let tree = tree();
    let all = try_read(&[tree.path()], 1, &needles("runner")).unwrap();
    assert_eq!(all.sink.events(), 60);
    assert_eq!(all.sink.count(SkipReason::Duplicate), 10);
    assert_eq!(all.sink.count(SkipReason::OtherPrincipal), 1900);
    let counts = all.files;
    assert_eq!((counts.read, counts.empty, counts.digests, counts.insights), (5, 1, 1, 1));
    assert_eq!(all.problems.len(), 2, "{:?}", all.problems);

    let reversed = [tree.path().join("c"), tree.path().join("a")];
    let reversed: Vec<&Path> = reversed.iter().map(PathBuf::as_path).collect();
    for threads in [1, 2, 5] {
        let again = try_read(&reversed, threads, &needles("runner")).unwrap();
        assert_eq!((&again.sink, &again.problems), (&all.sink, &all.problems), "{threads} threads");
    }
}

#[test]
fn a_source_given_twice_counts_once() {
    let tree = tree();
    let twice = try_read(&[tree.path(), tree.path()], 2, &needles("runner")).unwrap();
    assert_eq!(twice.sink.events(), 60);
    assert_eq!(twice.sink.count(SkipReason::Duplicate), 80);
}

#[test]
fn strict_runs_end_at_problems() {
    let tree = tree();
    let options = CollectOptions { strict: true, ..CollectOptions::default() };
    let run = |path: &Path| collect(&[Input::Path(path.to_owned())], &options, &Needles::default(), Notes::default);
    match run(&tree.path().join("c")) {
        Err(CollectError::Strict(problems)) => assert_eq!(problems.len(), 2),
        other => panic!("{other:?}"),
    }
    assert!(run(&tree.path().join("a")).is_ok());
}

#[test]
fn what_is_not_there_is_an_error() {
    let tree = tempfile::tempdir().unwrap();
    let missing = tree.path().join("missing");
    assert!(matches!(try_read(&[&missing], 1, &Needles::default()), Err(CollectError::Unreadable { .. })));
    assert!(matches!(try_read(&[tree.path()], 1, &Needles::default()), Err(CollectError::Nothing { .. })));
}

/// A file much larger than what is held in memory, as it is and as gzip in several members.
#[test]
fn large_files_are_streamed_with_the_same_result() {
    let tree = tempfile::tempdir().unwrap();
    let text = records(0..40_000, "runner");
    let (front, back) = text.as_bytes().split_at(text.len() / 3);
    for (name, bytes) in [
        ("plain", text.as_bytes().to_vec()),
        ("members", [gzip(front), gzip(back)].concat()),
        ("gzip", gzip(text.as_bytes())),
    ] {
        let path = tree.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let collected = try_read(&[&path], 1, &needles("runner")).unwrap();
        assert_eq!(collected.sink.events(), 40_000, "{name}");
        assert!(collected.problems.is_empty(), "{name}: {:?}", collected.problems);
    }
}

#[test]
fn broken_lines_cost_themselves_only() {
    let tree = tempfile::tempdir().unwrap();
    let path = tree.path().join("x.ndjson");
    let broken = record(1, "runner").replace("awsRegion\":", "awsRegion:");
    let unclosed = record(2, "runner").replace("\"}", "");
    let text =
        format!("{}\n{broken}\n{}\n{unclosed}\n{}\n", record(3, "runner"), record(4, "runner"), record(5, "runner"));
    std::fs::write(&path, text).unwrap();
    let collected = try_read(&[&path], 1, &needles("runner")).unwrap();
    assert_eq!(collected.sink.events(), 3, "{collected:?}");
    assert_eq!(collected.sink.count(SkipReason::Malformed), 2);
    assert_eq!(collected.problems.iter().map(|problem| problem.count).sum::<u64>(), 2);
}

#[test]
fn a_file_of_broken_lines_is_left_at_some_point() {
    let tree = tempfile::tempdir().unwrap();
    let path = tree.path().join("x.ndjson");
    std::fs::write(&path, "{\"a\":[\n".repeat(1_100)).unwrap();
    let collected = try_read(&[&path], 1, &Needles::default()).unwrap();
    assert!(
        collected.problems.iter().any(|problem| problem.kind == ProblemKind::TooBroken),
        "{:?}",
        collected.problems
    );
}

#[test]
fn records_of_300_kilobytes_are_read_and_larger_than_any_are_skipped() {
    let tree = tempfile::tempdir().unwrap();
    let path = tree.path().join("x.json");
    let with = |id: u64, length: usize| {
        record(id, "runner").replace("\"awsRegion\":\"x\"", &format!("\"awsRegion\":\"{}\"", "x".repeat(length)))
    };
    let text = format!(r#"{{"Records":[{},{},{}]}}"#, with(1, 300_000), with(2, 5 << 20), with(3, 10));
    std::fs::write(&path, &text).unwrap();
    std::fs::write(tree.path().join("x.json.gz"), gzip(text.as_bytes())).unwrap();
    let collected = read(&[tree.path()]);
    assert_eq!(collected.sink.events(), 2);
    assert_eq!(collected.sink.count(SkipReason::TooLarge), 2);
}

#[test]
fn the_consoles_csv_file_says_what_it_lacks() {
    let collected = read(&[&fixture("cloudtrail/envelopes/event-history.csv")]);
    assert_eq!(collected.sink.events(), 3);
    assert!(collected.sink.gaps[0].contains("as JSON instead"), "{:?}", collected.sink.gaps);
}
