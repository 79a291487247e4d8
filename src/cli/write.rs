//! `--write FILE`: the policy goes into a file that is there already, as a change to be reviewed.

use std::fs;
use std::path::PathBuf;
use std::str::FromStr;

use similar::TextDiff;

use super::output::replace;
use super::{CliError, streams};
use crate::report::Report;
use crate::report::in_place::edit;
use crate::report::visible::visible;

/// `FILE`, or `FILE#ADDRESS` where a file holds several documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteTarget {
    pub file: PathBuf,
    pub address: Option<String>,
}

impl FromStr for WriteTarget {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.rsplit_once('#') {
            Some((file, address)) if !file.is_empty() && !address.is_empty() => {
                Self { file: file.into(), address: Some(address.to_owned()) }
            }
            _ => Self { file: text.into(), address: None },
        })
    }
}

/// Shows the change on standard error and makes it. Hands out the file if there was anything to change.
pub fn write(target: &WriteTarget, report: &Report) -> Result<Option<PathBuf>, CliError> {
    let [policy] = report.policies.as_slice() else {
        return Err(CliError::WriteSeveral { path: target.file.clone(), count: report.policies.len() });
    };
    let path = &target.file;
    let old = fs::read_to_string(path).map_err(|source| CliError::ReadFile { path: path.clone(), source })?;
    let new = edit(path, &old, target.address.as_deref(), &policy.document, &report.parameters)
        .map_err(|source| CliError::Edit { path: path.clone(), source })?;
    if old == new {
        tracing::info!("`{}` holds this policy already", path.display());
        return Ok(None);
    }
    let name = path.display().to_string();
    let (before, after) = (format!("a/{name}"), format!("b/{name}"));
    let diff = TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).header(&before, &after).to_string();
    let shown: Vec<String> = diff.lines().map(|line| visible(line).into_owned() + "\n").collect();
    streams::tell(&shown.concat());
    replace(path, &new).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_behind_the_file() {
        let target: WriteTarget = "infra/ci.tf#data.aws_iam_policy_document.ci".parse().unwrap();
        assert_eq!(target.file, PathBuf::from("infra/ci.tf"));
        assert_eq!(target.address.as_deref(), Some("data.aws_iam_policy_document.ci"));
        assert_eq!("ci.json".parse::<WriteTarget>().unwrap().address, None);
    }
}
