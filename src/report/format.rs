//! The formats, and what each of them is.

use std::path::Path;

use super::model::Report;
use super::{cloudformation, csv, html, json, junit, markdown, policy, sarif, terraform, text};

/// Renders a report in one format.
pub trait Renderer {
    /// The whole text, with a line break at its end.
    fn render(&self, report: &Report) -> Result<String, RenderError>;
}

/// Whether a rendering may hold escape sequences for colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    #[default]
    Plain,
    Coloured,
}

/// Why a report can't be shown in a format.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("the result is {0} policy documents and this format holds one")]
    SeveralDocuments(usize),
    #[error("can't write the report as JSON")]
    Json(#[from] serde_json::Error),
    #[error("can't write the report as CSV")]
    Csv(#[from] ::csv::Error),
    #[error("can't write the report as HTML")]
    Html(#[from] askama::Error),
    #[error("can't write the report as JUnit")]
    Junit(#[source] Box<quick_junit::SerializeError>),
    #[error("CloudFormation can't put a parameter for `{value}` into the condition key `{key}`")]
    ParameterInKey { value: String, key: String },
    #[error("two parameters differ only in `-` and `_`, which CloudFormation can't tell apart")]
    ParametersAlike,
    #[error("can't write the report as HCL")]
    Hcl(#[source] Box<hcl::Error>),
}

/// An output format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Format {
    /// The bare policy document, as `aws iam create-policy` takes it.
    #[default]
    Policy,
    /// The whole report, for programs (docs/report.schema.json).
    Json,
    /// A readable account.
    Text,
    /// A comment for a pull request.
    Markdown,
    /// A page for a reviewer: one file, no network.
    Html,
    /// Findings for code scanning, SARIF 2.1.0.
    Sarif,
    /// Proof, findings and gaps as test cases.
    Junit,
    /// Terraform: an `aws_iam_policy_document` and a policy for each document.
    Terraform,
    /// A CloudFormation template in YAML.
    Cloudformation,
    /// The grants, one a line, for a spreadsheet.
    Csv,
}

impl Format {
    /// The renderer of the format.
    pub fn renderer(self, style: Style) -> Box<dyn Renderer> {
        match self {
            Self::Policy => Box::new(policy::PolicyRenderer),
            Self::Json => Box::new(json::JsonRenderer),
            Self::Text => Box::new(text::TextRenderer { style }),
            Self::Markdown => Box::new(markdown::MarkdownRenderer),
            Self::Html => Box::new(html::HtmlRenderer),
            Self::Sarif => Box::new(sarif::SarifRenderer),
            Self::Junit => Box::new(junit::JunitRenderer),
            Self::Terraform => Box::new(terraform::TerraformRenderer),
            Self::Cloudformation => Box::new(cloudformation::CloudFormationRenderer),
            Self::Csv => Box::new(csv::CsvRenderer),
        }
    }

    /// Whether the format shows findings; the others hold policies and grants alone.
    pub fn holds_findings(self) -> bool {
        !matches!(self, Self::Policy | Self::Terraform | Self::Cloudformation | Self::Csv)
    }

    /// Whether the format shows the paths to more permissions that our own policies open.
    pub fn shows_paths(self) -> bool {
        matches!(self, Self::Json | Self::Html)
    }

    /// Whether values of one environment can become parameters in it.
    pub fn takes_parameters(self) -> bool {
        matches!(self, Self::Terraform | Self::Cloudformation)
    }

    /// Whether the format tells the sums of what was read.
    pub fn shows_inputs(self) -> bool {
        matches!(self, Self::Html)
    }

    /// The name, as `--format` takes it.
    pub fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// The extensions that tell a file's format, each with its format.
    const EXTENSIONS: [(&str, Self); 11] = [
        ("json", Self::Policy),
        ("txt", Self::Text),
        ("md", Self::Markdown),
        ("html", Self::Html),
        ("sarif", Self::Sarif),
        ("xml", Self::Junit),
        ("tf", Self::Terraform),
        ("yaml", Self::Cloudformation),
        ("yml", Self::Cloudformation),
        ("template", Self::Cloudformation),
        ("csv", Self::Csv),
    ];

    /// The format that the extension of a file stands for.
    pub fn of_extension(file: &Path) -> Option<Self> {
        let extension = file.extension()?.to_str()?.to_ascii_lowercase();
        Self::EXTENSIONS.iter().find(|(known, _)| *known == extension).map(|(_, format)| *format)
    }

    /// The extensions that [`Format::of_extension`] knows, with a dot in front.
    pub fn extensions() -> Vec<String> {
        Self::EXTENSIONS.iter().map(|(known, _)| format!(".{known}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;
    use crate::report::samples::{self, HOSTILE};
    use crate::report::visible::is_hidden;

    #[test]
    fn hostile_text_stays_text_in_every_format() {
        for format in Format::value_variants() {
            let audit = format.holds_findings().then(samples::hostile_audit);
            for report in [samples::hostile()].into_iter().chain(audit) {
                let text = format.renderer(Style::Plain).render(&report).unwrap();
                let hidden = text.chars().find(|character| *character != '\n' && is_hidden(*character));
                assert_eq!(hidden, None, "{format:?}: {text}");
            }
        }
    }

    #[test]
    fn every_format_for_findings_has_all_of_them() {
        let report = samples::large(4);
        let counts =
            |format: Format, mark: &str| format.renderer(Style::Plain).render(&report).unwrap().matches(mark).count();
        let marks = [
            (Format::Json, "\"kind\": \"unused-action\""),
            (Format::Text, "low unused-action: "),
            (Format::Markdown, "| low | unused-action |"),
            (Format::Html, "<article class=\"finding "),
            (Format::Sarif, "\"ruleId\": \"unused-action\""),
            (Format::Junit, "<failure"),
        ];
        for (format, mark) in marks {
            assert_eq!(counts(format, mark), report.findings.len(), "{format:?}");
        }
    }

    #[test]
    fn the_sample_is_hostile_enough_to_tell() {
        assert!(HOSTILE.chars().any(is_hidden));
    }

    #[test]
    fn every_rendering_ends_with_one_line_break() {
        for format in Format::value_variants() {
            let text = format.renderer(Style::Plain).render(&samples::large(3)).unwrap();
            assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{format:?}: {text}");
        }
    }
}
