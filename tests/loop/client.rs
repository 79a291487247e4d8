//! The clients of the loop, each a folder of scripts: `deploy`, `update`, `destroy`, and
//! `prepare` where the account must hold something before.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::stage::{Session, Stage};

/// A client.
#[derive(Debug)]
pub struct Client {
    pub name: &'static str,
    /// What it is called in the table.
    pub title: &'static str,
    /// The programs that it needs.
    pub parts: &'static [&'static str],
    /// How many grants are taken away, one run for each.
    pub taken_away: TakenAway,
}

/// Which grants are taken away.
#[derive(Clone, Copy, Debug)]
pub enum TakenAway {
    All,
    /// So many, spread over the policy.
    Sample(usize),
}

/// The clients, the slowest first, so that none is left over at the end.
pub const CLIENTS: &[Client] = &[
    Client {
        name: "ansible",
        title: "Ansible",
        parts: &["ministack", "clients", "ansible"],
        taken_away: TakenAway::Sample(2),
    },
    Client { name: "cdk", title: "CDK", parts: &["ministack", "clients", "cdk"], taken_away: TakenAway::Sample(2) },
    Client { name: "boto3", title: "boto3", parts: &["ministack", "clients"], taken_away: TakenAway::All },
    Client { name: "awscli", title: "aws cli", parts: &["ministack", "clients"], taken_away: TakenAway::Sample(3) },
    Client {
        name: "cloudformation",
        title: "CloudFormation",
        parts: &["ministack", "clients"],
        taken_away: TakenAway::Sample(3),
    },
];

impl Client {
    /// What the account must hold before the first deployment, made by its owner.
    pub fn prepare(&self, stage: &Stage, work: &Path) -> Result<(), String> {
        let owner = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map(|name| (name.to_owned(), "test".to_owned()));
        if self.script("prepare").exists() { self.step("prepare", stage, &owner.into(), work) } else { Ok(()) }
    }

    fn script(&self, step: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/loop/clients").join(self.name).join(step)
    }

    /// Runs one of the scripts with a session; what it last said when it fails.
    pub fn step(&self, step: &str, stage: &Stage, session: &Session, work: &Path) -> Result<(), String> {
        let mut command = Command::new(self.script(step));
        stage.environment(&mut command);
        command.envs(session).env("WORK", work).stdin(Stdio::null());
        let output = command.output().expect("bash runs");
        if output.status.success() {
            return Ok(());
        }
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
        Err(format!("{step}: {}", lines[lines.len().saturating_sub(4)..].join(" | ")))
    }
}
