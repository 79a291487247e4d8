//! Policies from files: what a role has at present, and what limits it. Those in IAM: [`iam_policies`](super::iam_policies).

use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::CliError;
use super::config::Config;
use super::iam_policies::{Whose, is_iam, parse};
use super::write::WriteTarget;
use crate::audit::{PresentPolicies, PresentPolicy};
use crate::catalog::ManagedPolicies;
use crate::collector::RoleInIam;
use crate::iam::{LastAccessed, PolicyDocument, PolicyLines};
use crate::report::in_place;

/// The policies in question.
#[derive(Debug, Args)]
#[command(next_help_heading = "Policies")]
pub struct PolicyArgs {
    /// A policy of the role, a directory of them, or `iam` for what the role has in IAM; may be given several times.
    ///
    /// JSON: the document as it is, or what `aws iam get-policy-version` and `get-role-policy` print. A policy that AWS
    /// manages may be named by its ARN. From a Terraform file come all its documents, or with `FILE.tf#ADDRESS` one. `iam`
    /// asks for the role's inline and attached policies and its permissions boundary, the ARN of a policy for that one.
    #[arg(long = "policy", value_name = "FILE", env = "TRAILTRIM_POLICY", value_delimiter = ',')]
    pub policies: Vec<PathBuf>,

    /// The role's permissions boundary.
    #[arg(long = "boundary", value_name = "FILE")]
    pub boundaries: Vec<PathBuf>,

    /// Service control policies: once for each level from the root down, those of one level with commas between them.
    #[arg(long = "scp", value_name = "FILE[,FILE]")]
    pub scps: Vec<ScpLevel>,
}

/// The service control policies of one level: any of them may allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScpLevel(Vec<PathBuf>);

impl FromStr for ScpLevel {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.split(',').map(PathBuf::from).collect()))
    }
}

/// The policies that were found.
#[derive(Debug)]
pub struct Loaded {
    pub present: PresentPolicies,
    /// What IAM knows of the role's use, where IAM was asked.
    pub accessed: LastAccessed,
}

impl PolicyArgs {
    /// Reads them all; flags first, then the configuration.
    pub fn load(&self, config: &Config, whose: &Whose) -> Result<Loaded, CliError> {
        let given =
            |flags: &[PathBuf], config: &[PathBuf]| if flags.is_empty() { config.to_vec() } else { flags.to_vec() };
        let policies = given(&self.policies, &config.policy);
        let boundary = given(&self.boundaries, &config.boundary);
        let levels = if self.scps.is_empty() { &config.scp } else { &self.scps };
        let role = role_of(&policies, whose)?;
        let read = |paths: &[PathBuf]| read_each(paths, |path| whose.read(path, role.as_ref()));
        let of_role = role.as_ref().and_then(|role| role.boundary.as_ref()).map(parse).transpose()?;
        Ok(Loaded {
            present: PresentPolicies {
                identity: read(&policies)?,
                boundary: if boundary.is_empty() { of_role.map(|one| vec![one]) } else { Some(read(&boundary)?) },
                scps: levels.iter().map(|level| read(&level.0)).collect::<Result<_, _>>()?,
            },
            accessed: role.map(|role| role.accessed).unwrap_or_default(),
        })
    }
}

/// The role in IAM, where one of the policies is `iam`.
fn role_of(policies: &[PathBuf], whose: &Whose) -> Result<Option<RoleInIam>, CliError> {
    policies.iter().any(|path| is_iam(path)).then(|| whose.ask()).transpose()
}

/// Reads policies from files, directories and IAM, in order.
pub fn read_all_of(paths: &[PathBuf], whose: &Whose) -> Result<Vec<PresentPolicy>, CliError> {
    let role = role_of(paths, whose)?;
    read_each(paths, |path| whose.read(path, role.as_ref()))
}

/// Reads policies from files and directories, in order.
pub fn read_all(paths: &[PathBuf]) -> Result<Vec<PresentPolicy>, CliError> {
    read_each(paths, read_one)
}

fn read_each(
    paths: &[PathBuf],
    read: impl Fn(&Path) -> Result<Vec<PresentPolicy>, CliError>,
) -> Result<Vec<PresentPolicy>, CliError> {
    let mut policies = Vec::new();
    for path in paths {
        policies.extend(read(path)?);
    }
    // Two files of one name in two folders are told apart by their paths.
    let names: Vec<String> = policies.iter().map(|policy| policy.name.clone()).collect();
    for policy in &mut policies {
        let alike = names.iter().filter(|name| **name == policy.name).count();
        if let (true, Some(file)) = (alike > 1, &policy.file) {
            policy.name.clone_from(file);
        }
    }
    Ok(policies)
}

/// The policies of a file, a directory or a file's part, or one that AWS manages.
pub fn read_one(path: &Path) -> Result<Vec<PresentPolicy>, CliError> {
    if let Some(target) = in_terraform(path) {
        return read_terraform(&target);
    }
    if let Some(policy) = managed(path)? {
        return Ok(vec![policy]);
    }
    let mut policies = Vec::new();
    for file in files_at(path)? {
        policies.extend(read(&file)?);
    }
    Ok(policies)
}

/// A policy that AWS manages, where one is named by its ARN.
fn managed(path: &Path) -> Result<Option<PresentPolicy>, CliError> {
    let Some(arn) = path.to_str().filter(|text| text.starts_with("arn:aws:iam::aws:policy/")) else { return Ok(None) };
    let known = ManagedPolicies::embedded();
    let Some(policy) = known.get(arn) else {
        let near = known.nearest(arn).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        return Err(CliError::UnknownManagedPolicy { arn: arn.to_owned(), near });
    };
    tracing::info!("`{arn}` as of its version {} of {}", policy.version, policy.date);
    let document = PolicyDocument::parse(policy.document)
        .map_err(|source| CliError::PolicyFile { path: path.to_owned(), source })?;
    let name = policy.name.rsplit('/').next().unwrap_or(policy.name).to_owned();
    Ok(Some(PresentPolicy { name, file: None, document, lines: PolicyLines::default() }))
}

fn files_at(path: &Path) -> Result<Vec<PathBuf>, CliError> {
    let text = path.display().to_string();
    if (text == "iam" || text.starts_with("arn:")) && !path.exists() {
        return Err(CliError::PolicyElsewhere { text });
    }
    let unreadable = |source| CliError::ReadFile { path: path.to_owned(), source };
    if !fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == "json") && file.is_file() {
            files.push(file);
        }
    }
    files.sort();
    if files.is_empty() { Err(CliError::NoPolicies { path: path.to_owned() }) } else { Ok(files) }
}

/// The policies of a Terraform file, with the lines on which they stand there.
fn read_terraform(target: &WriteTarget) -> Result<Vec<PresentPolicy>, CliError> {
    let path = &target.file;
    let text = fs::read_to_string(path).map_err(|source| CliError::ReadFile { path: path.clone(), source })?;
    let found = in_place::read(&text, target.address.as_deref())
        .map_err(|source| CliError::TerraformPolicy { path: path.clone(), source })?;
    let policy = |one: in_place::Found| PresentPolicy {
        name: one.address,
        file: Some(path.display().to_string()),
        document: one.document,
        lines: one.lines,
    };
    Ok(found.into_iter().map(policy).collect())
}

/// `FILE.tf#ADDRESS`
fn in_terraform(path: &Path) -> Option<WriteTarget> {
    let target: WriteTarget = path.to_str()?.parse().ok()?;
    (target.address.is_some() && is_terraform(&target.file)).then_some(target)
}

fn is_terraform(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tf")
}

fn read(path: &Path) -> Result<Vec<PresentPolicy>, CliError> {
    if is_terraform(path) {
        return read_terraform(&WriteTarget { file: path.to_owned(), address: None });
    }
    let text = fs::read_to_string(path).map_err(|source| CliError::ReadFile { path: path.to_owned(), source })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (document, lines) = PolicyDocument::parse_with_lines(&unwrapped(text))
        .map_err(|source| CliError::PolicyFile { path: path.to_owned(), source })?;
    let stem = path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(vec![PresentPolicy { name: stem, file: Some(path.display().to_string()), document, lines }])
}

/// What the AWS command line prints around a document.
#[derive(Deserialize)]
struct Wrapped<'t> {
    /// `get-role-policy`
    #[serde(borrow, rename = "PolicyDocument")]
    policy_document: Option<&'t RawValue>,
    /// `get-policy-version`
    #[serde(borrow, rename = "PolicyVersion")]
    policy_version: Option<Version<'t>>,
}

#[derive(Deserialize)]
struct Version<'t> {
    #[serde(borrow, rename = "Document")]
    document: &'t RawValue,
}

/// The document without its wrapping, on the lines where it stood.
fn unwrapped(text: &str) -> String {
    let Ok(wrapped) = serde_json::from_str::<Wrapped<'_>>(text) else { return text.to_owned() };
    let inside = wrapped.policy_document.or(wrapped.policy_version.map(|version| version.document));
    let Some(inside) = inside else { return text.to_owned() };
    let before = inside.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let lines = text.bytes().take(before).filter(|byte| *byte == b'\n').count();
    "\n".repeat(lines) + inside.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_command_line_wraps_is_found_on_its_lines() {
        let document = "{\n  \"Statement\": {\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}\n}";
        let wrapped = format!("{{\n\"PolicyVersion\": {{\n\"Document\": {document},\n\"VersionId\": \"v1\"}}}}");
        let (_, lines) = PolicyDocument::parse_with_lines(&unwrapped(&wrapped)).unwrap();
        assert_eq!(lines.statements[0].line, 4);
        let inline = format!("{{\"RoleName\": \"x\",\n\"PolicyDocument\": {document}}}");
        assert_eq!(PolicyDocument::parse_with_lines(&unwrapped(&inline)).unwrap().1.statements[0].line, 3);
        assert_eq!(unwrapped(document), document);
    }

    #[test]
    fn a_policy_that_aws_manages_is_known_by_its_arn() {
        let read = |arn: &str| read_all(&[PathBuf::from(arn)]);
        let policies = read("arn:aws:iam::aws:policy/AmazonEKSClusterPolicy").unwrap();
        assert!(policies[0].name == "AmazonEKSClusterPolicy" && !policies[0].document.statements.is_empty());
        let Err(CliError::UnknownManagedPolicy { near, .. }) = read("arn:aws:iam::aws:policy/AmazonEKSClusterPolice")
        else {
            panic!("a slip of the pen is refused");
        };
        assert!(near.contains("AmazonEKSClusterPolicy"), "{near}");
        assert!(matches!(read("arn:aws:iam::111122223333:policy/mine"), Err(CliError::PolicyElsewhere { .. })));
    }

    #[test]
    fn policies_of_one_name_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        let files = ["a", "b"].map(|name| {
            let path = folder.path().join(name).join("ci.json");
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(&path, text).unwrap();
            path
        });
        let policies = read_all(&files).unwrap();
        assert_ne!(policies[0].name, policies[1].name);
        assert_eq!(read_all(&files[..1]).unwrap()[0].name, "ci");
    }
}
