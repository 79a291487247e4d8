//! Which files there are, how large, and in which of them the role under test acts.

use crate::rng::{Rng, mix2};
use crate::world::ACCTS;

const START: u64 = 1_785_542_400; // 2026-08-01T00:00:00Z
const EVENTS_PER_DAY: u64 = 33_334;
pub const REGIONS: [(&str, f64, f64); 6] = [
    // name, share of files, median events per file
    ("us-east-1", 0.42, 90.0),
    ("eu-west-1", 0.24, 70.0),
    ("us-west-2", 0.16, 45.0),
    ("eu-central-1", 0.08, 12.0),
    ("ap-southeast-1", 0.06, 5.0),
    ("sa-east-1", 0.04, 2.0),
];
const SIGMA: f64 = 1.55;
const MAX_PER_FILE: u64 = 25_000;

pub struct FilePlan {
    pub acct: usize,
    pub region: usize,
    pub time: u64,
    pub events: u64,
    /// Does the role under test run in this file?
    pub active: bool,
}

fn weighted(u: f64, mut w: impl Iterator<Item = f64>) -> usize {
    let mut acc = 0.0;
    w.position(|x| {
        acc += x;
        u < acc
    })
    .unwrap_or(0)
}

/// The files, and the chance that a burst in an active file is the role under test's.
pub fn plan(seed: u64, events: u64, share: f64, scale: f64) -> (Vec<FilePlan>, f64) {
    let mut r = Rng::new(mix2(seed, 0xF11E));
    let days = events.div_ceil(EVENTS_PER_DAY).max(1);
    let (mut out, mut left) = (vec![], events);
    while left > 0 {
        let acct = weighted(r.f(), ACCTS.iter().map(|a| a.1));
        let region = weighted(r.f(), REGIONS.iter().map(|a| a.1));
        let n = (REGIONS[region].2 * scale * (SIGMA * r.normal()).exp()) as u64;
        let n = n.clamp(1, MAX_PER_FILE).min(left);
        let time = START + r.below(days * 288) * 300 + 300 * (1 + r.below(2));
        out.push(FilePlan { acct, region, time, events: n, active: false });
        left -= n;
    }
    // The role runs in two files of five of its own account only, unless the
    // share asked for needs more than that.
    let want = events as f64 * share;
    for (p_file, own) in [(0.4, true), (1.0, true), (1.0, false)] {
        let mut sum = 0;
        for f in &mut out {
            f.active = (f.acct == 0 || !own) && r.chance(p_file);
            sum += f.events * f.active as u64;
        }
        if sum as f64 * 0.6 > want || !own {
            return (out, (want / sum as f64).min(1.0));
        }
    }
    unreachable!()
}
