//! A policy put into a file that is there already: the document is replaced, everything else stays byte for byte.
//!
//! In: the text of a Terraform or JSON file, the new document. Out: the new text. Comments of the old document go with the
//! action, resource or statement that they stand at; those whose place is gone stand in front of the new statements. What
//! can't be kept (a reference, a generated statement) is refused, not guessed at. The new text is read back before it is
//! handed out: it holds the new document, or there is none.

mod comments;
mod evaluate;
mod hcl;
mod json;
mod read;

use std::path::Path;

pub use read::{Found, read};

use super::RenderError;
use super::parameters::Parameters;
use crate::iam::PolicyDocument;

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    #[error("not readable as Terraform: {0}")]
    Hcl(String),
    #[error("not readable as a policy: {0}")]
    Json(String),
    #[error("it holds what the AWS command line prints around a document, not the document alone")]
    Wrapped,
    #[error("JSON has no parameters")]
    NoParameters,
    #[error("no policy document in it")]
    NoDocument,
    #[error("no policy document `{address}` in it; there {known}")]
    NoSuchDocument { address: String, known: String },
    #[error("several policy documents in it: {0}")]
    SeveralDocuments(String),
    #[error("line {line}: {what}")]
    CannotKeep { line: usize, what: String },
    #[error("the text that was made does not read back as the policy")]
    NotTheSame,
    #[error(transparent)]
    Render(#[from] RenderError),
}

/// The new text of a file, told by its extension: `.json`, else Terraform.
pub fn edit(
    file: &Path,
    text: &str,
    address: Option<&str>,
    document: &PolicyDocument,
    parameters: &Parameters,
) -> Result<String, EditError> {
    // Line breaks of Windows are taken off and put back, where all of them are such.
    if text.contains("\r\n") && text.matches('\n').count() == text.matches("\r\n").count() {
        let edited = edit(file, &text.replace("\r\n", "\n"), address, document, parameters)?;
        return Ok(edited.replace('\n', "\r\n"));
    }
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    match is_json {
        true if !parameters.is_empty() => Err(EditError::NoParameters),
        true => json::edit(text, document),
        false => hcl::edit(text, address, document, parameters),
    }
}

/// The line of a byte, from 1.
fn line_of(text: &str, byte: usize) -> usize {
    text.bytes().take(byte).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests;
