//! A deterministic trail as CloudTrail delivers it to S3, with the truth about one role.
//!
//!     trail-generator --out DIR [--events 100000] [--seed 1] [--share 0.03] [--threads 2] [--level 6]
//!                     [--file-scale 1.0] [--lookup N]
//!
//! --share       part of all events that are the role's (1: every event)
//! --file-scale  times the usual number of events a file (0.08: the tiny files of a quiet account)
//! --lookup N    also write N events as `aws cloudtrail lookup-events` prints them
//!
//! The same arguments give the same bytes, whatever the number of threads. Bytes an event, gzip ratio and file sizes are
//! those of 35,000 real events. Beside the trail lie `truth_pairs.tsv` (event source, event name, calls, failed calls),
//! `truth_arns.tsv` and `meta.json`. Traps are planted: the role's name in look-alikes, in another account, in request
//! parameters and in error texts.

mod catalog;
mod plan;
mod records;
mod rng;
mod truth;
mod vars;
mod world;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use plan::{FilePlan, REGIONS};
use records::Gen;
use rng::mix2;
use truth::Truth;
use vars::NVARS;
use world::{ACCTS, TARGET};

fn path_of(root: &Path, f: &FilePlan, h: u64) -> PathBuf {
    let (a, g) = (ACCTS[f.acct].0, REGIONS[f.region].0);
    let (y, m, d) = vars::civil(f.time);
    let mut rand = vec![];
    vars::chars(&mut rand, &vars::B64[..62], h, 16);
    root.join(format!("AWSLogs/{a}/CloudTrail/{g}/{y}/{m:02}/{d:02}")).join(format!(
        "{a}_CloudTrail_{g}_{y}{m:02}{d:02}T{:02}{:02}Z_{}.json.gz",
        f.time / 3600 % 24,
        f.time / 60 % 60,
        String::from_utf8(rand).unwrap()
    ))
}

fn escape(out: &mut Vec<u8>, s: &[u8]) {
    for &b in s {
        if b == b'"' || b == b'\\' {
            out.push(b'\\');
        }
        out.push(b);
    }
}

fn main() -> std::io::Result<()> {
    let mut args: BTreeMap<String, String> = BTreeMap::new();
    let mut it = std::env::args().skip(1);
    while let Some(k) = it.next() {
        let v = it.next().unwrap_or_else(|| panic!("{k} needs a value"));
        args.insert(k.trim_start_matches("--").to_string(), v);
    }
    let num = |k: &str, d: f64| args.get(k).map_or(d, |v| v.parse::<f64>().unwrap_or_else(|_| panic!("--{k} {v}")));
    let out = PathBuf::from(args.get("out").expect("--out DIR"));
    let (seed, events) = (num("seed", 1.0) as u64, num("events", 1e5) as u64);
    let (share, threads, level) = (num("share", 0.03), num("threads", 2.0) as usize, num("level", 6.0) as u32);
    let lookup = num("lookup", 0.0) as usize;

    let w = world::build(seed);
    let (plan, p_target) = plan::plan(seed, events, share, num("file-scale", 1.0));
    let next = AtomicUsize::new(0);
    let results: Vec<(Truth, u64, u64)> = std::thread::scope(|s| {
        let hs: Vec<_> = (0..threads)
            .map(|_| {
                s.spawn(|| {
                    let mut g = Gen { w: &w, bound: [0; NVARS] };
                    let (mut truth, mut raw, mut gz) = (Truth::default(), 0u64, 0u64);
                    let mut buf = vec![];
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let Some(f) = plan.get(i) else { break };
                        buf.clear();
                        g.bound = [0; NVARS];
                        g.file(i, f, p_target, &mut truth, &mut buf, |_, _, _| {});
                        let p = path_of(&out, f, mix2(seed ^ 0x9A7E, i as u64));
                        std::fs::create_dir_all(p.parent().unwrap()).unwrap();
                        let mut e = flate2::GzBuilder::new()
                            .write(Vec::with_capacity(buf.len() / 6), flate2::Compression::new(level));
                        e.write_all(&buf).unwrap();
                        let z = e.finish().unwrap();
                        std::fs::write(&p, &z).unwrap_or_else(|e| panic!("{}: {e}", p.display()));
                        raw += buf.len() as u64;
                        gz += z.len() as u64;
                    }
                    (truth, raw, gz)
                })
            })
            .collect();
        hs.into_iter().map(|h| h.join().unwrap()).collect()
    });
    let (mut truth, mut raw, mut gz) = (Truth::default(), 0, 0);
    for (t, a, b) in results {
        truth.merge(t);
        raw += a;
        gz += b;
    }
    let mut tsv = String::new();
    let mut tarn = String::new();
    for ((s, n), (c, e)) in &truth.pairs {
        tsv += &format!("{s}\t{n}\t{c}\t{e}\n");
    }
    for ((s, n), v) in &truth.arns {
        for a in v {
            tarn += &format!("{s}\t{n}\t{a}\n");
        }
    }
    std::fs::write(out.join("truth_pairs.tsv"), tsv)?;
    std::fs::write(out.join("truth_arns.tsv"), &tarn)?;
    let meta = format!(
        "{{\"seed\":{seed},\"share\":{share},\"level\":{level},\"role_arn\":\"{TARGET}\",\"events\":{events},\"files\":{},\"raw_bytes\":{raw},\"gz_bytes\":{gz},\"role_events\":{},\"role_pairs\":{},\"role_pair_arns\":{}}}\n",
        plan.len(),
        truth.role_events,
        truth.pairs.len(),
        tarn.lines().count()
    );
    std::fs::write(out.join("meta.json"), &meta)?;
    print!("{meta}");
    if lookup > 0 {
        // The shape `aws cloudtrail lookup-events` prints: each event again, as a string.
        let mut g = Gen { w: &w, bound: [0; NVARS] };
        let (mut o, mut n, mut t) = (b"{\"Events\":[".to_vec(), 0, Truth::default());
        for (i, f) in plan.iter().enumerate().filter(|(_, f)| f.acct == 0 && f.region == 0) {
            if n >= lookup {
                break;
            }
            let mut buf = vec![];
            g.bound = [0; NVARS];
            g.file(i, f, p_target, &mut t, &mut buf, |source, name, e| {
                if n < lookup {
                    if n > 0 {
                        o.push(b',');
                    }
                    n += 1;
                    o.extend(format!("{{\"EventName\":\"{name}\",\"EventSource\":\"{source}\",\"Resources\":[],\"CloudTrailEvent\":\"").into_bytes());
                    escape(&mut o, e);
                    o.extend(b"\"}");
                }
            });
        }
        o.extend(b"]}\n");
        std::fs::write(out.join("lookup-events.json"), o)?;
    }
    Ok(())
}
