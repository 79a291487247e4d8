//! Streams, files, configuration: how the program behaves towards the shell.

use std::fs;
use std::io::Read as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Scenario, trailtrim};

/// A scenario whose policy fits one document.
fn small() -> Scenario {
    Scenario::named("eks-addon-denied")
}

#[test]
fn the_policy_is_all_that_standard_output_gets() {
    let run = small().generate(&[]).expect(0);
    let policy: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    assert!(run.stderr().contains("records read"), "{}", run.stderr());
}

#[test]
fn the_policy_of_the_terraform_run_fits_one_document_with_room_to_spare() {
    let policy = Scenario::named("eks-terraform").generate(&[]).stdout();
    let characters = policy.chars().filter(|one| !one.is_whitespace()).count();
    assert!((3_000..=6_000).contains(&characters), "{characters} of 6,144, and whitespace does not count");
}

#[test]
fn quiet_says_nothing_when_nothing_is_wrong() {
    assert_eq!(small().generate(&["--quiet"]).expect(0).stderr(), "");
}

#[test]
fn a_json_log_is_one_object_a_line() {
    let run = small().generate(&["--log-format", "json", "-vv"]).expect(0);
    let lines: Vec<Value> = run.stderr().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["message"] == "summary"), "{}", run.stderr());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut command = Scenario::named("eks-terraform").generate(&["--format", "json"]).into_command();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{told}");
    assert!(!told.contains("error"), "{told}");
}

#[test]
fn no_escape_sequence_reaches_a_pipe_unless_asked_for() {
    let plain = small().generate(&["--format", "text"]).expect(0);
    assert!(!plain.stdout().contains('\u{1b}') && !plain.stderr().contains('\u{1b}'));
    let coloured = small().generate(&["--format", "text", "--color", "always"]).stdout();
    assert!(coloured.contains("\u{1b}["));
    assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), plain.stdout(), "colour adds no text");
    let forced = small().generate(&["--format", "text"]).env("NO_COLOR", "1").env("CLICOLOR_FORCE", "1").stdout();
    assert_eq!(forced, plain.stdout(), "NO_COLOR wins");
}

#[test]
fn several_files_get_the_format_of_their_extension() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (policy, page, report) = (path("policy.json"), path("comment.md"), format!("json={}", path("report.json")));
    let run = small().generate(&["--out", &policy, "--out", &page, "--out", &report]).expect(0);
    assert_eq!(run.stdout(), "");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("policy.json"), small().generate(&[]).stdout());
    assert_eq!(read("comment.md"), small().generate(&["--format", "markdown"]).stdout());
    assert_eq!(read("report.json"), small().generate(&["--format", "json"]).stdout());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3, "nothing else is left behind");
}

#[test]
fn a_failing_run_touches_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("policy.json");
    fs::write(&good, "before").unwrap();
    let missing = folder.path().join("no/such/folder/comment.md");
    small().generate(&["--out", good.to_str().unwrap(), "--out", missing.to_str().unwrap()]).expect(1);
    assert_eq!(fs::read_to_string(&good).unwrap(), "before");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_folder_gets_one_file_for_each_document() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("policies");
    let run = Scenario::named("eks-terraform-platform")
        .generate(&["--out-dir", out.to_str().unwrap(), "--format", "json"])
        .expect(0);
    let report: Value = serde_json::from_str(&run.stdout()).unwrap();
    let policies = report["policies"].as_array().unwrap();
    assert_eq!(fs::read_dir(&out).unwrap().count(), policies.len());
    assert_eq!(run.stderr().matches("written: ").count(), policies.len());
    for policy in policies {
        let file = out.join(format!("{}.json", policy["name"].as_str().unwrap()));
        let document: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
        assert_eq!(document, policy["document"]);
    }
}

#[test]
fn a_file_of_an_earlier_policy_set_is_pointed_out_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["eks-runner-9.json", "other.json"] {
        fs::write(folder.path().join(name), "{}").unwrap();
    }
    let told = small().generate(&["--out-dir", folder.path().to_str().unwrap()]).expect(0).stderr();
    assert!(told.contains("eks-runner-9.json` is not part of this policy set"), "{told}");
    assert!(!told.contains("other.json"), "{told}");
    assert!(folder.path().join("eks-runner-9.json").exists());
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("settings.toml");
    fs::write(&file, "format = 'csv'\n").unwrap();
    let config = ["--config", file.to_str().unwrap()];
    let begins = |text: String| text.chars().next().unwrap();
    assert_eq!(begins(small().generate(&config).stdout()), 'r', "the first column of the CSV");
    assert_eq!(begins(small().generate(&config).env("TRAILTRIM_FORMAT", "text").stdout()), 'P');
    let flag = [config[0], config[1], "--format", "policy"];
    assert_eq!(begins(small().generate(&flag).env("TRAILTRIM_FORMAT", "text").stdout()), '{');
}

#[test]
fn the_configuration_in_the_working_folder_is_found_and_can_be_left_out() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("trailtrim.toml"), "no-such-key = 1\n").unwrap();
    let run = trailtrim(["generate", "x", "--role", "r"]).directory(folder.path()).expect(2);
    assert!(
        run.stderr().contains("trailtrim.toml`, line 1") && run.stderr().contains("no-such-key"),
        "{}",
        run.stderr()
    );
    let run = trailtrim(["generate", "x", "--role", "r", "--no-config"]).directory(folder.path()).finish();
    assert!(!run.stderr().contains("trailtrim.toml"), "{}", run.stderr());
}

#[test]
fn standard_input_is_a_source() {
    let scenario = small();
    let [file] = scenario.files().try_into().unwrap();
    let from_file = scenario.generate_from(std::slice::from_ref(&file), &[]).stdout();
    let piped = scenario.generate_from(&["-".to_owned()], &[]).stdin(&crate::support::repository().join(file)).stdout();
    assert_eq!(piped, from_file);
}

#[test]
fn every_shell_gets_a_completion_script_and_every_command_a_page() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(trailtrim(["completions", shell]).stdout().contains("generate"), "{shell}");
    }
    assert!(trailtrim(["man"]).stdout().starts_with(".ie"));
    for command in ["generate", "catalog", "completions", "man"] {
        assert!(trailtrim(["man", command]).stdout().contains(command), "{command}");
    }
}

#[test]
fn the_catalogue_tells_what_it_knows() {
    assert!(trailtrim(["catalog", "info"]).stdout().contains(" services\n"));
    let by_action = trailtrim(["catalog", "lookup", "eks:createaddon"]).stdout();
    assert!(by_action.contains("access level    Write"), "{by_action}");
    assert_eq!(by_action, trailtrim(["catalog", "lookup", "eks.amazonaws.com:CreateAddon"]).stdout());
    assert_eq!(by_action, trailtrim(["catalog", "lookup", "CreateAddon"]).stdout());
    let service = trailtrim(["catalog", "lookup", "eks"]).stdout();
    assert!(service.contains("  Write                   eks:ActivateCertificateAuthority\n"), "{service}");
    assert!(service.contains(":cluster/${ClusterName}\n"), "{service}");
    assert_eq!(service, trailtrim(["catalog", "lookup", "eks.amazonaws.com"]).stdout());
    let typo = trailtrim(["catalog", "lookup", "eks:CreateAdon"]).expect(2);
    assert!(typo.stderr().contains("did you mean `eks:CreateAddon`?"), "{}", typo.stderr());
}

#[test]
fn a_record_shows_what_its_call_needs_and_how_that_is_known() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("record.json");
    let record = serde_json::json!({
        "eventVersion": "1.11", "eventTime": "2026-11-01T10:00:00Z", "eventSource": "eks.amazonaws.com",
        "eventName": "CreateCluster", "awsRegion": "eu-central-1", "eventID": "1", "eventType": "AwsApiCall",
        "recipientAccountId": "111122223333",
        "userIdentity": { "type": "AssumedRole", "accountId": "111122223333",
            "arn": "arn:aws:sts::111122223333:assumed-role/ci/s",
            "sessionContext": { "sessionIssuer": { "type": "Role", "arn": "arn:aws:iam::111122223333:role/ci" } } },
        "requestParameters": { "name": "demo", "roleArn": "arn:aws:iam::111122223333:role/demo-cluster" },
    });
    fs::write(&file, record.to_string()).unwrap();
    let shown = trailtrim(["catalog", "lookup", "--record", file.to_str().unwrap()]).stdout();
    let needs: Vec<&str> = shown.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).collect();
    assert!(needs.contains(&"  eks:CreateCluster on arn:aws:eks:eu-central-1:111122223333:cluster/demo"), "{shown}");
    assert!(needs.contains(&"  iam:PassRole on arn:aws:iam::111122223333:role/demo-cluster"), "{shown}");
    let sources = shown.lines().filter(|line| line.starts_with("    source: ")).count();
    assert!(sources >= needs.len(), "{shown}");
    fs::write(&file, "no record").unwrap();
    trailtrim(["catalog", "lookup", "--record", file.to_str().unwrap()]).expect(1);
}

/// A call in a session of a role, as a line of NDJSON.
fn line(id: u8, role: &str, key: &str, source: &str, name: &str, request: &str, response: &str) -> String {
    format!(
        r#"{{"eventVersion":"1.11","eventID":"{id}","eventTime":"2026-11-01T10:00:00Z","eventType":"AwsApiCall","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"eu-central-1","recipientAccountId":"111122223333","requestParameters":{request},"responseElements":{response},"userIdentity":{{"type":"AssumedRole","accountId":"111122223333","accessKeyId":"{key}","arn":"arn:aws:sts::111122223333:assumed-role/{role}/s","sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::111122223333:role/{role}","accountId":"111122223333","userName":"{role}"}}}}}}}}"#
    )
}

#[test]
fn the_sessions_that_a_role_opened_are_followed_by_their_key() {
    let folder = tempfile::tempdir().unwrap();
    let deploy = r#"{"roleArn":"arn:aws:iam::111122223333:role/cdk-deploy","roleSessionName":"s"}"#;
    let opened = r#"{"credentials":{"accessKeyId":"ASIAOPENED"}}"#;
    let bucket = |name: &str| format!(r#"{{"bucketName":"{name}"}}"#);
    let trail = [
        line(1, "runner", "ASIARUNNER", "sts", "AssumeRole", deploy, opened),
        line(2, "cdk-deploy", "ASIAOPENED", "s3", "GetBucketVersioning", &bucket("ours"), "null"),
        line(3, "cdk-deploy", "ASIAOTHER", "s3", "GetBucketVersioning", &bucket("theirs"), "null"),
    ];
    fs::write(folder.path().join("trail.ndjson"), trail.join("\n")).unwrap();
    let plain =
        trailtrim(["generate", "trail.ndjson", "--role", "runner", "--format", "json"]).directory(folder.path());
    let plain: Value = serde_json::from_str(&plain.finish().stdout()).unwrap();
    assert_eq!(plain["policies"].as_array().unwrap().len(), 1);
    let args = ["generate", "trail.ndjson", "--role", "runner", "--format", "json", "--follow-assumed-roles"];
    let run = trailtrim(args).directory(folder.path()).finish();
    let report: Value = serde_json::from_str(&run.stdout()).unwrap();
    assert_eq!(report["policies"].as_array().unwrap().len(), 2);
    assert!(run.stdout().contains("arn:aws:s3:::ours"));
    assert!(!run.stdout().contains("arn:aws:s3:::theirs"));
}
