//! Where renderings go: standard output, files, a directory of policies. Files appear whole or not at all.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum as _};
use tempfile::NamedTempFile;

use super::config::Config;
use super::redact::RedactArgs;
use super::{CliError, streams};
use crate::report::{Format, Redactor, Report, Style, json};

/// Which renderings go where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// What to print; `policy` when not given, `text` for findings.
    #[arg(long, value_name = "FORMAT", env = "TRAILTRIM_FORMAT")]
    format: Option<Format>,

    /// Write to this file in place of standard output; several may be given.
    ///
    /// The format is that of `--format` for a single file, else told by the extension; `FORMAT=FILE` names it.
    #[arg(long = "out", value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Write each policy document into this directory as NAME.json, or NAME-1.json and so on.
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,

    #[command(flatten)]
    redact: RedactArgs,
}

/// Checked arguments: what to write.
#[derive(Debug, PartialEq, Eq)]
pub struct OutputPlan {
    print: Option<Format>,
    files: Vec<(Format, PathBuf)>,
    directory: Option<PathBuf>,
    /// Without what must not be shown to everybody.
    redact: bool,
}

impl OutputArgs {
    /// Settles what goes where, before any work is done.
    pub fn plan(&self, config: &Config) -> Result<OutputPlan, CliError> {
        self.plan_beside(config, false)
    }

    /// The same, where something may be written elsewhere as well: then only what is asked for is printed.
    pub fn plan_beside(&self, config: &Config, written: bool) -> Result<OutputPlan, CliError> {
        let files = self.files.iter().map(|file| self.format_of(file)).collect::<Result<Vec<_>, _>>()?;
        let mut seen = BTreeSet::new();
        if let Some((_, path)) = files.iter().find(|(_, path)| !seen.insert(path)) {
            return Err(CliError::SameFileTwice { path: path.clone() });
        }
        let elsewhere = !files.is_empty() || self.out_dir.is_some() || written;
        let print = match self.format {
            Some(format) if files.is_empty() => Some(format),
            _ if elsewhere => None,
            _ => Some(config.format.unwrap_or_default()),
        };
        Ok(OutputPlan { print, files, directory: self.out_dir.clone(), redact: self.redact.redact })
    }

    /// Settles what goes where, for a report of findings: text when not given, and no format for policies.
    pub fn plan_findings(&self, config: &Config) -> Result<OutputPlan, CliError> {
        if self.out_dir.is_some() {
            return Err(CliError::NotForFindings { format: "--out-dir".to_owned() });
        }
        let config = Config { format: config.format.filter(|format| format.holds_findings()), ..config.clone() };
        let mut plan = self.plan(&config)?;
        if self.format.is_none() && plan.print.is_some() {
            plan.print = Some(config.format.unwrap_or(Format::Text));
        }
        for (format, path) in &mut plan.files {
            let named = self.files.iter().any(|file| named_format(file).is_some_and(|(_, named)| named == *path));
            let by_extension = !named && (self.format.is_none() || self.files.len() > 1);
            if *format == Format::Policy && by_extension {
                *format = Format::Json;
            }
        }
        let formats = plan.files.iter().map(|(format, _)| *format).chain(plan.print);
        match formats.into_iter().find(|format| !format.holds_findings()) {
            None => Ok(plan),
            Some(format) => Err(CliError::NotForFindings { format: format.name() }),
        }
    }

    fn format_of(&self, file: &Path) -> Result<(Format, PathBuf), CliError> {
        if let Some((format, path)) = named_format(file) {
            return Ok((format, path));
        }
        let given = self.format.filter(|_| self.files.len() == 1);
        let format = given.or_else(|| Format::of_extension(file)).or(self.format);
        let known = format!("known extensions are {}", Format::extensions().join(", "));
        let unknown = || CliError::UnknownExtension { path: file.to_owned(), known };
        Ok((format.ok_or_else(unknown)?, file.to_owned()))
    }
}

/// `FORMAT=FILE`; a file whose name merely holds a `=` is none.
fn named_format(file: &Path) -> Option<(Format, PathBuf)> {
    let (name, path) = file.to_str()?.split_once('=')?;
    Some((Format::from_str(name, false).ok()?, PathBuf::from(path)))
}

impl OutputPlan {
    /// Whether any format that will be written is such.
    pub fn wants(&self, such: impl Fn(Format) -> bool) -> bool {
        self.files.iter().map(|(format, _)| *format).chain(self.print).any(such)
    }

    /// Whether a readable account goes to standard output.
    pub fn prints_text(&self) -> bool {
        self.print == Some(Format::Text)
    }

    /// Renders everything, then writes everything: if one rendering fails, nothing is written. Hands out the files.
    pub fn write(&self, report: &Report) -> Result<Vec<PathBuf>, CliError> {
        if !self.redact {
            return self.write_as(report, |rendering| rendering);
        }
        let (redacted, redactor) = Redactor::report(report);
        self.write_as(&redacted, |rendering| redactor.sweep(&rendering))
    }

    /// The report as it may be shown.
    pub fn shown(&self, report: &Report) -> Report {
        if self.redact { Redactor::report(report).0 } else { report.clone() }
    }

    fn write_as(&self, report: &Report, last: impl Fn(String) -> String) -> Result<Vec<PathBuf>, CliError> {
        let mut staged = Vec::new();
        for (format, path) in &self.files {
            staged.push(Staged::new(path, &last(format.renderer(Style::Plain).render(report)?))?);
        }
        if let Some(directory) = &self.directory {
            staged.extend(stage_policies(report, directory)?);
        }
        let printed = match self.print {
            Some(format) => Some(last(format.renderer(streams::output_style()).render(report)?)),
            None => None,
        };
        let written = staged.into_iter().map(Staged::publish).collect::<Result<Vec<_>, _>>()?;
        if let Some(directory) = &self.directory {
            warn_of_leftovers(report, directory);
        }
        if let Some(text) = printed {
            streams::print(&text)?;
        }
        Ok(written)
    }
}

fn stage_policies(report: &Report, directory: &Path) -> Result<Vec<Staged>, CliError> {
    fs::create_dir_all(directory).map_err(|source| CliError::WriteFile { path: directory.to_owned(), source })?;
    let mut staged = Vec::new();
    for policy in &report.policies {
        let text = json::to_json(&policy.document).map_err(|error| CliError::Render(error.into()))?;
        staged.push(Staged::new(&directory.join(format!("{}.json", policy.name)), &text)?);
    }
    Ok(staged)
}

/// An earlier, larger policy set may have left files that a script would attach together with the new ones.
fn warn_of_leftovers(report: &Report, directory: &Path) {
    let names: BTreeSet<&str> = report.policies.iter().map(|policy| policy.name.as_str()).collect();
    let bases: BTreeSet<&str> = names.iter().map(|name| base_of(name)).collect();
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let Some(name) = file.to_str().and_then(|file| file.strip_suffix(".json")) else { continue };
        if !names.contains(name) && bases.contains(base_of(name)) {
            tracing::warn!(
                "`{}` is not part of this policy set; it may be left from an earlier one",
                entry.path().display()
            );
        }
    }
}

/// `eks-runner-2` is of `eks-runner`.
fn base_of(name: &str) -> &str {
    let number = name.rsplit_once('-').filter(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()));
    number.map_or(name, |(base, _)| base)
}

/// A file that is written under another name and not yet in place.
struct Staged {
    /// As the user named it.
    named: PathBuf,
    /// Where it really is.
    path: PathBuf,
    place: Place,
}

enum Place {
    /// A new or a regular file: replaced by rename.
    File(NamedTempFile),
    /// A pipe or a device such as `/dev/stdout`, which a rename would destroy.
    Device(String),
}

impl Staged {
    fn new(path: &Path, text: &str) -> Result<Self, CliError> {
        // A rename replaces a link, not what it points to; so the link is followed first.
        let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_device = fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
        let place = if is_device {
            Place::Device(text.to_owned())
        } else {
            Place::File(write_beside(&target, text).map_err(|source| write_error(path, source))?)
        };
        Ok(Self { named: path.to_owned(), path: target, place })
    }

    fn publish(self) -> Result<PathBuf, CliError> {
        let written = match self.place {
            Place::File(file) => file.persist(&self.path).map(drop).map_err(|error| error.error),
            Place::Device(text) => fs::OpenOptions::new()
                .write(true)
                .open(&self.path)
                .and_then(|mut device| device.write_all(text.as_bytes())),
        };
        written.map(|()| self.named.clone()).map_err(|source| write_error(&self.named, source))
    }
}

/// Replaces a file, whole.
pub fn replace(path: &Path, text: &str) -> Result<PathBuf, CliError> {
    Staged::new(path, text)?.publish()
}

fn write_beside(path: &Path, text: &str) -> io::Result<NamedTempFile> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".trailtrim-");
    // A temporary file is private by default; a result gets the mode that any new file would.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn write_error(path: &Path, source: io::Error) -> CliError {
    CliError::WriteFile { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(format: Option<Format>, files: &[&str]) -> Result<OutputPlan, CliError> {
        let files = files.iter().map(PathBuf::from).collect();
        OutputArgs { format, files, out_dir: None, redact: RedactArgs::default() }.plan(&Config::default())
    }

    #[test]
    fn without_anything_the_policy_is_printed() {
        assert_eq!(plan(None, &[]).unwrap().print, Some(Format::Policy));
    }

    #[test]
    fn the_extension_tells_the_format_and_a_prefix_overrules_it() {
        let plan = plan(None, &["a.json", "json=b.json"]).unwrap();
        let expected = [(Format::Policy, PathBuf::from("a.json")), (Format::Json, PathBuf::from("b.json"))];
        assert_eq!(plan.files, expected);
        assert_eq!(plan.print, None);
    }

    #[test]
    fn a_single_file_gets_the_format_that_is_asked_for() {
        assert_eq!(plan(Some(Format::Json), &["a.json"]).unwrap().files[0].0, Format::Json);
    }

    #[test]
    fn an_unknown_extension_and_a_file_named_twice_are_refused() {
        assert!(matches!(plan(None, &["a.docx"]), Err(CliError::UnknownExtension { .. })));
        assert!(matches!(plan(None, &["a.json", "json=a.json"]), Err(CliError::SameFileTwice { .. })));
    }

    #[test]
    fn the_json_of_findings_is_the_report() {
        let files = |format, files: &[&str]| {
            let files = files.iter().map(PathBuf::from).collect();
            let args = OutputArgs { format, files, out_dir: None, redact: RedactArgs::default() };
            args.plan_findings(&Config::default())
                .map(|plan| plan.files.into_iter().map(|(format, _)| format).collect::<Vec<_>>())
        };
        assert_eq!(files(None, &["a.json"]).unwrap(), [Format::Json]);
        assert_eq!(files(Some(Format::Sarif), &["a.sarif", "a.json"]).unwrap(), [Format::Sarif, Format::Json]);
        assert!(matches!(files(Some(Format::Policy), &["a.json"]), Err(CliError::NotForFindings { .. })));
        assert!(matches!(files(None, &["policy=a.json"]), Err(CliError::NotForFindings { .. })));
    }

    #[test]
    fn a_link_is_followed() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        fs::write(&real, "old").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(&real, &link).unwrap();
        Staged::new(&link, "new").unwrap().publish().unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
    }
}
