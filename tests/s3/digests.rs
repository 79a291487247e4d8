//! Chains of digests with every kind of damage, on a downloaded copy.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::digest_chain::{Trail, gzip, save_keys, signature_of};
use crate::records::{ROLE, log_file};
use crate::run::trailtrim;

/// Five hours: two log files, none, one, one, one.
fn trail() -> Trail {
    let texts: Vec<String> = (0..5).map(log_file).collect();
    let mut trail = Trail::new("logs", "p/", "111122223333", "eu-central-1", "2026-11-02T08:01:31Z");
    trail.hour(&[&texts[0], &texts[1]]);
    trail.hour(&[]);
    trail.hour(&[&texts[2]]);
    trail.hour(&[&texts[3]]);
    trail.hour(&[&texts[4]]);
    trail
}

/// A trail on disk, to be damaged.
struct Copy {
    trail: Trail,
    folder: TempDir,
}

impl Copy {
    fn of(trail: Trail) -> Self {
        let folder = tempfile::tempdir().unwrap();
        trail.copy_to(&folder.path().join("copy"));
        save_keys(folder.path());
        Self { trail, folder }
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join("copy").join(key)
    }

    fn log(&self, index: usize) -> PathBuf {
        self.path(&self.trail.logs[index].key)
    }

    fn digest(&self, index: usize) -> PathBuf {
        self.path(&self.trail.digests[index].key)
    }

    fn signature(&self, index: usize) -> PathBuf {
        self.path(&format!("{}.signature", self.trail.digests[index].key))
    }

    /// What is said of it; every run is also held to its status with `--require-complete`.
    fn gaps(&self, more: &[&str]) -> Vec<String> {
        let keys = self.folder.path().join("keys.json");
        let source = self.folder.path().join("copy");
        let (keys, source) = (keys.to_str().unwrap(), source.to_str().unwrap());
        let arguments = ["generate", source, "--role", ROLE, "--format", "json", "--require-complete"];
        let verify = ["--verify-digests", "--digest-keys", keys];
        let finished = trailtrim(arguments.iter().chain(&verify).chain(more).copied()).finish();
        let report: Value =
            serde_json::from_str(&finished.stdout()).unwrap_or_else(|_| panic!("{}", finished.stderr()));
        let mut gaps: Vec<String> = report["coverage"]["gaps"].as_array().unwrap().iter().map(short).collect();
        gaps.sort_unstable();
        assert_eq!(finished.status(), Some(if gaps.is_empty() { 0 } else { 4 }), "{gaps:?}\n{}", finished.stderr());
        gaps
    }
}

/// The last part of the file's name that tells it from the others, and what is said of it.
fn short(gap: &Value) -> String {
    let gap = gap.as_str().unwrap();
    let (place, said) = gap.strip_prefix('`').unwrap().split_once("`: ").unwrap();
    let name = Path::new(place).file_name().unwrap().to_str().unwrap();
    let name = name.trim_start_matches("111122223333_CloudTrail").trim_end_matches(".json.gz");
    format!("{} | {said}", name.replace("_eu-central-1", ""))
}

#[track_caller]
fn expect(gaps: &[String], expected: &[&str]) {
    let mut expected = expected.to_vec();
    expected.sort_unstable();
    let matches =
        gaps.len() == expected.len() && gaps.iter().zip(&expected).all(|(gap, start)| gap.starts_with(*start));
    assert!(matches, "found:\n  {}\nexpected:\n  {}", gaps.join("\n  "), expected.join("\n  "));
}

/// Writes a digest anew after a change of its text, as somebody would who has no key of CloudTrail's.
fn rewrite(path: &Path, change: impl Fn(&mut Value)) -> Vec<u8> {
    let packed = std::fs::read(path).unwrap();
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut text).unwrap();
    let mut document: Value = serde_json::from_slice(&text).unwrap();
    change(&mut document);
    let text = document.to_string().into_bytes();
    std::fs::write(path, gzip(&text)).unwrap();
    text
}

#[test]
fn a_whole_chain_is_proved() {
    expect(&Copy::of(trail()).gaps(&[]), &[]);
    expect(&Copy::of(trail()).gaps(&["--since", "2026-11-02T09:00:00Z", "--until", "2026-11-02T12:30:00Z"]), &[]);
}

#[test]
fn unpacked_and_repacked_files_are_the_same_files() {
    let copy = Copy::of(trail());
    let text = copy.trail.logs[0].text.clone();
    std::fs::remove_file(copy.log(0)).unwrap();
    std::fs::write(copy.log(0).with_extension(""), text).unwrap();
    expect(&copy.gaps(&[]), &[]);
}

#[test]
fn a_changed_log_file_is_told() {
    let copy = Copy::of(trail());
    std::fs::write(copy.log(2), gzip(log_file(99).as_bytes())).unwrap();
    expect(&copy.gaps(&[]), &["_20261102T1006Z_0000000000000000 | log file was changed after delivery"]);
}

#[test]
fn a_deleted_log_file_is_told() {
    let copy = Copy::of(trail());
    std::fs::remove_file(copy.log(1)).unwrap();
    expect(&copy.gaps(&[]), &["_20261102T0811Z_0000000000000001 | log file is not among what was read"]);
}

#[test]
fn an_added_log_file_is_told() {
    let copy = Copy::of(trail());
    let added =
        copy.log(0).with_file_name("111122223333_CloudTrail_eu-central-1_20261102T0915Z_added00000000000.json.gz");
    std::fs::write(added, gzip(log_file(99).as_bytes())).unwrap();
    expect(&copy.gaps(&[]), &["_20261102T0915Z_added00000000000 | log file is in no digest: added later"]);
}

#[test]
fn a_log_file_that_is_cut_off_is_told() {
    let copy = Copy::of(trail());
    let packed = std::fs::read(copy.log(2)).unwrap();
    std::fs::write(copy.log(2), &packed[..packed.len() / 2]).unwrap();
    expect(
        &copy.gaps(&[]),
        &[
            "_20261102T1006Z_0000000000000000 | compressed data is damaged",
            "_20261102T1006Z_0000000000000000 | log file could not be read to its end",
        ],
    );
}

#[test]
fn a_log_file_newer_than_the_last_digest_is_not_proved_yet() {
    let copy = Copy::of(trail());
    let new =
        copy.log(0).with_file_name("111122223333_CloudTrail_eu-central-1_20261102T1305Z_new0000000000000.json.gz");
    std::fs::write(new, gzip(log_file(99).as_bytes())).unwrap();
    expect(&copy.gaps(&[]), &["_20261102T1305Z_new0000000000000 | log file is newer than the last digest"]);
}

#[test]
fn a_deleted_digest_is_told_and_its_log_files_are_not_proved() {
    let copy = Copy::of(trail());
    std::fs::remove_file(copy.digest(2)).unwrap();
    expect(
        &copy.gaps(&[]),
        &[
            "_20261102T1006Z_0000000000000000 | log file of a time without a digest to trust",
            // Its signature was in the digest that is gone.
            "-Digest_main_20261102T100131Z | signature of the digest is not known",
            "-Digest_main_20261102T110131Z | digest is missing; ",
        ],
    );
}

#[test]
fn a_deleted_digest_at_the_beginning_is_missed_only_if_its_time_is_asked_for() {
    let copy = Copy::of(trail());
    std::fs::remove_file(copy.digest(0)).unwrap();
    std::fs::remove_file(copy.log(0)).unwrap();
    std::fs::remove_file(copy.log(1)).unwrap();
    expect(&copy.gaps(&[]), &[]);
    expect(&copy.gaps(&["--since", "2026-11-02T08:30:00Z"]), &["-Digest_main_20261102T090131Z | digest is missing; "]);
    expect(&copy.gaps(&["--since", "2026-11-02T09:30:00Z"]), &[]);
}

#[test]
fn digests_that_are_deleted_at_the_end_are_missed_where_the_window_ends_later() {
    let copy = Copy::of(trail());
    for index in [3, 4] {
        std::fs::remove_file(copy.digest(index)).unwrap();
        std::fs::remove_file(copy.log(index)).unwrap();
    }
    std::fs::write(copy.signature(2), copy.trail.digests[2].signature.as_ref().unwrap()).unwrap();
    expect(&copy.gaps(&["--until", "2026-11-02T13:00:00Z"]), &[]);
    expect(
        &copy.gaps(&["--until", "2026-11-02T13:30:00Z"]),
        &["-Digest_main_20261102T110131Z | last digest of its trail; log files after 2026-11-02T11:01:31Z"],
    );
}

#[test]
fn a_changed_digest_is_told() {
    let copy = Copy::of(trail());
    rewrite(&copy.digest(2), |digest| digest["logFiles"] = Value::Array(Vec::new()));
    std::fs::remove_file(copy.log(2)).unwrap();
    expect(
        &copy.gaps(&[]),
        &["-Digest_main_20261102T110131Z | digest was changed after delivery; its log files are not proved"],
    );
}

#[test]
fn the_newest_digest_with_a_wrong_signature_is_told() {
    let copy = Copy::of(trail());
    rewrite(&copy.digest(4), |digest| digest["logFiles"] = Value::Array(Vec::new()));
    let wrong = [
        "_20261102T1206Z_0000000000000000 | log file of a time without a digest to trust",
        "-Digest_main_20261102T130131Z | CloudTrail did not sign this digest",
    ];
    expect(&copy.gaps(&[]), &wrong);
    // Not even with the signature of another.
    std::fs::write(copy.signature(4), copy.trail.digests[3].signature.as_ref().unwrap()).unwrap();
    expect(&copy.gaps(&[]), &wrong);
}

#[test]
fn the_newest_digest_without_its_signature_is_not_proved() {
    let copy = Copy::of(trail());
    std::fs::remove_file(copy.signature(4)).unwrap();
    expect(&copy.gaps(&[]), &["-Digest_main_20261102T130131Z | signature of the digest is not known"]);
    let metadata =
        serde_json::json!({"signature": copy.trail.digests[4].signature, "signature-algorithm": "SHA256withRSA"});
    std::fs::write(copy.signature(4), metadata.to_string()).unwrap();
    expect(&copy.gaps(&[]), &[]);
}

#[test]
fn a_signature_that_was_changed_beside_a_digest_is_told() {
    let copy = Copy::of(trail());
    std::fs::write(copy.signature(1), copy.trail.digests[2].signature.as_ref().unwrap()).unwrap();
    expect(
        &copy.gaps(&[]),
        &["-Digest_main_20261102T100131Z | signature of the digest was changed; the one in the next"],
    );
}

#[test]
fn a_genuine_digest_in_the_place_of_another_is_told() {
    let copy = Copy::of(trail());
    std::fs::copy(copy.digest(1), copy.digest(2)).unwrap();
    expect(
        &copy.gaps(&[]),
        &[
            "_20261102T1006Z_0000000000000000 | log file of a time without a digest to trust",
            // Its signature was in the digest that is gone.
            "-Digest_main_20261102T100131Z | signature of the digest is not known",
            "-Digest_main_20261102T110131Z | digest was moved: it says that it is `s3://logs/p/AWSLogs/",
        ],
    );
}

#[test]
fn a_genuine_digest_that_the_next_one_does_not_mean_is_told() {
    let mut trail = trail();
    let mut other = trail.digests[2].clone();
    let mut document: Value = serde_json::from_slice(&other.text).unwrap();
    document["logFiles"] = Value::Array(Vec::new());
    other.text = document.to_string().into_bytes();
    other.signature = Some(signature_of("logs", &other));
    trail.digests[2] = other;
    let copy = Copy::of(trail);
    std::fs::write(copy.signature(2), copy.trail.digests[2].signature.as_ref().unwrap()).unwrap();
    expect(
        &copy.gaps(&[]),
        &[
            "_20261102T1006Z_0000000000000000 | log file of a time without a digest to trust",
            "-Digest_main_20261102T110131Z | digest is not the one that the next digest means",
        ],
    );
}

#[test]
fn a_damaged_digest_is_told() {
    let copy = Copy::of(trail());
    let packed = std::fs::read(copy.digest(2)).unwrap();
    std::fs::write(copy.digest(2), &packed[..packed.len() / 2]).unwrap();
    let gaps = copy.gaps(&[]);
    assert!(gaps.iter().any(|gap| gap.starts_with("-Digest_main_20261102T110131Z | digest can't be read")), "{gaps:?}");
    std::fs::write(copy.digest(2), "{\"Records\":[]}").unwrap();
    let gaps = copy.gaps(&[]);
    assert!(gaps.iter().any(|gap| gap.contains("can't be read (missing field")), "{gaps:?}");
}

#[test]
fn a_pause_of_validation_is_a_gap() {
    let mut trail = trail();
    trail.pause(30);
    trail.hour(&[&log_file(6)]);
    let copy = Copy::of(trail);
    // The last digest before the pause has no next one that holds its signature.
    std::fs::write(copy.signature(4), copy.trail.digests[4].signature.as_ref().unwrap()).unwrap();
    let unlisted =
        copy.log(0).with_file_name("111122223333_CloudTrail_eu-central-1_20261103T0105Z_unlisted00000000.json.gz");
    std::fs::write(unlisted, gzip(log_file(99).as_bytes())).unwrap();
    expect(
        &copy.gaps(&[]),
        &[
            "_20261103T0105Z_unlisted00000000 | log file of a time without a digest to trust",
            "-Digest_main_20261103T200131Z | validation starts anew with this digest; log files from \
             2026-11-02T13:01:31Z to 2026-11-03T19:01:31Z are not proved",
        ],
    );
    expect(&copy.gaps(&["--until", "2026-11-02T12:30:00Z"]), &[]);
    let since = ["--since", "2026-11-02T08:00:00Z", "--until", "2026-11-02T12:30:00Z"];
    expect(&copy.gaps(&since), &["-Digest_main_20261102T090131Z | first digest of its trail; log files before"]);
}

#[test]
fn late_digests_are_a_chain_of_their_own() {
    let mut trail = trail();
    trail.backfill(&log_file(7));
    let copy = Copy::of(trail);
    let newest = copy.trail.digests[4].signature.as_ref().unwrap();
    std::fs::write(copy.signature(4), newest).unwrap();
    expect(&copy.gaps(&[]), &[]);
    std::fs::write(copy.log(5), gzip(log_file(99).as_bytes())).unwrap();
    expect(&copy.gaps(&[]), &["_20261102T1231Z_backfilled000000 | log file was changed after delivery"]);
}

#[test]
fn what_no_digest_covers_is_told_once_an_account_and_region() {
    let copy = Copy::of(trail());
    for number in 0..3 {
        let name = format!("111122223333_CloudTrail_us-east-1_20261102T091{number}Z_elsewhere0000000.json.gz");
        std::fs::write(copy.log(0).with_file_name(name), gzip(log_file(90 + number).as_bytes())).unwrap();
    }
    std::fs::write(copy.path("history.json"), log_file(80)).unwrap();
    let gaps = copy.gaps(&[]);
    expect(
        &gaps,
        &[
            "history.json | not a log file of a trail by its name, so no digest proves it",
            "_us-east-1_20261102T0910Z_elsewhere0000000 | no digest for its account and Region",
        ],
    );
    assert!(gaps[0].ends_with("3 times"), "{gaps:?}");
}

#[test]
fn a_key_that_is_not_at_hand_is_told() {
    let copy = Copy::of(trail());
    let keys = crate::digest_chain::public_keys().replace(crate::digest_chain::FINGERPRINT, "00");
    std::fs::write(copy.folder.path().join("keys.json"), keys).unwrap();
    let gaps = copy.gaps(&[]);
    assert_eq!(gaps.len(), 5, "{gaps:?}");
    assert!(gaps.iter().all(|gap| gap.contains("public key `31e8b5433410dfb61a9dc45cc65b22ff` is not among the keys")));
}

#[test]
fn only_what_is_selected_is_proved() {
    let copy = Copy::of(trail());
    std::fs::write(copy.log(2), gzip(log_file(99).as_bytes())).unwrap();
    expect(&copy.gaps(&["--until", "2026-11-02T09:30:00Z"]), &[]);
    let elsewhere = ["--since", "2026-11-02T11:00:00Z"];
    expect(&copy.gaps(&elsewhere), &[]);
}

#[test]
fn keys_that_are_none_end_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let keys = folder.path().join("keys.json");
    std::fs::write(&keys, "{}").unwrap();
    let keys = keys.to_str().unwrap();
    let arguments = ["generate", "fixtures", "--role", "x", "--verify-digests", "--digest-keys", keys];
    let finished = trailtrim(arguments).expect(1);
    assert!(finished.stderr().contains("list-public-keys"), "{}", finished.stderr());
}
