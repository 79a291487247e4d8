//! One run of the program.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use assert_cmd::cargo::cargo_bin;

/// Where the package is.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program with these arguments, run from the package's folder without any environment.
pub fn trailtrim<S: AsRef<str>>(arguments: impl IntoIterator<Item = S>) -> Run {
    let mut command = Command::new(cargo_bin("trailtrim"));
    command.env_clear().current_dir(repository()).stdin(Stdio::null());
    command.args(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
    Run { command }
}

/// A script of the package with its arguments, which finds the program and the system's own tools, and nothing else.
pub fn script(line: &str) -> Run {
    let program = cargo_bin("trailtrim");
    let mut command = Command::new("bash");
    command.env_clear().current_dir(repository()).stdin(Stdio::null());
    command.env("PATH", format!("{}:/usr/bin:/bin", program.parent().unwrap().display()));
    command.args(line.split_whitespace());
    Run { command }
}

/// A run that is not started yet.
pub struct Run {
    command: Command,
}

impl Run {
    /// Sets a variable of the environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs in another folder.
    pub fn directory(mut self, path: &Path) -> Self {
        self.command.current_dir(path);
        self
    }

    /// Feeds a file to standard input.
    pub fn stdin(mut self, path: &Path) -> Self {
        self.command.stdin(std::fs::File::open(path).unwrap());
        self
    }

    /// Runs it, whatever comes of it.
    pub fn finish(mut self) -> Finished {
        let output = self.command.output().unwrap();
        Finished { shown: format!("{:?}", self.command), output }
    }

    /// The command, to be started by the test itself.
    pub fn into_command(self) -> Command {
        self.command
    }

    /// Runs it and wants this status.
    #[track_caller]
    pub fn expect(self, status: i32) -> Finished {
        let finished = self.finish();
        assert_eq!(finished.status(), Some(status), "{}\n{}", finished.shown, finished.stderr());
        finished
    }

    /// Runs it, wants success, and hands out standard output.
    #[track_caller]
    pub fn stdout(self) -> String {
        self.expect(0).stdout()
    }
}

/// A run that has ended.
pub struct Finished {
    shown: String,
    output: Output,
}

impl Finished {
    pub fn status(&self) -> Option<i32> {
        self.output.status.code()
    }

    pub fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).unwrap()
    }

    pub fn stderr(&self) -> String {
        placeholders(&String::from_utf8_lossy(&self.output.stderr))
    }
}

/// The text with what differs from machine to machine and from version to version replaced.
pub fn placeholders(text: &str) -> String {
    let version = env!("CARGO_PKG_VERSION");
    text.replace(&repository().display().to_string(), "[repository]")
        .replace(&format!("trailtrim {version}"), "trailtrim [version]")
        .replace(&format!("\"version\": \"{version}\""), "\"version\": \"[version]\"")
}

/// A path as an argument.
pub fn text_of(path: PathBuf) -> String {
    path.to_str().unwrap().to_owned()
}
