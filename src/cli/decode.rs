//! Denials that AWS encoded: which there are, and what stands in them.
//!
//! They are found by reading the evidence; what they say corrects how it is read, so it is read again with them decoded.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::Value;

use super::CliError;
use crate::aggregator::Usage;
use crate::cloudtrail::DecodedDenial;
use crate::collector::{AwsOptions, decode_denials};
use crate::iam::PrincipalArn;

/// Whether to decode.
#[derive(Clone, Debug, Default, Args)]
pub struct DecodeArgs {
    /// Have AWS decode denials that it encoded, or take them decoded from this file.
    ///
    /// The file is a JSON object from encoded message to decoded message; with it AWS is not asked.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, help_heading = "Evidence")]
    pub decode_denials: Option<Option<PathBuf>>,
}

/// Decoded denials, by the encoded message.
pub type Decoded = Arc<BTreeMap<String, DecodedDenial>>;

impl DecodeArgs {
    /// Whether AWS is to be asked.
    pub fn asks(&self) -> bool {
        matches!(self.decode_denials, Some(None))
    }

    /// What the file says, if one was given.
    pub fn read_file(&self) -> Result<Decoded, CliError> {
        match &self.decode_denials {
            Some(Some(path)) => Ok(parse(read(path)?)),
            _ => Ok(Arc::default()),
        }
    }
}

/// What stands in the encoded denials of this usage, as AWS decodes them.
pub fn ask(found: &BTreeMap<PrincipalArn, Usage>, aws: &AwsOptions) -> Result<Decoded, CliError> {
    let messages = encoded(found);
    if messages.is_empty() {
        tracing::info!("no encoded denial found");
        return Ok(Arc::default());
    }
    let decoded = parse(decode_denials(&messages, aws).map_err(|source| CliError::Remote { source })?);
    tracing::info!("{} of {} encoded denials decoded", decoded.len(), messages.len());
    Ok(decoded)
}

fn parse(texts: BTreeMap<String, String>) -> Decoded {
    let mut decoded = BTreeMap::new();
    for (message, text) in texts {
        match DecodedDenial::parse(&text) {
            Ok(denial) => drop(decoded.insert(message, denial)),
            Err(error) => tracing::warn!("a decoded denial is not as AWS writes them: {error}"),
        }
    }
    Arc::new(decoded)
}

/// The encoded messages, each once. Those whose text names action and resource anyhow tell nothing more.
fn encoded(found: &BTreeMap<PrincipalArn, Usage>) -> Vec<String> {
    let calls = found.values().flat_map(|usage| usage.coverage.denied.keys());
    let untold = calls.filter(|call| call.denial.action.is_none() || call.denial.resource.is_none());
    let messages: BTreeSet<&String> = untold.filter_map(|call| call.denial.encoded_message.as_ref()).collect();
    messages.into_iter().cloned().collect()
}

fn read(path: &Path) -> Result<BTreeMap<String, String>, CliError> {
    let text = std::fs::read_to_string(path).map_err(|source| CliError::ReadFile { path: path.to_owned(), source })?;
    let read: BTreeMap<String, Value> = serde_json::from_str(&text)
        .map_err(|source| CliError::DecodedDenials { path: path.to_owned(), source: source.into() })?;
    // A message is JSON itself: as text, as AWS hands it out, or as it is.
    let text_of = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(read.into_iter().map(|(encoded, decoded)| (encoded, text_of(decoded))).collect())
}
