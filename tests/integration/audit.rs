//! `audit`, `replay`, `diff` and `explain`, run the way a user runs them.

use std::fs;

use serde_json::Value;

use crate::support::trailtrim;

const EVENTS: &str = "fixtures/scenarios/eks-addon-denied/events";
const SEED: &str = "fixtures/policies/seed.json";
const TIGHTENED: &str = "fixtures/policies/seed-tightened.json";

fn audit(more: &[&str]) -> crate::support::Run {
    let start = ["audit", EVENTS, "--role", "eks-runner", "--policy", SEED, "--now", "2026-11-20", "--no-config"];
    trailtrim(start.iter().chain(more))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_status_is_that_of_the_worst_finding_in_every_format() {
    for format in ["text", "json", "markdown", "html", "sarif", "junit"] {
        assert_eq!(audit(&["--format", format]).expect(13).status(), Some(13), "{format}");
    }
    audit(&["--fail-on", "high"]).expect(0);
    audit(&["--fail-on", "medium"]).expect(13);
    audit(&["--exit-zero"]).expect(0);
}

#[test]
fn every_format_carries_the_same_findings() {
    let report = json(&audit(&["--format", "json", "--exit-zero"]).stdout());
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() >= 5, "{findings:#?}");
    let count = |format: &str, mark: &str| audit(&["--format", format, "--exit-zero"]).stdout().matches(mark).count();
    assert_eq!(count("sarif", "\"ruleId\""), findings.len());
    assert_eq!(count("junit", "<failure"), findings.len());
    assert_eq!(count("html", "<article class=\"finding "), findings.len());
    let text = audit(&["--exit-zero"]).stdout();
    for finding in findings {
        let start = format!("{} {}:", finding["severity"].as_str().unwrap(), finding["kind"].as_str().unwrap());
        assert!(text.contains(&start), "{start}");
    }
}

#[test]
fn sarif_is_what_its_schema_wants_and_points_into_the_file_that_holds_the_policy() {
    let schema = fs::read_to_string(crate::support::repository().join("fixtures/schemas/sarif-2.1.0.json")).unwrap();
    let mut schema = json(&schema);
    // The schema has an expression that is none: a bracket closes what none opened.
    for part in ["run", "toolComponent"] {
        schema["definitions"][part]["properties"]["language"].as_object_mut().unwrap().remove("pattern");
    }
    let validator = jsonschema::validator_for(&schema).unwrap();
    for policy in [SEED, "fixtures/terraform/ci-role.tf", "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"] {
        let start = ["audit", EVENTS, "--role", "eks-runner", "--policy", policy, "--now", "2026-11-20", "--no-config"];
        let log = json(&trailtrim(start.iter().chain(&["--format", "sarif", "--exit-zero"])).stdout());
        let problems: Vec<String> =
            validator.iter_errors(&log).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(problems.is_empty(), "{policy}: {problems:#?}");
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(!results.is_empty() && results.len() <= 25_000, "{policy}");
    }
    let start = ["audit", EVENTS, "--role", "eks-runner", "--policy", "fixtures/terraform/ci-role.tf", "--no-config"];
    let log = json(&trailtrim(start.iter().chain(&["--format", "sarif", "--exit-zero"])).stdout());
    let never =
        log["runs"][0]["results"].as_array().unwrap().iter().find(|one| one["ruleId"] == "never-matches").unwrap();
    let place = &never["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "fixtures/terraform/ci-role.tf");
    assert_eq!(place["region"]["startLine"], 28);
}

#[test]
fn a_change_is_shown_and_made_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ci-role.tf");
    fs::copy(crate::support::repository().join("fixtures/terraform/ci-role.tf"), &file).unwrap();
    let path = file.to_str().unwrap();
    let role = "arn:aws:iam::111122223333:role/ci/eks-runner";
    let run = || trailtrim(["generate", EVENTS, "--role", role, "--no-config", "--write", path]).expect(0);
    let first = run();
    assert_eq!(first.stdout(), "");
    assert!(first.stderr().contains("-      \"eks:ListClusters\","), "{}", first.stderr());
    assert!(first.stderr().contains("written: "), "{}", first.stderr());
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("# What a plan reads.\n") && text.contains("# The role of the pipeline"), "{text}");
    assert!(!text.contains("eks:*"), "{text}");
    assert!(!run().stderr().contains("written: "), "a second time there is nothing to change");
    let audit = ["audit", EVENTS, "--role", role, "--policy", path, "--now", "2026-11-20", "--no-config"];
    trailtrim(audit).expect(0);
    match std::process::Command::new("terraform").args(["fmt", "-check", "-diff", path]).output() {
        Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
        Err(_) => eprintln!("SKIPPED: no terraform here"),
    }
    fs::write(&file, text.replace("\"eks:DescribeCluster\"", "var.action")).unwrap();
    let before = fs::read_to_string(&file).unwrap();
    if before.contains("var.action") {
        let refused = trailtrim(["generate", EVENTS, "--role", role, "--no-config", "--write", path]).expect(1);
        assert!(refused.stderr().contains("`var.action` would be lost"), "{}", refused.stderr());
        assert_eq!(fs::read_to_string(&file).unwrap(), before);
    }
}

#[test]
fn a_comparison_is_in_every_format_that_can_show_it() {
    let role = "arn:aws:iam::111122223333:role/ci/eks-runner";
    let start = ["generate", EVENTS, "--role", role, "--no-config", "--compare", SEED, "--format"];
    let shown = |format: &str| trailtrim(start.iter().chain(&[format])).stdout();
    let report = json(&shown("json"));
    let comparison = &report["comparison"];
    let actions = |part: &str| -> Vec<String> {
        let changes = comparison[part].as_array().unwrap().iter();
        let all =
            changes.flat_map(|change| change["actions"].as_array().cloned().unwrap_or(vec![change["action"].clone()]));
        all.map(|action| action.as_str().unwrap().to_owned()).collect()
    };
    assert!(!actions("kept").is_empty() && !actions("removed").is_empty() && !actions("narrowed").is_empty());
    let (text, markdown, html) = (shown("text"), shown("markdown"), shown("html"));
    for action in ["kept", "narrowed", "added"].into_iter().flat_map(actions) {
        for (format, shown) in [("text", &text), ("markdown", &markdown), ("html", &html)] {
            assert!(shown.contains(&action), "{action} in {format}");
        }
    }
    for heading in ["Kept", "Narrowed", "Removed"] {
        assert!(text.contains(heading) && markdown.contains(heading) && html.contains(heading), "{heading}");
    }
    let explained = trailtrim(["generate", EVENTS, "--role", role, "--no-config", "--explain"]).expect(0);
    assert!(explained.stderr().contains("Why each statement is there"), "{}", explained.stderr());
    json(&explained.stdout());
}

#[test]
fn a_replay_and_a_diff_are_comments_for_a_pull_request() {
    let start = ["replay", EVENTS, "--role", "eks-runner", "--policy", SEED, "--no-config", "--exit-zero"];
    let replay = trailtrim(start.iter().chain(&["--format", "markdown"])).stdout();
    assert!(
        replay.starts_with("## Replay for `arn:aws:iam::111122223333:role/ci/eks-runner`\n\n**Verdict**: "),
        "{replay}"
    );
    assert!(replay.contains("<details open><summary>Would be denied (2)</summary>"), "{replay}");
    assert!(
        replay.contains("| `eks:TagResource` | `arn:aws:eks:eu-central-1:111122223333:/createaddon` |"),
        "{replay}"
    );
    let diff = trailtrim(["diff", SEED, TIGHTENED, "--format", "markdown"]).stdout();
    assert!(diff.starts_with("## Access added in 2 places, removed in 6 places.\n"), "{diff}");
    assert!(diff.contains("<details open><summary>Added"), "{diff}");
    let audit = audit(&["--format", "markdown", "--exit-zero"]).stdout();
    assert!(
        audit.starts_with("## Audit of `arn:aws:iam::111122223333:role/ci/eks-runner`\n\n**8 findings**"),
        "{audit}"
    );
    for text in [replay, diff, audit] {
        assert_eq!(text.matches("<details").count(), text.matches("</details>").count());
    }
}

#[test]
fn every_account_fits_a_terminal() {
    let role = ["--role", "eks-runner", "--no-config"];
    let runs: [&[&str]; 4] = [
        &["audit", EVENTS, "--policy", SEED, "--exit-zero"],
        &["replay", EVENTS, "--policy", SEED, "--exit-zero"],
        &["explain", EVENTS, "eks:TagResource"],
        &["generate", EVENTS, "--compare", SEED, "--explain", "--format", "text"],
    ];
    let mut accounts: Vec<String> = runs.iter().map(|run| trailtrim(run.iter().chain(&role)).stdout()).collect();
    accounts.push(trailtrim(["diff", SEED, TIGHTENED]).stdout());
    for account in accounts {
        for line in account.lines().filter(|line| line.chars().count() > 80) {
            // An ARN or an address is never broken.
            assert!(line.split_whitespace().any(|word| word.len() > 40), "{line}");
        }
    }
}

#[test]
fn formats_for_policies_hold_no_findings() {
    for format in ["policy", "terraform", "cloudformation", "csv"] {
        assert!(audit(&["--format", format]).expect(2).stderr().contains("holds no findings"), "{format}");
    }
}

#[test]
fn a_baseline_silences_what_it_names_and_tells_what_is_stale() {
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("baseline.toml");
    let entry = |kind: &str, subject: &str, more: &str| {
        format!("[[accepted]]\nkind = '{kind}'\nsubject = '{subject}'\nreason = 'r'\nowner = 'o'\n{more}\n")
    };
    let text = entry("wildcard-action", "eks:*", "") + &entry("unused-service", "sqs", "");
    fs::write(&baseline, text).unwrap();
    let path = baseline.to_str().unwrap();
    let run = audit(&["--baseline", path]).expect(12);
    assert!(!run.stdout().contains("wildcard-action"), "{}", run.stdout());
    assert!(run.stderr().contains("1 finding accepted"), "{}", run.stderr());
    assert!(run.stderr().contains("unused-service of sqs"), "{}", run.stderr());
    fs::write(&baseline, entry("wildcard-action", "eks:*", "expires = 2026-11-19")).unwrap();
    let run = audit(&["--baseline", path]).expect(13);
    assert!(run.stdout().contains("accepted by o until 2026-11-19"), "{}", run.stdout());
    fs::write(&baseline, "[[accepted]]\nid = 'x'").unwrap();
    assert!(audit(&["--baseline", path]).expect(2).stderr().contains("reason"));
}

#[test]
fn a_generated_policy_audits_clean_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let role = "arn:aws:iam::111122223333:role/ci/eks-runner";
    for name in ["eks-terraform", "eks-eksctl", "eks-addon-denied"] {
        let (events, out) = (format!("fixtures/scenarios/{name}/events"), folder.path().join(name));
        let out = out.to_str().unwrap();
        trailtrim(["generate", &events, "--role", role, "--out-dir", out, "--no-config", "--quiet"]).expect(0);
        let run = trailtrim([
            "audit",
            &events,
            "--role",
            role,
            "--policy",
            out,
            "--now",
            "2026-11-20",
            "--no-config",
            "--format",
            "json",
        ]);
        assert_eq!(json(&run.expect(0).stdout())["findings"], Value::Array(Vec::new()), "{name}");
        trailtrim(["replay", &events, "--role", role, "--policy", out, "--no-config"]).expect(0);
    }
}

#[test]
fn what_completes_the_lifecycle_on_purpose_is_no_alarm() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    let evidence =
        ["fixtures/scenarios/eks-terraform-platform/events", "--role", "arn:aws:iam::111122223333:role/ci/eks-runner"];
    trailtrim(["generate", "--complete-lifecycle", "--out-dir", out].into_iter().chain(evidence)).expect(0);
    let audit = ["audit", "--policy", out, "--fail-on", "high"];
    // Roles that the role made may be made to trust others: nobody asked for that without the flag.
    trailtrim(audit.into_iter().chain(evidence)).expect(14);
    trailtrim(audit.into_iter().chain(evidence).chain(["--complete-lifecycle"])).expect(0);
}

#[test]
fn a_replay_names_what_would_be_denied() {
    let run =
        trailtrim(["replay", EVENTS, "--role", "eks-runner", "--policy", SEED, "--format", "json", "--no-config"]);
    let replay = json(&run.expect(0).stdout());
    let denied: Vec<String> = replay["denied"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| format!("{} on {}", one["action"].as_str().unwrap(), one["resource"].as_str().unwrap()))
        .collect();
    let createaddon = "eks:TagResource on arn:aws:eks:eu-central-1:111122223333:/createaddon".to_owned();
    assert!(denied.contains(&createaddon), "{denied:?}");
    assert!(replay["by_pattern"].as_array().unwrap().len() >= 4);
}

#[test]
fn boundaries_and_service_control_policies_limit_a_replay() {
    let start = ["replay", EVENTS, "--role", "eks-runner", "--policy", TIGHTENED, "--no-config"];
    trailtrim(start).expect(0);
    let bounded = trailtrim(start.iter().chain(&["--boundary", "fixtures/audit/layers/boundary.json"])).expect(13);
    assert!(bounded.stdout().contains("nothing in the permissions boundary allows it"), "{}", bounded.stdout());
    let controlled = trailtrim(start.iter().chain(&["--scp", "fixtures/audit/layers/scp.json"])).expect(13);
    assert!(controlled.stdout().contains("of the service control policies of level 1"), "{}", controlled.stdout());
}

#[test]
fn a_diff_shows_what_is_added_and_is_a_gate() {
    let changed = trailtrim(["diff", SEED, TIGHTENED, "--fail-on-added"]).expect(13).stdout();
    let (added, removed) = changed.split_once("\nRemoved\n").unwrap();
    assert!(added.contains("eks:DescribeClusterVersions") && added.contains("eks:TagResource"), "{changed}");
    assert!(removed.contains("eks:CreateCluster"), "{changed}");
    trailtrim(["diff", SEED, TIGHTENED]).expect(0);
    let same = trailtrim(["diff", SEED, SEED, "--fail-on-added", "--format", "json"]).stdout();
    assert_eq!(json(&same)["added"], Value::Array(Vec::new()));
}

#[test]
fn an_explanation_tells_who_and_what_would_break() {
    let start = ["explain", EVENTS, "--role", "eks-runner", "--no-config"];
    let explain = |more: &[&str]| json(&trailtrim(start.iter().chain(more)).stdout());
    let one = explain(&["--format", "json", "eks:CreateAddon"]);
    assert_eq!(one["events"][0]["session"], "gha-1");
    assert!(one["events"][0]["user_agent"].as_str().unwrap().contains("Terraform"), "{one:#}");
    assert_eq!(one["breaks"][0], "eks.amazonaws.com:CreateAddon");
    let line = explain(&["--format", "json", "--policy", SEED, "seed.json:20"]);
    assert!(line["requests"].as_array().unwrap().iter().all(|one| one["action"] == "eks:DescribeAddon"), "{line:#}");
    assert_eq!(explain(&["--format", "json", "--policy", SEED, "Lists"])["requests"].as_array().unwrap().len(), 1);
    let arn = explain(&["--format", "json", "arn:aws:eks:eu-central-1:111122223333:/createaddon"]);
    assert_eq!(arn["events"][0]["denied"], true);
    trailtrim(start.iter().chain(&["eks:DeleteCluster"])).expect(3);
    trailtrim(start.iter().chain(&["What?"])).expect(2);
    trailtrim(start).expect(2);
}

#[test]
fn policies_that_can_t_be_read_are_named_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bad.json");
    fs::write(&file, "{\"Statement\": [\n{\"Effect\": \"Permit\"}]}").unwrap();
    let start = ["audit", EVENTS, "--role", "eks-runner", "--no-config"];
    let bad = trailtrim(start.iter().chain(&["--policy", file.to_str().unwrap()])).expect(1).stderr();
    assert!(bad.contains("bad.json") && bad.contains("line 2"), "{bad}");
    if !cfg!(feature = "aws") {
        let elsewhere = trailtrim(start.iter().chain(&["--policy", "iam"])).expect(2);
        assert!(elsewhere.stderr().contains("aws iam get-role-policy"), "{}", elsewhere.stderr());
    }
    assert!(trailtrim(start).expect(2).stderr().contains("--policy FILE"));
    let wrapped = "fixtures/policies/odd/wrapped-by-the-command-line.json";
    trailtrim(start.iter().chain(&["--policy", wrapped, "--exit-zero"])).expect(0);
}
