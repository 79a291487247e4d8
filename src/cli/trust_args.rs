//! Whether to prove that a trail is whole.

use std::path::PathBuf;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::CliError;
use super::config::Config;
use crate::collector::digests::{PublicKeys, Verify};

/// Whether to prove that log files are those that CloudTrail delivered.
#[derive(Debug, Args)]
pub struct TrustArgs {
    /// Prove with CloudTrail's digests that no log file was changed, deleted or added; what is not proved is a gap.
    ///
    /// Digests lie beside the log files, in `CloudTrail-Digest/`; they must be among what is read.
    #[arg(long, env = "TRAILTRIM_VERIFY_DIGESTS", value_parser = FalseyValueParser::new(), help_heading = "Evidence")]
    pub verify_digests: bool,

    /// Public keys for that, as `aws cloudtrail list-public-keys` prints them; AWS is asked when not given.
    #[arg(long, value_name = "FILE", help_heading = "Evidence")]
    pub digest_keys: Vec<PathBuf>,
}

impl TrustArgs {
    /// What the collector takes, with the keys read.
    pub fn verify(&self, config: &Config) -> Result<Option<Verify>, CliError> {
        if !self.verify_digests && !config.verify_digests.unwrap_or(false) {
            return Ok(None);
        }
        if cfg!(not(feature = "aws")) {
            return Err(CliError::NoDigests);
        }
        let mut keys = PublicKeys::default();
        let files = if self.digest_keys.is_empty() { &config.digest_keys } else { &self.digest_keys };
        for path in files {
            let text = std::fs::read(path).map_err(|source| CliError::ReadFile { path: path.clone(), source })?;
            let parsed = PublicKeys::parse(&text);
            keys.extend(parsed.map_err(|source| CliError::DigestKeys { path: path.clone(), source })?);
        }
        Ok(Some(Verify { keys }))
    }
}
