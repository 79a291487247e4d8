//! `policy`: the bare policy document, as `aws iam create-policy --policy-document` takes it.

use super::json::to_json;
use super::model::Report;
use super::{RenderError, Renderer};

/// Renders the one policy document that there is.
#[derive(Debug)]
pub struct PolicyRenderer;

impl Renderer for PolicyRenderer {
    fn render(&self, report: &Report) -> Result<String, RenderError> {
        match report.policies.as_slice() {
            [only] => Ok(to_json(&only.document)?),
            several => Err(RenderError::SeveralDocuments(several.len())),
        }
    }
}
