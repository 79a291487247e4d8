//! Nothing less would do: one action at a time is taken away, and the client is run again.

use std::path::{Path, PathBuf};

use crate::client::{Client, TakenAway};
use crate::stage::{Parts, Stage};
use crate::{policy, trailtrim};

/// What became of the runs.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub runs: usize,
    /// The server denied the run.
    pub by_server: usize,
    /// The server does not check the action; put to the policies again, the trail has requests that are denied.
    pub by_replay: usize,
    /// The denial, fed back, gave what was taken away and nothing that the whole policy does not allow.
    pub restored: usize,
    /// Actions whose loss nobody noticed, or whose denial did not bring back what it should.
    pub wrong: Vec<String>,
}

/// What is taken away from.
pub struct Whole<'a> {
    /// The trail of the deployment.
    pub trail: &'a Path,
    /// The folder with the policies made of it.
    pub folder: &'a Path,
    pub policies: &'a [PathBuf],
}

/// Takes away one action after the other.
pub fn take_away(parts: &Parts, client: &Client, whole: &Whole<'_>, scratch: &Path) -> Taken {
    let mut taken = Taken::default();
    let called = trailtrim::called(whole.trail);
    for action in chosen(client.taken_away, whole.policies) {
        taken.runs += 1;
        let folder = scratch.join(action.replace(':', "-"));
        match without_one(parts, client, whole, &action, &folder) {
            Ok(Noticed::Restored) => (taken.by_server, taken.restored) = (taken.by_server + 1, taken.restored + 1),
            // A server that lets this pass enforces nothing, and the whole loop would show nothing.
            Ok(Noticed::ByReplay) if called.contains(&action) => {
                taken.wrong.push(format!("{action}: the client calls it, and the server lets it pass"));
            }
            Ok(Noticed::ByReplay) => taken.by_replay += 1,
            Err(why) => taken.wrong.push(format!("{action}: {why}")),
        }
    }
    taken
}

enum Noticed {
    Restored,
    ByReplay,
}

fn chosen(which: TakenAway, policies: &[PathBuf]) -> Vec<String> {
    let all: Vec<String> = policy::actions(policies).into_iter().collect();
    match which {
        TakenAway::All => all,
        TakenAway::Sample(count) => all.chunks(all.len().div_ceil(count)).map(|chunk| chunk[0].clone()).collect(),
    }
}

fn without_one(
    parts: &Parts,
    client: &Client,
    whole: &Whole<'_>,
    action: &str,
    folder: &Path,
) -> Result<Noticed, String> {
    let less = policy::rewritten(whole.policies, &folder.join("less"), |document| policy::without(document, action));
    let less: Vec<PathBuf> =
        less.into_iter().filter(|file| !policy::actions(std::slice::from_ref(file)).is_empty()).collect();
    let attached = policy::rewritten(&less, &folder.join("attached"), policy::widened);
    let stage = Stage::start(parts);
    let session = stage.prepare(&attached);
    let work = tempfile::tempdir().unwrap();
    client.prepare(&stage, work.path())?;
    let ended = client.step("deploy", &stage, &session, work.path());
    let denied = stage.denied();
    if denied.is_empty() {
        ended?;
        let lost = trailtrim::denied(&[whole.trail], &less);
        let named = lost.iter().any(|(lost, _)| lost == action);
        return if named { Ok(Noticed::ByReplay) } else { Err("nobody noticed that it is gone".to_owned()) };
    }
    let trail = folder.join("trail");
    stage.write_trail(&trail);
    drop(stage);
    restored(whole, action, &less, &trail, &folder.join("restored"))
}

/// The trail with the denial, fed back: with what it gives, the whole deployment is allowed again, and it gives nothing
/// that the whole policy does not allow.
fn restored(whole: &Whole<'_>, action: &str, less: &[PathBuf], trail: &Path, folder: &Path) -> Result<Noticed, String> {
    let back = trailtrim::generate(&[trail], folder, &["--include-denied"])?;
    if !policy::actions(&back).contains(action) {
        return Err("its denial does not bring it back".to_owned());
    }
    let added = trailtrim::added(whole.folder, folder);
    if !added.is_empty() {
        return Err(format!("its denial brings more: {added:?}"));
    }
    let both: Vec<PathBuf> = less.iter().chain(&back).cloned().collect();
    let lost = trailtrim::denied(&[whole.trail], &both);
    let lost: Vec<_> = lost.into_iter().filter(|(lost, _)| lost == action).collect();
    // A run ends at its first denial: what the same action is needed for later comes back with the next run.
    if lost.iter().any(|lost| trailtrim::denied(&[trail], &back).contains(lost)) {
        return Err(format!("its denial does not bring all of it back: {lost:?}"));
    }
    Ok(Noticed::Restored)
}
