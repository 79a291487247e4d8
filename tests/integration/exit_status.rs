//! How runs end: the number, and what is said.

use serde_json::Value;

use crate::support::{Scenario, formats, scenarios, trailtrim};

const EVENTS: &str = "fixtures/scenarios/eks-addon-denied/events";

#[test]
fn a_clean_run_is_0_in_every_format_that_can_hold_the_result() {
    for format in formats() {
        Scenario::named("eks-addon-denied").generate(&["--format", &format]).expect(0);
    }
}

#[test]
fn what_can_not_be_read_is_1_and_named() {
    let run = trailtrim(["generate", "no/such/folder", "--role", "ci"]).expect(1);
    assert!(run.stderr().starts_with("error: ") && run.stderr().contains("`no/such/folder`"), "{}", run.stderr());
    assert_eq!(run.stdout(), "");
}

#[test]
fn bad_arguments_are_2() {
    for arguments in [
        vec![],
        vec!["generate"],
        vec!["generate", EVENTS],
        vec!["generate", EVENTS, "--role", "not a name"],
        vec!["generate", EVENTS, "--role", "ci", "--format", "docx"],
        vec!["generate", EVENTS, "--role", "ci", "--out", "a.docx"],
        vec!["generate", EVENTS, "--role", "ci", "--since", "tomorrow"],
        vec!["generate", EVENTS, "--role", "ci", "--since", "2026-11-03", "--until", "2026-11-01"],
        vec!["generate", "s3://", "--role", "ci"],
        vec!["catalog", "lookup", "eks:NoSuchAction"],
        vec!["man", "no-such-command"],
        vec!["no-such-command"],
    ] {
        let run = trailtrim(&arguments).expect(2);
        assert_eq!(run.stdout(), "", "{arguments:?}");
        assert!(!run.stderr().is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_0() {
    for arguments in [vec!["--help"], vec!["--version"], vec!["generate", "--help"], vec!["help", "catalog"]] {
        trailtrim(&arguments).expect(0);
    }
}

#[test]
fn a_role_that_never_appears_is_3_and_those_that_do_are_named() {
    let run = trailtrim(["generate", "fixtures/scenarios/eks-terraform/events", "--role", "nobody"]).expect(3);
    insta::assert_snapshot!("role_not_found", run.stderr());
    assert_eq!(run.stdout(), "");
}

#[test]
fn the_same_name_under_another_path_is_suggested() {
    let role = "arn:aws:iam::111122223333:role/eks/eks-runner";
    let run = trailtrim(["generate", "fixtures/scenarios/eks-eksctl/events", "--role", role]).expect(3);
    assert!(run.stderr().contains("did you mean `arn:aws:iam::111122223333:role/ci/eks-runner`?"), "{}", run.stderr());
}

#[test]
fn gaps_in_the_evidence_are_4_only_on_request_and_the_result_is_there_all_the_same() {
    let mut seen = [false; 2];
    for scenario in scenarios() {
        let relaxed = scenario.generate(&["--format", "json", "--log-format", "json"]).expect(0);
        let summary: Value = serde_json::from_str(relaxed.stderr().lines().last().unwrap()).unwrap();
        let complete = summary["shortcomings"].as_array().unwrap().is_empty();
        let strict =
            scenario.generate(&["--format", "json", "--require-complete"]).expect(if complete { 0 } else { 4 });
        assert_eq!(strict.stdout(), relaxed.stdout(), "{}", scenario.name);
        seen[usize::from(complete)] = true;
    }
    assert!(seen[1], "a scenario with complete evidence");
}

#[test]
fn a_record_that_can_not_be_read_is_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let source =
        std::fs::read_to_string(crate::support::repository().join(&Scenario::named("eks-addon-denied").files()[0]))
            .unwrap();
    std::fs::write(folder.path().join("a.ndjson"), source + "{\"eventVersion\": \"1.08\", \"eventSource\": \n")
        .unwrap();
    let sources = [folder.path().to_str().unwrap().to_owned()];
    let scenario = Scenario::named("eks-addon-denied");
    scenario.generate_from(&sources, &[]).expect(0);
    scenario.generate_from(&sources, &["--require-complete"]).expect(4);
    let strict = scenario.generate_from(&sources, &["--strict"]).expect(1);
    assert!(strict.stderr().contains("a.ndjson"), "{}", strict.stderr());
    assert_eq!(strict.stdout(), "");
}

#[test]
fn a_role_that_may_be_in_what_could_not_be_read_is_3_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let whole = std::fs::read(crate::support::repository().join("fixtures/policies/seed.json")).unwrap();
    std::fs::write(
        folder.path().join("cut.json.gz"),
        [&b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"[..], &whole].concat(),
    )
    .unwrap();
    std::fs::write(folder.path().join("other.json"), "{\"Records\": {}}").unwrap();
    let run = trailtrim(["generate", folder.path().to_str().unwrap(), "--role", "ci", "--quiet"]).expect(3);
    for words in ["cut.json.gz`: ", "other.json`: `Records` is no array"] {
        assert!(run.stderr().contains(words), "{}", run.stderr());
    }
}

#[test]
fn several_documents_on_standard_output_are_5_with_advice() {
    let run = Scenario::named("eks-terraform-platform").generate(&[]).expect(5);
    assert!(run.stderr().contains("--out-dir"), "{}", run.stderr());
    assert_eq!(run.stdout(), "");
}

#[test]
fn a_policy_that_needs_more_documents_than_allowed_is_5() {
    let run =
        Scenario::named("eks-terraform-platform").generate(&["--format", "json", "--max-policies", "1"]).expect(5);
    assert!(run.stderr().contains("--max-policies"), "{}", run.stderr());
}

/// Root may read everything, so the program runs as nobody there.
#[cfg(unix)]
#[test]
fn a_directory_without_permission_is_named_and_the_rest_is_read() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let folder = tempfile::tempdir().unwrap();
    let allow = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(folder.path(), 0o755);
    let program = folder.path().join("trailtrim");
    std::fs::copy(env!("CARGO_BIN_EXE_trailtrim"), &program).unwrap();
    let (trail, closed) = (folder.path().join("trail"), folder.path().join("trail/closed"));
    std::fs::create_dir_all(&closed).unwrap();
    let events = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/scenarios/eks-addon-denied/events");
    for entry in std::fs::read_dir(events).unwrap() {
        let from = entry.unwrap().path();
        let to = trail.join(from.file_name().unwrap());
        std::fs::copy(&from, &to).unwrap();
        allow(&to, 0o644);
    }
    std::os::unix::fs::symlink("round", trail.join("round")).unwrap();
    allow(&closed, 0o000);
    let run = |more: &[&str]| {
        let mut command = Command::new(&program);
        command.args(["generate", "trail", "--role", "eks-runner"]).args(more).current_dir(folder.path());
        if std::fs::metadata(&program).unwrap().uid() == 0 {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, told) = run(&[]);
    assert_eq!(status, Some(0), "{told}");
    for (place, reason) in [("trail/closed", "Permission denied"), ("trail", "symbolic links")] {
        assert!(told.contains(place) && told.contains(reason), "{place}: {told}");
    }
    assert_eq!(run(&["--require-complete"]).0, Some(4));
    let (status, told) = run(&["--strict"]);
    assert!(status == Some(1) && told.contains("Permission denied"), "{told}");
    allow(&closed, 0o755);
}
