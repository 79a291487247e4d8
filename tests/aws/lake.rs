//! CloudTrail Lake gives the policy of the files, and is cancelled when nobody waits.

use std::sync::Arc;
use std::time::Duration;

use crate::asked::assert_allowed;
use crate::stand_ins::{Lake, Server};
use crate::support::{ROLE, Records, command, run, succeed};

const STORE: &str = "lake://arn:aws:cloudtrail:eu-west-1:111122223333:eventdatastore/1111-2222";

fn serve(lake: &Arc<Lake>) -> Server {
    let lake = Arc::clone(lake);
    Server::start(move |call| lake.answer(call))
}

#[test]
fn lake_gives_the_policy_of_the_files() {
    let records = Records::of("eks-terraform");
    let lake = Arc::new(Lake::new(&records.records, "FINISHED"));
    let server = serve(&lake);
    let finished = succeed(command(&server, &["generate", STORE, "--role", ROLE, "--since", "30d", "-v"]));
    assert_eq!(finished.stdout, records.generated(&[]));
    assert!(finished.stderr.contains("charged for"), "{}", finished.stderr);
    let statement = lake.statement.lock().unwrap().clone().unwrap();
    assert!(statement.starts_with("SELECT eventJson FROM 1111-2222 WHERE eventTime >= '"), "{statement}");
    assert!(server.calls().iter().all(|call| call.region == "eu-west-1"), "the ARN tells the Region");
    assert_allowed(&["lake"], &server, &["cloudtrail:CancelQuery"]);
}

#[test]
fn a_statement_that_fails_says_why_and_what_to_do() {
    let records = Records::of("eks-eksctl");
    let server = serve(&Arc::new(Lake::new(&records.records, "FAILED")));
    let finished = run(command(&server, &["generate", STORE, "--role", ROLE]));
    assert_eq!(finished.status, Some(1));
    for expected in ["the statement failed: the statement reads too much", "narrow `--since`", "without `--since`"] {
        assert!(finished.stderr.contains(expected), "{expected}: {}", finished.stderr);
    }
}

#[test]
#[cfg(unix)]
fn an_interrupted_run_cancels_its_statement() {
    let records = Records::of("eks-eksctl");
    let server = serve(&Arc::new(Lake::new(&records.records, "RUNNING")));
    let mut child = command(&server, &["generate", STORE, "--role", ROLE, "--since", "30d"]).spawn().unwrap();
    while server.calls().len() < 3 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let killed = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_allowed(&["lake"], &server, &["cloudtrail:GetQueryResults"]);
}
