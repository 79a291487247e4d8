//! The policy from Athena is the policy from the files, byte for byte.
//!
//! The statement that goes to Athena is executed here: `server.py` speaks Athena's API, and DuckDB runs the statement over
//! the records of a directory. Turned on by `TRAILTRIM_ATHENA_PYTHON=<python of the environment that install makes>`, and
//! for Spark with two executors by `TRAILTRIM_SPARK_PYTHON`; says so when skipped.

#![cfg(feature = "aws")]
#![expect(clippy::print_stdout, reason = "says when it is skipped")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

#[path = "../aws/granted.rs"]
mod granted;
mod server;
#[path = "../integration/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "shared with the other tests, which use all of it")]
mod support;
mod trail;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use granted::granted;
use serde_json::Value;
use server::Server;
use support::{Run, Scenario, scenarios, trailtrim};

/// A run that asks the server.
fn asking(run: Run, server: &Server) -> Run {
    run.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_ENDPOINT_URL", &server.url())
}

fn table(group: &str) -> String {
    format!("athena://{group}/db/trail")
}

#[test]
fn the_policy_from_athena_is_the_policy_from_the_files() {
    for scenario in scenarios() {
        let Some(server) = Server::over(&scenario.folder.join("events")) else { return };
        let (files, asked) = (vec![scenario.events()], vec![table("primary")]);
        for format in ["policy", "terraform", "json"] {
            let more = ["--format", format];
            let from_files = scenario.generate_from(&files, &more).finish();
            let from_athena = asking(scenario.generate_from(&asked, &more), &server).finish();
            let shown = format!("{} as {format}: {}", scenario.name, from_athena.stderr());
            assert_eq!(from_files.status(), from_athena.status(), "{shown}");
            match format {
                "json" => same_evidence(&from_files.stdout(), &from_athena.stdout(), &shown),
                _ => assert_eq!(from_files.stdout(), from_athena.stdout(), "{shown}"),
            }
        }
    }
}

#[test]
fn every_kind_of_call_comes_back_whole() {
    let trail = trail::everything();
    let Some(server) = Server::over(trail.path()) else { return };
    let from_files = of_everything(trail.path().to_str().unwrap()).expect(0);
    let from_athena = asking(of_everything(&table("primary")), &server).expect(0);
    same_evidence(&from_files.stdout(), &from_athena.stdout(), &from_athena.stderr());
    let document: Value = serde_json::from_str(&from_files.stdout()).unwrap();
    assert!(document["grants"].as_array().unwrap().len() > 300);
}

/// All that a source tells of the trail with every kind of call.
fn of_everything(source: &str) -> Run {
    let fixed = ["generate", "--role", trail::ROLE, "--conditions", "strict", "--include-denied"];
    trailtrim(fixed.into_iter().chain(["--format", "json", "--max-policies", "100", source]))
}

/// Takes minutes and a Java, so it is no part of CI.
#[test]
fn the_policy_by_way_of_spark_is_the_policy_from_the_files() {
    let scenario = Scenario::named("eks-terraform");
    let trail = trail::everything();
    let (files, asked) = (vec![scenario.events()], vec![table("primary")]);
    if let Some(server) = Server::on_spark(&scenario.folder.join("events")) {
        let from_files = scenario.generate_from(&files, &[]).expect(0);
        let from_spark = asking(scenario.generate_from(&asked, &[]), &server).expect(0);
        assert_eq!(from_files.stdout(), from_spark.stdout(), "{}", from_spark.stderr());
    }
    if let Some(server) = Server::on_spark(trail.path()) {
        let from_files = of_everything(trail.path().to_str().unwrap()).expect(0);
        let from_spark = asking(of_everything(&table("primary")), &server).expect(0);
        same_evidence(&from_files.stdout(), &from_spark.stdout(), &from_spark.stderr());
    }
}

#[test]
fn windows_regions_and_sessions_select_the_same_records() {
    let scenario = Scenario::named("eks-terraform");
    let Some(server) = Server::over(&scenario.folder.join("events")) else { return };
    for more in [
        &["--since", "2026-11-01T12:00:00Z"][..],
        &["--until", "2026-11-02"],
        &["--since", "2026-11-02", "--until", "2026-11-02T12:00:00Z", "--region", "eu-central-1"],
        &["--region", "us-east-1"],
        &["--account", "111122223333"],
    ] {
        let more: Vec<&str> = more.iter().copied().chain(["--format", "json"]).collect();
        let from_files = scenario.generate_from(&[scenario.events()], &more).finish();
        let from_athena = asking(scenario.generate_from(&[table("primary")], &more), &server).finish();
        assert_eq!(from_files.status(), from_athena.status(), "{more:?}: {}", from_athena.stderr());
        if from_files.status() == Some(0) {
            same_evidence(&from_files.stdout(), &from_athena.stdout(), &format!("{more:?}"));
        }
    }
}

#[test]
fn what_goes_wrong_is_explained_and_what_is_paid_is_told() {
    let scenario = Scenario::named("eks-addon-denied");
    let Some(server) = Server::over(&scenario.folder.join("events")) else { return };
    for (group, status, words) in [
        ("primary", 0, "117.74 MiB read, less than $0.01"),
        ("small", 0, "the work group lets a statement read 9.31 GiB, at most about $0.05"),
        ("failing", 1, "the statement failed: SYNTAX_ERROR"),
        ("cancelled", 1, "somebody stopped it"),
        ("over-limit", 1, "the work group's limit on one statement (9.31 GiB) is too low"),
        ("absent", 1, "work group `absent` can't be used"),
    ] {
        let run = asking(scenario.generate_from(&[table(group)], &[]), &server).finish();
        assert_eq!(run.status(), Some(status), "{group}: {}", run.stderr());
        assert!(run.stderr().contains(words), "{group}: {}", run.stderr());
    }
    for (until, reused) in [("2026-11-05", true), ("2999-01-01", false)] {
        let run = asking(scenario.generate_from(&[table("reusing")], &["--until", until]), &server).expect(0);
        assert_eq!(run.stderr().contains("an earlier result"), reused, "{}", run.stderr());
    }
    let elsewhere = asking(scenario.generate_from(&["athena://primary/db/other".to_owned()], &[]), &server).expect(1);
    assert!(elsewhere.stderr().contains("trailtrim athena ddl"), "{}", elsewhere.stderr());
}

/// What Athena's own actions the program asks for.
fn called(server: &Server) -> BTreeSet<String> {
    server.operations().iter().map(|operation| format!("athena:{operation}")).collect()
}

/// The rest of the policy is for what Athena does in the caller's name.
fn granted_of_athena() -> BTreeSet<String> {
    granted("athena").into_iter().filter(|action| action.starts_with("athena:")).collect()
}

#[test]
fn nothing_but_what_is_granted_is_asked_for() {
    let scenario = Scenario::named("eks-addon-denied");
    let Some(server) = Server::over(&scenario.folder.join("events")) else { return };
    asking(scenario.generate_from(&[table("primary")], &[]), &server).expect(0);
    let mut granted = granted_of_athena();
    granted.remove("athena:StopQueryExecution");
    assert_eq!(called(&server), granted);
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_stops_its_statement() {
    let scenario = Scenario::named("eks-addon-denied");
    let Some(server) = Server::over(&scenario.folder.join("events")) else { return };
    let mut command = asking(scenario.generate_from(&[table("slow")], &[]), &server).into_command();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while !server.operations().contains(&"GetQueryExecution".to_owned()) {
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(server.operations().last().map(String::as_str), Some("StopQueryExecution"));
}

#[test]
fn a_store_that_athena_filled_gives_the_policy_of_the_files() {
    let scenario = Scenario::named("eks-terraform");
    let Some(server) = Server::over(&scenario.folder.join("events")) else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("s.db").to_str().unwrap().to_owned();
    let role = scenario.role();
    for _ in 0..2 {
        let collect = ["collect", "athena://primary/db/trail", "--no-config", "--role", &role, "--store", &store];
        asking(trailtrim(collect), &server).expect(0);
    }
    let generated = |source: String| scenario.generate_from(&[source], &["--no-config"]).expect(0).stdout();
    assert_eq!(generated(format!("store:{store}")), generated(scenario.events()));
}

/// The same policies, grants with their evidence, widenings, and what was denied or unknown.
#[track_caller]
fn same_evidence(files: &str, athena: &str, shown: &str) {
    let [files, athena]: [Value; 2] = [files, athena].map(|text| serde_json::from_str(text).unwrap());
    for part in ["policies", "widenings", "grants", "proof"] {
        let (one, other) = (pretty(&files[part]), pretty(&athena[part]));
        if one != other {
            let differs = one.lines().zip(other.lines()).enumerate().find(|(_, (one, other))| one != other);
            assert_eq!(one.len(), other.len(), "{part} of {shown}: {differs:?}");
            assert!(differs.is_none(), "{part} of {shown}: {differs:?}");
        }
    }
    for part in ["denied", "unmapped_events", "unknown_outcome", "truncated", "hidden"] {
        assert_eq!(files["coverage"][part], athena["coverage"][part], "{part} of {shown}");
    }
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap()
}

#[test]
fn sessions_that_were_opened_are_followed() {
    let trail = trail::with_sessions();
    let Some(server) = Server::over(trail.path()) else { return };
    let generate = |source: &str| {
        let fixed = ["generate", "--role", trail::ROLE, "--follow-assumed-roles", "--format", "json"];
        trailtrim(fixed.into_iter().chain([source]))
    };
    let from_files = generate(trail.path().to_str().unwrap()).expect(0);
    let from_athena = asking(generate(&table("primary")), &server).expect(0);
    same_evidence(&from_files.stdout(), &from_athena.stdout(), &from_athena.stderr());
    let document: Value = serde_json::from_str(&from_files.stdout()).unwrap();
    assert_eq!(document["scope"]["roles"].as_array().unwrap().len(), 2, "{}", document["scope"]);
}
