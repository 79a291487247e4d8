//! The store: whatever was collected, how often, in which parts and however interrupted, the answers are those of the files.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::Value;

use crate::support::{Scenario, repository, scenarios, trailtrim};

/// A folder for stores.
struct Shelf(tempfile::TempDir);

impl Shelf {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn source(&self, name: &str) -> String {
        format!("store:{}", self.text(name))
    }
}

const ROLE: &str = "eks-runner";

fn arguments(sources: &[String], role: &str, store: &str, more: &[&str]) -> Vec<String> {
    let fixed = ["collect", "--no-config", "--role", role, "--store", store];
    let more = more.iter().map(|argument| (*argument).to_owned());
    fixed.map(str::to_owned).into_iter().chain(sources.iter().cloned()).chain(more).collect()
}

/// Everything in a store but the moments at which it was read.
fn contents(store: &Path) -> Vec<String> {
    let connection = Connection::open(store).unwrap();
    let lines = |query: &str| -> Vec<String> {
        let mut statement = connection.prepare(query).unwrap();
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            let cells = (0..columns).map(|index| row.get::<_, rusqlite::types::Value>(index));
            Ok(cells.map(|cell| format!("{:?}", cell.unwrap())).collect::<Vec<_>>().join(" "))
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    let mut all = lines(
        "SELECT e.identity, e.time, e.id, c.record, p.arn, a.session, a.access_key_id, a.source_ip, a.user_agent
         FROM events e JOIN calls c ON c.id = e.call JOIN principals p ON p.id = c.principal
         JOIN actors a ON a.id = e.actor ORDER BY e.identity",
    );
    all.extend(lines("SELECT account, region, day FROM coverage GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"));
    all.extend(lines("SELECT text FROM gaps ORDER BY text"));
    all
}

/// The parts of a report that tell what was found, of whichever records.
fn found(scenario: &Scenario, sources: &[String], more: &[&str]) -> Value {
    let more = [&["--format", "json", "--no-config"], more].concat();
    let text = scenario.generate_from(sources, &more).stdout();
    let mut report: Value = serde_json::from_str(&text).unwrap();
    report["scope"]["sources"].take();
    report["records"].take();
    report
}

#[test]
fn a_store_gives_the_answers_of_its_files() {
    let shelf = Shelf::new();
    for scenario in scenarios() {
        let store = shelf.text(&scenario.name);
        for _ in 0..2 {
            trailtrim(arguments(&[scenario.events()], &scenario.role(), &store, &[])).expect(0);
        }
        let (files, stores) = ([scenario.events()], [shelf.source(&scenario.name)]);
        assert_eq!(found(&scenario, &files, &[]), found(&scenario, &stores, &[]), "{}", scenario.name);
        let policy = |source: &[String]| scenario.generate_from(source, &["--no-config"]).finish();
        assert_eq!(policy(&files).stdout(), policy(&stores).stdout(), "{}", scenario.name);
        let both = [files[0].clone(), stores[0].clone()];
        assert_eq!(found(&scenario, &files, &[]), found(&scenario, &both, &[]), "{}", scenario.name);
    }
}

#[test]
fn what_is_selected_is_the_same_in_a_store_and_its_files() {
    let shelf = Shelf::new();
    let scenario = Scenario::named("eks-terraform");
    trailtrim(arguments(&[scenario.events()], &scenario.role(), &shelf.text("s"), &[])).expect(0);
    let (files, stores) = ([scenario.events()], [shelf.source("s")]);
    let all = found(&scenario, &files, &[]);
    let times: Vec<&str> =
        all["grants"].as_array().unwrap().iter().filter_map(|grant| grant["evidence"]["last_seen"].as_str()).collect();
    let middle = *times.iter().max().unwrap();
    let event = all["grants"][0]["evidence"]["event_ids"][0].as_str().unwrap();
    let session = session_of(&shelf.path("s"), event);
    for selection in [
        vec!["--until", middle],
        vec!["--since", middle],
        vec!["--region", "us-east-1"],
        vec!["--session", &session],
        vec!["--follow-assumed-roles"],
        vec!["--include-denied"],
    ] {
        let of_files = found(&scenario, &files, &selection);
        assert_eq!(of_files, found(&scenario, &stores, &selection), "{selection:?}");
        if !selection[0].starts_with("--follow") && !selection[0].starts_with("--include") {
            assert_ne!(of_files["grants"], all["grants"], "{selection:?} selects nothing");
        }
    }
}

fn session_of(store: &Path, event: &str) -> String {
    let connection = Connection::open(store).unwrap();
    let query = "SELECT a.session FROM events e JOIN actors a ON a.id = e.actor
                 WHERE lower(hex(e.id)) = replace(?1, '-', '') OR e.id = ?1";
    connection.query_row(query, [event], |row| row.get(0)).unwrap()
}

#[test]
fn explain_names_who_it_was_from_a_store() {
    let shelf = Shelf::new();
    let scenario = Scenario::named("eks-terraform");
    trailtrim(arguments(&[scenario.events()], &scenario.role(), &shelf.text("s"), &[])).expect(0);
    let explain = |source: String| -> Value {
        let fixed = ["--no-config", "--role", &scenario.role(), "--format", "json", "eks:*"].map(str::to_owned);
        let arguments = ["explain".to_owned(), source].into_iter().chain(fixed);
        serde_json::from_str(&trailtrim(arguments).stdout()).unwrap()
    };
    let sessions = |explained: &Value| {
        let mut sessions = std::collections::BTreeMap::<String, u64>::new();
        for event in explained["events"].as_array().unwrap() {
            let who = format!("{} {} {}", event["session"], event["source_ip"], event["user_agent"]);
            *sessions.entry(who).or_default() += event["events"].as_u64().unwrap();
        }
        sessions
    };
    let (files, stored) = (explain(scenario.events()), explain(shelf.source("s")));
    assert_eq!(files["requests"], stored["requests"]);
    assert_eq!(sessions(&files), sessions(&stored));
    assert!(!sessions(&files).is_empty());
}

#[test]
fn shards_add_up_in_any_order_and_twice() {
    let shelf = Shelf::new();
    let scenario = Scenario::named("eks-terraform-platform");
    let events = [scenario.events()];
    trailtrim(arguments(&events, &scenario.role(), &shelf.text("whole"), &[])).expect(0);
    let parts: Vec<String> = (1..=3).map(|part| format!("part{part}")).collect();
    for (index, part) in parts.iter().enumerate() {
        let shard = format!("{}/3", index + 1);
        trailtrim(arguments(&events, &scenario.role(), &shelf.text(part), &["--shard", &shard])).expect(0);
    }
    let whole = contents(&shelf.path("whole"));
    assert!(parts.iter().all(|part| contents(&shelf.path(part)).len() < whole.len()));
    for (name, order) in [("up", [0, 1, 2, 1]), ("down", [2, 2, 1, 0])] {
        let sources: Vec<String> = order.iter().map(|index| shelf.source(&parts[*index])).collect();
        trailtrim(arguments(&sources, &scenario.role(), &shelf.text(name), &[])).expect(0);
        assert_eq!(contents(&shelf.path(name)), whole, "{name}");
    }
    let sources: Vec<String> = parts.iter().map(|part| shelf.source(part)).collect();
    assert_eq!(found(&scenario, &events, &[]), found(&scenario, &sources, &[]));
}

#[test]
fn a_pattern_means_all_stores_of_that_name() {
    let shelf = Shelf::new();
    let scenario = Scenario::named("eks-terraform");
    let events = [scenario.events()];
    trailtrim(arguments(&events, &scenario.role(), &shelf.text("whole"), &[])).expect(0);
    for part in ["1/2", "2/2"] {
        let name = format!("part{}.db", &part[..1]);
        trailtrim(arguments(&events, &scenario.role(), &shelf.text(&name), &["--shard", part])).expect(0);
    }
    let all = [shelf.source("part*.db")];
    trailtrim(arguments(&all, &scenario.role(), &shelf.text("all"), &[])).expect(0);
    assert_eq!(contents(&shelf.path("all")), contents(&shelf.path("whole")));
    assert_eq!(found(&scenario, &all, &[]), found(&scenario, &events, &[]));
    let none = trailtrim(arguments(&[shelf.source("no*.db")], &scenario.role(), &shelf.text("none"), &[])).expect(1);
    assert!(
        none.stderr().contains("no store fits") && none.stderr().contains("trailtrim collect"),
        "{}",
        none.stderr()
    );
    assert!(!shelf.path("none").exists(), "a store was made for nothing");
}

#[test]
fn following_takes_in_what_comes_later_until_it_is_stopped() {
    let shelf = Shelf::new();
    let (folder, more) = (shelf.path("trail"), shelf.path("more"));
    std::fs::create_dir(&folder).unwrap();
    std::fs::create_dir(&more).unwrap();
    trail(&folder, 1, 100);
    let sources = [folder.display().to_string()];
    let follow = arguments(&sources, ROLE, &shelf.text("s"), &["--follow", "--every", "1s"]);
    let mut command = trailtrim(follow).into_command();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let patience = Instant::now();
    let wait_for = |events: u64| {
        while events_in(&shelf.path("s")) != events {
            assert!(patience.elapsed() < Duration::from_secs(120), "{events} events never came");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    wait_for(100);
    trail(&more, 2, 100);
    std::fs::rename(more.join("001.json"), folder.join("001.json")).unwrap();
    wait_for(200);
    assert!(child.try_wait().unwrap().is_none(), "it goes on");
    child.kill().unwrap();
    child.wait().unwrap();
    trailtrim(arguments(&sources, ROLE, &shelf.text("once"), &[])).expect(0);
    assert_eq!(contents(&shelf.path("s")), contents(&shelf.path("once")));
}

#[test]
fn a_store_takes_over_what_belongs_to_the_roles_and_nothing_else() {
    let shelf = Shelf::new();
    let scenario = Scenario::named("eks-terraform");
    // As a source is written, too.
    trailtrim(arguments(&[scenario.events()], &scenario.role(), &shelf.source("s"), &[])).expect(0);
    let nobody = trailtrim(arguments(&[shelf.source("s")], "nobody", &shelf.text("other"), &[])).expect(3);
    assert!(nobody.stderr().contains("check `--role`"), "{}", nobody.stderr());
    let other = Connection::open(shelf.path("other")).unwrap();
    for table in ["principals", "calls", "actors", "events"] {
        let rows: i64 = other.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    let as_file = trailtrim(["generate", &shelf.text("s"), "--no-config", "--role", &scenario.role()]).expect(3);
    assert!(as_file.stderr().contains("a store is written `store:"), "{}", as_file.stderr());
}

#[test]
fn a_window_that_is_not_over_is_incomplete() {
    let shelf = Shelf::new();
    let scenario = Scenario::named("eks-terraform");
    let settle = ["--settle", "15m", "--until", "2999-01-01"];
    let collected = trailtrim(arguments(&[scenario.events()], &scenario.role(), &shelf.text("s"), &settle)).expect(0);
    assert!(collected.stderr().contains("still to come"), "{}", collected.stderr());
    let complete = [&settle[..], &["--require-complete", "--no-config"]].concat();
    let generated = scenario.generate(&complete).expect(4);
    assert!(generated.stderr().contains("still to come"), "{}", generated.stderr());
    // One that is long over is neither waited for nor told.
    let over = ["--settle", "15m", "--until", "2020-01-01"];
    let generated = scenario.generate(&[&over[..], &["--no-config"]].concat()).finish();
    assert!(!generated.stderr().contains("still to come"), "{}", generated.stderr());
}

#[test]
fn what_fails_at_once_leaves_no_store_behind() {
    let shelf = Shelf::new();
    let none = [shelf.text("nowhere")];
    trailtrim(arguments(&none, ROLE, &shelf.text("s"), &[])).expect(1);
    trailtrim(["collect", "fixtures/scenarios", "--no-config", "--store", &shelf.text("s")]).expect(2);
    assert!(!shelf.path("s").exists());
    let unwritable = trailtrim(arguments(&["fixtures/scenarios".to_owned()], ROLE, "/nowhere/s.db", &[])).expect(1);
    assert!(unwritable.stderr().contains("its directory must be there"), "{}", unwritable.stderr());
}

/// A trail of several files with events of the role, each with an id of its own.
fn trail(folder: &Path, files: u32, events: u32) {
    let scenario = Scenario::named("eks-terraform");
    let mut records = Vec::new();
    for file in scenario.files() {
        let text = std::fs::read(repository().join(file)).unwrap();
        let mut plain = String::new();
        match text.starts_with(&[0x1f, 0x8b]) {
            true => {
                std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(&text[..]), &mut plain).unwrap();
            }
            false => plain = String::from_utf8_lossy(&text).into_owned(),
        }
        let Ok(Value::Object(mut delivered)) = serde_json::from_str(&plain) else { continue };
        let Some(Value::Array(found)) = delivered.remove("Records") else { continue };
        let of_role = |record: &Value| {
            let issuer = &record["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"];
            issuer.as_str().is_some_and(|arn| arn.ends_with("/eks-runner"))
        };
        records.extend(found.into_iter().filter(of_role));
    }
    assert!(records.len() > 100);
    let mut next = records.iter().cycle();
    for file in 0..files {
        let take = |event: u32| {
            let mut record = next.next().unwrap().clone();
            record["eventID"] = format!("0f0b2f9e-6b1c-4a60-{:04x}-{:012x}", file % 0x10000, event).into();
            record
        };
        let records: Vec<Value> = (0..events).map(take).collect();
        let text = serde_json::to_string(&serde_json::json!({ "Records": records })).unwrap();
        std::fs::write(folder.join(format!("{file:03}.json")), text).unwrap();
    }
}

fn events_in(store: &Path) -> u64 {
    // Opening would make the file.
    if !store.exists() {
        return 0;
    }
    let Ok(connection) = Connection::open(store) else { return 0 };
    connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).map(i64::unsigned_abs).unwrap_or(0)
}

#[test]
fn a_collection_that_is_killed_again_and_again_ends_like_an_undisturbed_one() {
    let shelf = Shelf::new();
    let folder = shelf.path("trail");
    std::fs::create_dir(&folder).unwrap();
    trail(&folder, 24, 250);
    let sources = [folder.display().to_string()];
    let calm = shelf.text("calm");
    let start = Instant::now();
    trailtrim(arguments(&sources, ROLE, &calm, &[])).expect(0);
    let calm_run = start.elapsed().as_millis() as u64;
    let killed = shelf.text("killed");
    let (mut kills, mut halfway) = (0, 0);
    let mut seed = u64::from(std::process::id());
    loop {
        let mut command = trailtrim(arguments(&sources, ROLE, &killed, &["--threads", "2"])).into_command();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // First as soon as something is in the store, so that one kill at least is halfway through; then at any point, later on
        // average with each try, so that it comes to an end.
        let halfway_through = || kills == 0 && events_in(&shelf.path("killed")) > 0;
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let patience = match kills {
            0 => Duration::MAX,
            _ => Duration::from_millis((seed >> 33) % (calm_run * (kills + 2) / 4)),
        };
        let start = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if start.elapsed() >= patience || halfway_through() {
                break None;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        let events = events_in(&shelf.path("killed"));
        assert!(events <= 6_000);
        halfway += u32::from(events > 0 && events < 6_000);
    }
    assert!(kills > 0 && halfway > 0, "{kills} kills, {halfway} of them halfway");
    assert_eq!(contents(&shelf.path("killed")), contents(&shelf.path("calm")));
    assert_eq!(events_in(&shelf.path("calm")), 6_000);
}

#[test]
fn two_writers_share_a_store() {
    let shelf = Shelf::new();
    let folder = shelf.path("trail");
    std::fs::create_dir(&folder).unwrap();
    trail(&folder, 8, 250);
    let sources = [folder.display().to_string()];
    let start = || {
        let mut command = trailtrim(arguments(&sources, ROLE, &shelf.text("shared"), &[])).into_command();
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let writers: Vec<_> = (0..3).map(|_| start()).collect();
    for writer in writers {
        let output = writer.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    trailtrim(arguments(&sources, ROLE, &shelf.text("alone"), &[])).expect(0);
    assert_eq!(contents(&shelf.path("shared")), contents(&shelf.path("alone")));
    assert_eq!(events_in(&shelf.path("shared")), 2_000);
}

#[test]
fn what_is_old_is_forgotten_and_nothing_else() {
    let shelf = Shelf::new();
    let scenario = Scenario::named("eks-terraform");
    let run = |more: &[&str]| {
        trailtrim(arguments(&[scenario.events()], &scenario.role(), &shelf.text("s"), more)).expect(0).stderr()
    };
    run(&["--retain", "36500d"]);
    let before = events_in(&shelf.path("s"));
    assert!(before > 0);
    run(&["--retain", "36500d"]);
    assert_eq!(events_in(&shelf.path("s")), before);
    let gone =
        trailtrim(arguments(&[scenario.events()], &scenario.role(), &shelf.text("s"), &["--retain", "1s"])).expect(3);
    assert!(gone.stderr().contains("forgotten"), "{}", gone.stderr());
    assert_eq!(events_in(&shelf.path("s")), 0);
}

#[test]
fn what_is_no_store_is_told_and_left_alone() {
    let shelf = Shelf::new();
    let generate = |source: String| trailtrim(["generate", "--no-config", "--role", ROLE, &source]);
    let missing = generate(shelf.source("none")).expect(1);
    assert!(missing.stderr().contains("there is no store"), "{}", missing.stderr());
    assert!(!shelf.path("none").exists());
    std::fs::write(shelf.path("text"), "something that is no database at all").unwrap();
    Connection::open(shelf.path("other")).unwrap().execute_batch("CREATE TABLE mine (a)").unwrap();
    for name in ["text", "other"] {
        let before = std::fs::read(shelf.path(name)).unwrap();
        let refused = generate(shelf.source(name)).expect(1);
        assert!(refused.stderr().contains("is no store of trailtrim"), "{}", refused.stderr());
        assert_eq!(std::fs::read(shelf.path(name)).unwrap(), before);
    }
}

#[test]
fn what_is_new_since_the_last_recorded_audit_is_told() {
    let shelf = Shelf::new();
    let scenario = Scenario::named("eks-terraform");
    let (role, events) = (scenario.role(), [scenario.events()]);
    // The second run of Terraform is later.
    let first = ["--until", "2026-11-01T20:00:00Z"];
    trailtrim(arguments(&events, &role, &shelf.text("s"), &first)).expect(0);
    let audit = |source: &str, more: &[&str]| -> Vec<String> {
        let fixed = ["audit", "--no-config", "--role", &role, "--policy", "fixtures/policies/seed.json", "--exit-zero"];
        let arguments = fixed.iter().copied().chain(["--format", "json", source]).chain(more.iter().copied());
        let report: Value = serde_json::from_str(&trailtrim(arguments).stdout()).unwrap();
        let findings = report["findings"].as_array().unwrap().iter();
        let new = findings.filter(|finding| finding["kind"] == "new-access");
        new.map(|finding| finding["subject"].as_str().unwrap().to_owned()).collect()
    };
    let store = shelf.source("s");
    let at = |now: &'static str| ["--now", now, "--record-audit"];
    assert_eq!(audit(&store, &at("2026-11-01T20:00:00Z")), Vec::<String>::new());
    trailtrim(arguments(&events, &role, &shelf.text("s"), &[])).expect(0);
    let new = audit(&store, &["--now", "2026-11-30"]);
    assert!(new.contains(&"eks:UpdateNodegroupConfig".to_owned()), "{new:?}");
    assert!(!new.contains(&"eks:CreateCluster".to_owned()), "{new:?}");
    // Not recorded, so it is told again; recorded twice at one moment, it is known at the next.
    assert_eq!(audit(&store, &at("2026-11-30")), new);
    assert_eq!(audit(&store, &at("2026-11-30")), new);
    assert_eq!(audit(&store, &["--now", "2026-12-01"]), Vec::<String>::new());
    assert_eq!(audit(&store, &["--now", "2026-11-29", "--since", "2026-11-04"]), Vec::<String>::new());
}
