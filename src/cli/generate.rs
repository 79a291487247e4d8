//! `trailtrim generate`: evidence in, the tightest policy out.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::chain;
use super::config::{Config, ConfigArgs};
use super::evidence::{Evidence, EvidenceArgs, clock, policy_digests};
use super::iam_policies::Whose;
use super::logging::LogArgs;
use super::output::{OutputArgs, OutputPlan};
use super::parameterize::{ParameterChoice, parameters};
use super::policies::read_all_of;
use super::reduce_args::ReduceArgs;
use super::settle::{SettleArgs, Time, sleep};
use super::write::{WriteTarget, write};
use super::{CliError, ExitStatus, streams, summary};
use crate::aggregator::{Selection, Usage};
use crate::audit::PresentPolicies;
use crate::catalog::Catalog;
use crate::iam::PrincipalArn;
use crate::reducer::{ReduceOptions, VerifiedPolicy, reduce};
use crate::report::model::PolicyKind;
use crate::report::{Format, Report, RoleResult, why};

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

    /// A policy that the role has at present, or `iam` for those in IAM, to put the new one beside: what is kept, narrowed,
    /// removed and added.
    #[arg(long, value_name = "POLICY", help_heading = "Policies")]
    compare: Vec<PathBuf>,

    /// Put the policy into this Terraform or JSON file in place of the document in it; the change is shown first.
    ///
    /// Takes a data source `aws_iam_policy_document`, and `jsonencode` or a heredoc in a policy resource. Where there are
    /// several, `FILE#data.aws_iam_policy_document.ci` names one. Everything else in the file stays as it is.
    #[arg(long, value_name = "FILE[#ADDRESS]", help_heading = "Output")]
    write: Option<WriteTarget>,

    /// Values that become parameters in Terraform and CloudFormation, so that one policy serves every environment.
    ///
    /// `account`, `region` and `partition` become what the provider knows; `NAME=VALUE` becomes a variable with that default.
    #[arg(long, value_name = "ITEM[,ITEM]", value_delimiter = ',', help_heading = "Output")]
    parameterize: Vec<ParameterChoice>,

    /// Also tell for each statement why it is there: with `--format text` in it, else on standard error.
    #[arg(long, env = "TRAILTRIM_EXPLAIN", value_parser = FalseyValueParser::new(), help_heading = "Output")]
    explain: bool,

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
    compare: Vec<PathBuf>,
    whose: Whose,
    parameterize: Vec<ParameterChoice>,
    write: Option<WriteTarget>,
    explain: bool,
}

/// Runs the command.
pub fn run(args: GenerateArgs, log: &LogArgs) -> Result<ExitStatus, CliError> {
    let config = Config::load(&args.config)?;
    let mut request = args.into_request(&config, !log.quiet)?;
    let catalog = Catalog::embedded();
    let mut usages = request.evidence.usages(catalog)?;
    let Evidence { inputs, collect, selection, .. } = &request.evidence;
    tell_ambiguous(selection, &usages);
    if request.follow_assumed_roles {
        chain::follow(&mut usages, inputs, collect, selection, catalog)?;
    }
    usages.values_mut().for_each(|usage| usage.coverage.gaps.extend(request.gap.clone()));
    let results = reduce_all(&request, usages, catalog)?;
    let report = report(&request, &results, catalog)?;
    drop(results);
    let changed = request.write.as_ref().map(|target| write(target, &report)).transpose()?.flatten();
    let written: Vec<PathBuf> = request.output.write(&report)?.into_iter().chain(changed).collect();
    if request.explain && !request.output.prints_text() {
        streams::tell(&why::text(&request.output.shown(&report)));
    }
    if !log.quiet {
        streams::tell(&summary::of(&report, &written, log.log_format));
    }
    Ok(status(&report, request.require_complete))
}

impl GenerateArgs {
    fn into_request(self, config: &Config, progress: bool) -> Result<Request, CliError> {
        let output = self.output.plan_beside(config, self.write.is_some())?;
        if !self.parameterize.is_empty() && !output.wants(Format::takes_parameters) && self.write.is_none() {
            return Err(CliError::NothingTakesParameters);
        }
        let include_denied = self.policy.include_denied || config.include_denied.unwrap_or(false);
        let whose = self.evidence.whose(config);
        let asked = EvidenceArgs { follows_sessions: self.follow_assumed_roles, ..self.evidence };
        let mut evidence = asked.into_evidence(config, include_denied, progress)?;
        let settled = self.settle.settle(evidence.selection.until, &Time { now: &clock, sleep: &sleep });
        evidence.end_at(settled.until);
        Ok(Request {
            evidence,
            gap: settled.gap,
            reduce: self.policy.options(config, clock),
            output,
            require_complete: self.require_complete || config.require_complete.unwrap_or(false),
            follow_assumed_roles: self.follow_assumed_roles,
            compare: self.compare,
            whose,
            parameterize: self.parameterize,
            write: self.write,
            explain: self.explain,
        })
    }
}

/// The report, with as much as the formats show.
fn report(request: &Request, results: &[RoleResult], catalog: &Catalog) -> Result<Report, CliError> {
    let mut report = Report::new(catalog, request.evidence.scope.clone(), results);
    report.explain = request.explain;
    if !request.compare.is_empty() {
        let present = PresentPolicies::of_identity(read_all_of(&request.compare, &request.whose)?);
        let [result] = results else {
            let roles: Vec<String> = results.iter().map(|result| format!("  {}", result.usage.principal)).collect();
            let (selector, count) = ("--role".to_owned(), results.len());
            return Err(CliError::SeveralRoles { selector, count, roles: roles.join("\n") });
        };
        report.add_comparison(catalog, &present, result);
        if request.output.wants(Format::shows_inputs) {
            report.inputs = policy_digests(&present);
        }
    }
    if !request.parameterize.is_empty() {
        report.parameters = parameters(&request.parameterize, &report)?;
    }
    if request.output.wants(Format::shows_paths) {
        report.add_paths(catalog, results);
    }
    if request.output.wants(Format::shows_inputs) {
        report.inputs.splice(0..0, request.evidence.digests());
    }
    Ok(report)
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
