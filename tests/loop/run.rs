//! One client's way around the loop.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::client::Client;
use crate::grants::{self, Whole};
use crate::pipeline::Pipeline;
use crate::stage::{Parts, Stage};
use crate::table::Outcome;
use crate::{judge, policy, sources, trailtrim};

/// Deploys under a broad role, makes the policy, deploys again with nothing else, changes and destroys the stack, and
/// takes the grants away one by one.
pub fn run(parts: &Parts, client: &'static Client) -> Outcome {
    let mut outcome = Outcome::of(client.title);
    let scratch = tempfile::tempdir().unwrap();
    let ended = catch_unwind(AssertUnwindSafe(|| around(parts, client, scratch.path(), &mut outcome)));
    outcome.failure = ended.unwrap_or_else(|panic| Err(message(panic.as_ref()))).err();
    if outcome.failure.is_some() {
        // For the one who looks into it.
        let kept = scratch.keep();
        crate::say(&format!("{}: kept {}", client.name, kept.display()));
    }
    outcome
}

/// What a panic said: the other clients go on, and the table has a line for this one.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("panicked").to_owned()
}

fn around(parts: &Parts, client: &Client, scratch: &Path, outcome: &mut Outcome) -> Result<(), String> {
    let trail = scratch.join("trail");
    outcome.sources = deploy_broadly(parts, client, &trail, scratch)?;
    let folder = scratch.join("policy");
    let policies = trailtrim::generate(&[&trail], &folder, &[])?;
    outcome.requests = trailtrim::replay(&[&trail], &policies)["requests"].as_u64().unwrap();
    outcome.actions = policy::actions(&policies).len();
    outcome.documents = policies.len();
    outcome.characters = policy::characters(&policies);

    // The same again, elsewhere: other ids, and no permission but these.
    let again = scratch.join("again");
    with_policy(parts, client, &policies, scratch, &["deploy"], &again)?;
    outcome.deployed_again = true;
    second_judge(&again, &policies, scratch, outcome)?;

    let pipeline = Pipeline::of_a_team(&scratch.join("team"));
    let policies_for_life = pipeline.tighten(&trail)?;
    pipeline.review(&trail)?;
    let life = scratch.join("life");
    with_policy(parts, client, &policies_for_life, scratch, &["deploy", "update", "destroy"], &life)?;
    outcome.whole_life = true;
    let denied = trailtrim::denied(&[&life], &policies_for_life);
    if !denied.is_empty() {
        return Err(format!("update and destroy have requests that the policy denies: {denied:?}"));
    }
    pipeline.audit(&life)?;

    let whole = Whole { trail: &trail, folder: &folder, policies: &policies };
    outcome.taken = grants::take_away(parts, client, &whole, &scratch.join("taken"));
    if outcome.taken.wrong.is_empty() { Ok(()) } else { Err(outcome.taken.wrong.join("; ")) }
}

/// The first deployment, under a role that may do everything; the other ways in which its trail was collected.
fn deploy_broadly(parts: &Parts, client: &Client, trail: &Path, scratch: &Path) -> Result<Vec<&'static str>, String> {
    let stage = Stage::start(parts);
    let work = tempfile::tempdir().unwrap();
    let session = stage.prepare(&[]);
    client.prepare(&stage, work.path())?;
    client.step("deploy", &stage, &session, work.path())?;
    stage.write_trail(trail);
    sources::compare(&stage, trail, scratch)
}

/// Runs steps with these policies and nothing else, in an empty account; nothing may be denied.
fn with_policy(
    parts: &Parts,
    client: &Client,
    policies: &[PathBuf],
    scratch: &Path,
    steps: &[&str],
    trail: &Path,
) -> Result<(), String> {
    let attached = policy::rewritten(policies, &scratch.join(format!("attached-{}", steps.len())), policy::widened);
    let stage = Stage::start(parts);
    let session = stage.prepare(&attached);
    let work = tempfile::tempdir().unwrap();
    client.prepare(&stage, work.path())?;
    let ended = steps.iter().try_for_each(|step| client.step(step, &stage, &session, work.path()));
    stage.write_trail(trail);
    let denied = stage.denied();
    if !denied.is_empty() {
        return Err(format!("denied with the policy: {denied:?}"));
    }
    ended
}

/// Resources and conditions, which the server does not check: two evaluators over the trail of the second deployment,
/// whose ids the policy has not seen.
fn second_judge(trail: &Path, policies: &[PathBuf], scratch: &Path, outcome: &mut Outcome) -> Result<(), String> {
    let asked = trailtrim::replay(&[trail], policies)["requests"].as_u64().unwrap();
    if asked < outcome.requests {
        return Err(format!("the second deployment made {asked} requests, the first one {}", outcome.requests));
    }
    let denied = trailtrim::denied(&[trail], policies);
    if !denied.is_empty() {
        return Err(format!("the second deployment has requests that the policy denies: {denied:?}"));
    }
    outcome.second = judge::second(trail, policies, scratch);
    match &outcome.second {
        Some(second) if !second.denied.is_empty() => Err(format!("the other evaluator: {}", second.denied.join("; "))),
        _ => Ok(()),
    }
}
