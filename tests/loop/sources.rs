//! The same trail, collected in other ways: from the bucket it was delivered to, with its digests checked, and from event
//! history. Each must end in the same policies, byte for byte. Needs the feature `aws`.

use std::path::{Path, PathBuf};

use crate::stage::{REGION, Stage};
use crate::trailtrim;

/// The bucket that the trail is delivered to.
const TRAIL: &str = "trail";

/// Compares the ways; the names of those that gave the same. Event history has no data events, so it is compared with
/// the files without them.
pub fn compare(stage: &Stage, trail: &Path, scratch: &Path) -> Result<Vec<&'static str>, String> {
    if !cfg!(feature = "aws") {
        return Ok(Vec::new());
    }
    let management = scratch.join("management");
    stage.write_management_events(&management);
    stage.deliver(&scratch.join("delivered"), TRAIL);
    let bucket = format!("s3://{TRAIL}");
    let regions = format!("{REGION},us-east-1");
    let ways: [(&str, &Path, &str, &[&str]); 2] = [
        ("S3 with digests", trail, &bucket, &["--verify-digests", "--require-complete"]),
        ("event history", &management, "lookup-events", &["--region", &regions]),
    ];
    for (name, files, source, more) in ways {
        let expected = contents(&trailtrim::generate(&[files], &scratch.join(format!("files for {name}")), &[])?);
        let out = scratch.join(name);
        let found = contents(&trailtrim::generate_from_aws(stage, source, &out, more)?);
        if found != expected {
            return Err(format!("{name} gives another policy than the files"));
        }
    }
    Ok(ways.map(|(name, ..)| name).to_vec())
}

fn contents(files: &[PathBuf]) -> Vec<String> {
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}
