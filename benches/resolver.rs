//! What resolving a record costs beside parsing it: `cargo bench --bench resolver`.
//!
//! Every record of the Terraform scenario is parsed and resolved again and again, on one thread. The claim: resolving
//! costs less than parsing.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, reason = "a bench on our own fixtures")]

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::value::RawValue;
use trailtrim::aggregator::Resolver;
use trailtrim::catalog::Catalog;
use trailtrim::cloudtrail::parse_record;

const ROUNDS: u32 = 200;

#[derive(serde::Deserialize)]
struct TrailFile {
    #[serde(rename = "Records")]
    records: Vec<Box<RawValue>>,
}

fn main() {
    let records = records(Path::new("fixtures/scenarios/eks-terraform/events"));
    let resolver = Resolver::new(Catalog::embedded());
    let (mut parsing, mut resolving, mut events, mut needs) = (Duration::ZERO, Duration::ZERO, 0_u64, 0_usize);
    // The first round decodes the catalogue and the rules.
    for round in 0..=ROUNDS {
        for record in &records {
            let start = Instant::now();
            let Ok(event) = parse_record(record.get().as_bytes()) else { continue };
            let parsed = Instant::now();
            let resolution = resolver.resolve(&event);
            let resolved = Instant::now();
            if round > 0 {
                events += 1;
                parsing += parsed - start;
                resolving += resolved - parsed;
                needs += usize::from(matches!(resolution, trailtrim::aggregator::Resolution::Resolved(_)));
            }
        }
    }
    let each = |total: Duration| total.as_secs_f64() * 1e6 / f64::from(u32::try_from(events).unwrap());
    println!("{events} records, {needs} of them resolved to permissions");
    println!("parsing   {:6.2} µs a record", each(parsing));
    println!("resolving {:6.2} µs a record, {:.2} of parsing", each(resolving), each(resolving) / each(parsing));
}

/// The records of all gzip files below a folder.
fn records(folder: &Path) -> Vec<Box<RawValue>> {
    let mut found = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            found.extend(records(&path));
        } else if path.extension().is_some_and(|ending| ending == "gz") {
            let mut text = String::new();
            flate2::read::MultiGzDecoder::new(std::fs::File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
            if let Ok(file) = serde_json::from_str::<TrailFile>(&text) {
                found.extend(file.records);
            }
        }
    }
    found
}
