//! The formats, and what each of them is.

use std::path::Path;

use super::model::Report;
use super::{json, policy, text};

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
}

impl Format {
    /// The renderer of the format.
    pub fn renderer(self, style: Style) -> Box<dyn Renderer> {
        match self {
            Self::Policy => Box::new(policy::PolicyRenderer),
            Self::Json => Box::new(json::JsonRenderer),
            Self::Text => Box::new(text::TextRenderer { style }),
        }
    }

    /// The extensions that tell a file's format, each with its format.
    const EXTENSIONS: [(&str, Self); 2] = [("json", Self::Policy), ("txt", Self::Text)];

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
