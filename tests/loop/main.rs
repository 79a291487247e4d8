//! The closed loop: real clients deploy an EKS stack against a server that enforces IAM, trailtrim reads the trail, the
//! role gets the new policy and nothing else, the clients deploy again.
//!
//! `README.md` beside this file is the map. Each client goes through [`run::run`] and ends as one line of the outcome
//! table. The loop needs programs that are no crates (`tests/servers/install ministack clients ansible cdk`); a client
//! whose programs are not there is skipped, and says so.
//!
//! `TRAILTRIM_LOOP=awscli,ansible` runs these clients only.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod client;
mod grants;
mod judge;
#[path = "../oracle/oracle.rs"]
#[expect(dead_code, reason = "the loop asks the other evaluator only")]
mod oracle;
mod pipeline;
mod policy;
mod run;
mod sources;
mod stage;
mod table;
mod trailtrim;

use std::collections::VecDeque;
use std::io::Write;
use std::sync::Mutex;

use client::{CLIENTS, Client};
use stage::Parts;
use table::Outcome;

/// How many clients run at a time: each keeps a core busy, but for waiting now and then.
const AT_A_TIME: usize = 3;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

#[test]
#[ignore = "takes minutes and needs programs that are no crates: cargo test --test loop -- --ignored"]
fn every_client_can_deploy_again_with_the_policy_and_with_nothing_less() {
    let parts = Parts::find();
    let (able, missing): (Vec<&Client>, Vec<&Client>) =
        chosen().into_iter().partition(|client| parts.missing(client.parts).is_empty());
    for client in missing {
        say(&format!("skipped: {}: {} not installed", client.name, parts.missing(client.parts).join(", ")));
    }
    if able.is_empty() {
        return;
    }
    let outcomes = run_all(&parts, able);
    let table = table::markdown(&outcomes);
    say(&format!("\n{table}"));
    std::fs::write(parts.folder().join("outcome.md"), &table).unwrap();
    let failed: Vec<&str> = outcomes.iter().filter(|one| one.failure.is_some()).map(|one| one.client).collect();
    assert!(failed.is_empty(), "the loop is open for {}", failed.join(", "));
    update_readme(&table, outcomes.len());
}

#[test]
fn the_recorder_writes_what_cloudtrail_writes() {
    python(&["-m", "unittest", "recorder.tests"]);
}

#[test]
fn the_workflows_of_the_examples_run_the_scripts_that_the_loop_runs() {
    python(&["examples.py", "../../examples"]);
}

/// To bring it up to date, run the whole loop with `TRAILTRIM_UPDATE_DOCS=1`.
#[test]
fn the_readme_has_the_table_that_the_loop_prints() {
    let readme = std::fs::read_to_string(README).unwrap();
    let table = &readme[table::place(&readme).expect("a table with the loop's columns")];
    let rows = table::rows(table);
    let clients: Vec<&str> = rows.iter().map(|row| row[0]).collect();
    assert_eq!(clients, CLIENTS.iter().map(|client| client.title).collect::<Vec<_>>());
    for row in rows {
        assert_eq!(
            [table::cell(&row, "deploys again"), table::cell(&row, "updates, destroys")],
            ["yes", "yes"],
            "{row:?}"
        );
        let noticed = table::cell(&row, "denied by server + replay").split(" + ").map(|n| n.parse::<usize>().unwrap());
        assert_eq!(noticed.sum::<usize>().to_string(), table::cell(&row, "taken away"), "{row:?}");
    }
}

/// Runs Python of this folder, where the clients with their libraries are installed.
fn python(arguments: &[&str]) {
    let parts = Parts::find();
    if !parts.missing(&["clients"]).is_empty() {
        return say(&format!("skipped: {}: tests/servers/install clients", arguments.join(" ")));
    }
    let python = std::path::absolute(parts.folder().join("clients/bin/python")).unwrap();
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/loop");
    let output = std::process::Command::new(python).arg("-B").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A table of all clients is what the README shows.
#[expect(clippy::disallowed_methods, reason = "a test asks for its own switch")]
fn update_readme(table: &str, clients: usize) {
    if std::env::var_os("TRAILTRIM_UPDATE_DOCS").is_none() || clients < CLIENTS.len() {
        return;
    }
    let mut readme = std::fs::read_to_string(README).unwrap();
    let place = table::place(&readme).expect("a table with the loop's columns");
    readme.replace_range(place, table);
    std::fs::write(README, readme).unwrap();
}

/// The clients asked for, in the table's order.
#[expect(clippy::disallowed_methods, reason = "a part of the loop is asked for in the environment")]
fn chosen() -> Vec<&'static Client> {
    let asked = std::env::var("TRAILTRIM_LOOP").unwrap_or_default();
    let asked: Vec<&str> = asked.split(',').filter(|name| !name.is_empty()).collect();
    CLIENTS.iter().filter(|client| asked.is_empty() || asked.contains(&client.name)).collect()
}

/// Every client's outcome, in the order of the clients.
fn run_all(parts: &Parts, clients: Vec<&'static Client>) -> Vec<Outcome> {
    let queue: Mutex<VecDeque<(usize, &Client)>> = Mutex::new(clients.into_iter().enumerate().collect());
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                loop {
                    let Some((position, client)) = queue.lock().unwrap().pop_front() else { return };
                    let outcome = run::run(parts, client);
                    say(&format!("{}: {}", client.name, outcome.verdict()));
                    outcomes.lock().unwrap().push((position, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap();
    outcomes.sort_by_key(|(position, _)| *position);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Past the test harness, which keeps what is printed to itself: the table is what the loop is run for.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
