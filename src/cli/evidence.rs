//! Reading the evidence: the same for every command that looks at what a role did.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;
use jiff::Timestamp;

use super::args::{self, RoleArgs, SourceArgs, WindowArgs};
use super::config::Config;
use super::decode::DecodeArgs;
use super::iam_policies::Whose;
use super::{CliError, athena, decode, not_found};
use crate::aggregator::{Aggregator, Selection, Usage};
use crate::audit::PresentPolicies;
use crate::catalog::Catalog;
use crate::cloudtrail::Needles;
use crate::collector::{CollectOptions, Input, collect, fingerprint};
use crate::iam::PrincipalArn;
use crate::report::model::Scope;
use crate::report::overview::InputDigest;

/// Where the evidence is, and whose.
#[derive(Debug, Args)]
pub struct EvidenceArgs {
    #[command(flatten)]
    pub source: SourceArgs,

    #[command(flatten)]
    pub role: RoleArgs,

    #[command(flatten)]
    pub window: WindowArgs,

    /// Print the statement for `athena://…` sources and end; nothing is sent or read.
    #[arg(long, help_heading = "Evidence")]
    pub dry_run: bool,

    /// Sessions that the role opened are followed.
    #[arg(skip)]
    pub follows_sessions: bool,

    #[command(flatten)]
    pub decode: DecodeArgs,
}

/// The arguments, checked and in the library's terms.
#[derive(Debug)]
pub struct Evidence {
    pub inputs: Vec<Input>,
    pub collect: CollectOptions,
    pub selection: Selection,
    pub scope: Scope,
    pub decode: DecodeArgs,
}

impl EvidenceArgs {
    /// Whose policies are asked for, where IAM is.
    pub fn whose(&self, config: &Config) -> Whose {
        Whose { roles: self.role.selectors(config), aws: self.source.aws.options(config) }
    }

    /// What to read.
    pub fn into_evidence(
        mut self,
        config: &Config,
        include_denied: bool,
        progress: bool,
    ) -> Result<Evidence, CliError> {
        self.source.expand()?;
        let mut selection = args::selection(&self.role, &self.window, config, include_denied, clock)?;
        let inputs = self.source.inputs();
        args::with_global_region(&mut selection, &inputs);
        selection.follows_sessions = self.follows_sessions;
        if self.dry_run {
            athena::print_statements(&inputs, &selection)?;
            return Err(CliError::OnlyShown);
        }
        selection.decoded = self.decode.read_file()?;
        if self.decode.asks() && inputs.contains(&Input::StandardInput) {
            return Err(CliError::ReadsOnce);
        }
        Ok(Evidence {
            inputs,
            decode: self.decode,
            collect: self.source.options(config, progress, &selection, clock)?,
            scope: Scope {
                roles: Vec::new(),
                sources: self.source.texts(),
                sessions: selection.sessions.clone(),
                since: selection.since,
                until: selection.until,
                regions: selection.regions.clone(),
                accounts: selection.accounts.clone(),
            },
            selection,
        })
    }
}

impl Evidence {
    /// Lets the window end at another moment.
    pub fn end_at(&mut self, until: Option<Timestamp>) {
        self.selection.until = until;
        self.collect.wanted.until = until;
        self.scope.until = until;
    }

    /// What each role did that was asked for. Read once more with encoded denials decoded, where that was asked for.
    pub fn usages(&mut self, catalog: &Catalog) -> Result<BTreeMap<PrincipalArn, Usage>, CliError> {
        let found = find_usage(&self.inputs, &self.collect, &self.selection, catalog)?;
        if !self.decode.asks() {
            return Ok(found);
        }
        self.selection.decoded = decode::ask(&found, &self.collect.aws)?;
        let is_same = self.selection.decoded.is_empty();
        if is_same { Ok(found) } else { find_usage(&self.inputs, &self.collect, &self.selection, catalog) }
    }

    /// What the one role did that was asked for.
    pub fn usage_of_one(&mut self, catalog: &Catalog) -> Result<Usage, CliError> {
        let mut found = self.usages(catalog)?;
        if found.len() > 1 {
            let asked: Vec<String> = self.selection.principals.iter().map(ToString::to_string).collect();
            let roles: Vec<String> = found.keys().map(|role| format!("  {role}")).collect();
            let (selector, count) = (asked.join(", "), roles.len());
            return Err(CliError::SeveralRoles { selector, count, roles: roles.join("\n") });
        }
        // Each selector that finds nothing is an error already, so there is one.
        found.pop_first().map(|(_, usage)| usage).ok_or(CliError::NoRole)
    }
}

impl Evidence {
    /// The sums of the files and directories that were read. Standard input and what is not on disk have none.
    pub fn digests(&self) -> Vec<InputDigest> {
        let texts = self.scope.sources.iter().zip(&self.inputs);
        let digest = |(text, input): (&String, &Input)| match input {
            Input::Path(path) => digest_of(text, path),
            _ => None,
        };
        texts.filter_map(digest).collect()
    }
}

/// The sums of the files that policies came from.
pub fn policy_digests(present: &PresentPolicies) -> Vec<InputDigest> {
    let all = present.identity.iter().chain(present.boundary.iter().flatten()).chain(present.scps.iter().flatten());
    let files: BTreeSet<&str> = all.filter_map(|policy| policy.file.as_deref()).collect();
    files.into_iter().filter_map(|file| digest_of(file, Path::new(file))).collect()
}

/// The sum of a file or directory; that there is none is no reason to end a run.
fn digest_of(text: &str, path: &Path) -> Option<InputDigest> {
    let read = fingerprint(path).inspect_err(|error| tracing::warn!("can't sum up `{text}`: {error}")).ok()?;
    Some(InputDigest { source: text.to_owned(), files: read.files, bytes: read.bytes, sha256: read.sha256 })
}

/// Reads everything. Each role that was asked for must appear: an answer about nobody is none.
fn find_usage(
    inputs: &[Input],
    options: &CollectOptions,
    selection: &Selection,
    catalog: &Catalog,
) -> Result<BTreeMap<PrincipalArn, Usage>, CliError> {
    let needles = Needles::of(&selection.principals);
    let collected = collect(inputs, options, &needles, || Aggregator::new(catalog, selection))?;
    let found = collected.sink.finish();
    let missing = selection.principals.iter().find(|selector| !found.keys().any(|arn| selector.matches(arn)));
    match missing {
        None => Ok(found),
        Some(selector) => Err(not_found::explain(selector, &collected.problems, inputs, options, selection, catalog)),
    }
}

/// The only look at the clock.
#[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
pub fn clock() -> Timestamp {
    Timestamp::now()
}
