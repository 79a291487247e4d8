//! A team's pipeline: the scripts of `examples/`, in a repository with a remote, as the workflows there run them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::stage::ROLE;
use crate::trailtrim::files_of;

/// The folder with the role's policies, inside the repository.
const FOLDER: &str = "policies/eks-runner";

/// A repository that keeps the role's policies.
#[derive(Debug)]
pub struct Pipeline(PathBuf);

impl Pipeline {
    /// A new repository with one commit on `main` and a remote that takes what is pushed.
    pub fn of_a_team(folder: &Path) -> Self {
        let (remote, own) = (folder.join("remote.git"), Self(folder.join("repository")));
        std::fs::create_dir_all(&own.0).unwrap();
        own.git(&["init", "--quiet", "--bare", remote.to_str().unwrap()]);
        own.git(&["init", "--quiet", "--initial-branch=main"]);
        own.git(&[
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.com",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "a",
        ]);
        own.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
        own
    }

    /// After a deployment: policies with `--complete-lifecycle`, in the repository.
    pub fn tighten(&self, trail: &Path) -> Result<Vec<PathBuf>, String> {
        self.script("tighten", &[trail.to_str().unwrap(), ROLE, FOLDER])?;
        Ok(files_of(&self.0.join(FOLDER)))
    }

    /// What changed is proposed, once: the same evidence again, after the merge, has nothing to propose.
    pub fn review(&self, trail: &Path) -> Result<(), String> {
        let branch = self.script("propose", &[FOLDER])?;
        if branch != "tighten/eks-runner\n" {
            return Err(format!("the change is not proposed: `{branch}`"));
        }
        self.git(&["switch", "--quiet", "main"]);
        self.git(&["merge", "--quiet", "origin/tighten/eks-runner"]);
        self.tighten(trail)?;
        let again = self.script("propose", &[FOLDER])?;
        if again.is_empty() { Ok(()) } else { Err("the same evidence is proposed again".to_owned()) }
    }

    /// On a schedule: whether the policies pass the audit over a trail.
    pub fn audit(&self, trail: &Path) -> Result<(), String> {
        self.script("audit", &[trail.to_str().unwrap(), ROLE, FOLDER]).map(drop)
    }

    fn script(&self, script: &str, arguments: &[&str]) -> Result<String, String> {
        let own = Path::new(env!("CARGO_BIN_EXE_trailtrim")).parent().unwrap();
        let users = path();
        let path = std::iter::once(own.to_owned()).chain(std::env::split_paths(&users));
        let output = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scripts").join(script))
            .args(arguments)
            .current_dir(&self.0)
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("SUMMARY", self.0.with_extension(format!("{script}.md")))
            .output()
            .unwrap();
        let said = || format!("{script}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        if output.status.success() { Ok(String::from_utf8_lossy(&output.stdout).into_owned()) } else { Err(said()) }
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = Command::new("git");
        let output = git.args(arguments).current_dir(&self.0).env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[expect(clippy::disallowed_methods, reason = "the program under test goes in front of the others")]
fn path() -> std::ffi::OsString {
    std::env::var_os("PATH").unwrap_or_default()
}
