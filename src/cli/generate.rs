//! `trailtrim generate`: evidence in, the tightest policy out.

use std::collections::BTreeMap;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::chain;
use super::config::{Config, ConfigArgs};
use super::evidence::{Evidence, EvidenceArgs, clock, find_usage};
use super::logging::LogArgs;
use super::output::{OutputArgs, OutputPlan};
use super::reduce_args::ReduceArgs;
use super::settle::{SettleArgs, Time, sleep};
use super::{CliError, ExitStatus, streams, summary};
use crate::aggregator::{Selection, Usage};
use crate::catalog::Catalog;
use crate::iam::PrincipalArn;
use crate::reducer::{ReduceOptions, VerifiedPolicy, reduce};
use crate::report::model::PolicyKind;
use crate::report::{Report, RoleResult};

/// Write the tightest policy with which a role can do again what the records show.
#[derive(Debug, Args)]
pub struct GenerateArgs {
    #[command(flatten)]
    evidence: EvidenceArgs,

    #[command(flatten)]
    settle: SettleArgs,

    /// End with status 4 if the evidence has gaps; the result is written all the same.
    #[arg(long, env = "TRAILTRIM_REQUIRE_COMPLETE", value_parser = FalseyValueParser::new(), help_heading = "Evidence")]
    require_complete: bool,

    /// Also write a policy for each role that the role assumed, from the sessions that it opened.
    #[arg(long, env = "TRAILTRIM_FOLLOW_ASSUMED_ROLES", value_parser = FalseyValueParser::new(), help_heading = "Evidence")]
    follow_assumed_roles: bool,

    #[command(flatten)]
    policy: ReduceArgs,

    #[command(flatten)]
    output: OutputArgs,

    #[command(flatten)]
    config: ConfigArgs,
}

/// The arguments, checked and in the library's terms.
struct Request {
    evidence: Evidence,
    reduce: ReduceOptions,
    output: OutputPlan,
    require_complete: bool,
    follow_assumed_roles: bool,
    /// What may be missing at the end of the window.
    gap: Option<String>,
}

/// Runs the command.
pub fn run(args: GenerateArgs, log: &LogArgs) -> Result<ExitStatus, CliError> {
    let config = Config::load(&args.config)?;
    let request = args.into_request(&config, !log.quiet)?;
    let catalog = Catalog::embedded();
    let Evidence { inputs, collect, selection, .. } = &request.evidence;
    let mut usages = find_usage(inputs, collect, selection, catalog)?;
    tell_ambiguous(selection, &usages);
    if request.follow_assumed_roles {
        chain::follow(&mut usages, inputs, collect, selection, catalog)?;
    }
    usages.values_mut().for_each(|usage| usage.coverage.gaps.extend(request.gap.clone()));
    let results = reduce_all(&request, usages, catalog)?;
    let report = Report::new(catalog, request.evidence.scope, &results);
    let written = request.output.write(&report)?;
    if !log.quiet {
        streams::tell(&summary::of(&report, &written, log.log_format));
    }
    Ok(status(&report, request.require_complete))
}

impl GenerateArgs {
    fn into_request(self, config: &Config, progress: bool) -> Result<Request, CliError> {
        let include_denied = self.policy.include_denied || config.include_denied.unwrap_or(false);
        let mut evidence = self.evidence.into_evidence(config, include_denied, progress)?;
        let settled = self.settle.settle(evidence.selection.until, &Time { now: &clock, sleep: &sleep });
        evidence.end_at(settled.until);
        Ok(Request {
            evidence,
            gap: settled.gap,
            reduce: self.policy.options(config, clock),
            output: self.output.plan(config)?,
            require_complete: self.require_complete || config.require_complete.unwrap_or(false),
            follow_assumed_roles: self.follow_assumed_roles,
        })
    }
}

/// Roles of one name in several places are easily taken for one another.
fn tell_ambiguous(selection: &Selection, found: &BTreeMap<PrincipalArn, Usage>) {
    for selector in &selection.principals {
        let matches = found.keys().filter(|arn| selector.matches(arn)).count();
        if matches > 1 {
            tracing::warn!(
                "`{selector}` stands for {matches} roles; each gets a policy of its own; give an ARN to choose one"
            );
        }
    }
}

fn reduce_all(
    request: &Request,
    usages: BTreeMap<PrincipalArn, Usage>,
    catalog: &Catalog,
) -> Result<Vec<RoleResult>, CliError> {
    let names = policy_names(usages.keys());
    let kind = if request.reduce.inline { PolicyKind::Inline } else { PolicyKind::Managed };
    let reduced = usages.into_values().zip(names).map(|(usage, name)| {
        let options = ReduceOptions { name, ..request.reduce.clone() };
        let verified = reduce(&usage, catalog, &options)
            .map_err(|source| CliError::Reduce { role: usage.principal.to_string(), source })?;
        tell_unmatched(&verified);
        Ok(RoleResult { usage, verified, kind })
    });
    reduced.collect()
}

/// A rule that nothing matches is most often a slip of the pen.
fn tell_unmatched(verified: &VerifiedPolicy) {
    for name in verified.unmatched_rules() {
        tracing::warn!("rule `{name}` of the configuration file matches nothing that was seen");
    }
}

/// Roles of one name in several accounts get the account and path in front, so that no policy overwrites another.
fn policy_names<'a>(principals: impl Iterator<Item = &'a PrincipalArn> + Clone) -> Vec<String> {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for principal in principals.clone() {
        *uses.entry(principal.name().to_ascii_lowercase()).or_default() += 1;
    }
    let name = |principal: &PrincipalArn| match uses.get(&principal.name().to_ascii_lowercase()) {
        Some(1) | None => principal.name().to_owned(),
        Some(_) => format!("{}{}{}", principal.account(), principal.path().replace('/', "-"), principal.name()),
    };
    principals.map(name).collect()
}

fn status(report: &Report, require_complete: bool) -> ExitStatus {
    if require_complete && !report.coverage.shortcomings(&report.records).is_empty() {
        ExitStatus::EvidenceIncomplete
    } else {
        ExitStatus::Clean
    }
}
