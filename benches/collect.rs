//! How much reading a trail costs beyond inflating it: CPU, memory, and whether the answer is right.
//!
//!     cargo bench --bench collect                         a trail of 100,000 events, generated on the first run
//!     cargo bench --bench collect -- --events 1000000     the size of the claims in README.md here
//!     cargo bench --bench collect -- --trail DIR          a trail that is there
//!
//! Where a limit is passed it says so and ends with an error; CPU limits are for a million events and more, and for a role
//! in a small part of them.
//!
//! Each measurement is a process of its own, so that memory and CPU are its own. Rounds alternate between the ways, and
//! what counts is the median of the ratios within a round: other work on the machine then hits both.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a program for developers: it prints, and ends where something is wrong"
)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use trailtrim::aggregator::{Aggregator, Day, Evidence, KnownCall, Selection};
use trailtrim::catalog::Catalog;
use trailtrim::cloudtrail::{Event, Needles, SkipReason};
use trailtrim::collector::{CollectOptions, EventSink, Input, collect};
use trailtrim::iam::PrincipalSelector;
use trailtrim::reducer::{ReduceOptions, reduce};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The ways to go over a trail, the first being the measure of the others, with the limit of CPU as a multiple of it and
/// that of memory in MB, where there is one.
const WAYS: [(&str, Option<f64>, Option<f64>); 4] = [
    ("inflate", None, None),
    ("collect", Some(1.5), Some(64.0)),
    ("aggregate", Some(1.85), Some(64.0)),
    ("reduce", None, None),
];

/// A limit of CPU is checked where the role's share is not above this and the trail large enough that starting up is lost
/// in it.
const FEW: f64 = 0.05;
const LARGE: f64 = 500_000.0;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["--run", way, trail, threads] => run(way, Path::new(trail), threads),
        [options @ .., "--generate-only"] => Plan::of(options).map(|_| ()),
        options => Plan::of(options).and_then(|plan| plan.measure()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// What to measure.
struct Plan {
    trail: PathBuf,
    rounds: usize,
    threads: String,
}

impl Plan {
    fn of(options: &[&str]) -> Result<Self> {
        let (mut events, mut seed, mut share) = ("100000".to_owned(), "1".to_owned(), "0.03".to_owned());
        let mut plan = Self { trail: PathBuf::new(), rounds: 5, threads: "2".to_owned() };
        for pair in options.chunks(2) {
            match pair {
                ["--events", value] => events = (*value).to_owned(),
                ["--seed", value] => seed = (*value).to_owned(),
                ["--share", value] => share = (*value).to_owned(),
                ["--trail", value] => plan.trail = PathBuf::from(value),
                ["--rounds", value] => plan.rounds = value.parse()?,
                ["--threads", value] => plan.threads = (*value).to_owned(),
                other => return Err(format!("what is `{}`?", other.join(" ")).into()),
            }
        }
        if plan.trail.as_os_str().is_empty() {
            plan.trail = generate(&events, &seed, &share)?;
        }
        Ok(plan)
    }

    fn measure(&self) -> Result<()> {
        let mut costs: BTreeMap<&str, Vec<Cost>> = BTreeMap::new();
        for round in 0..self.rounds {
            for turn in 0..WAYS.len() {
                let (way, ..) = WAYS[(round + turn) % WAYS.len()];
                costs.entry(way).or_default().push(self.run(way)?);
            }
        }
        println!("{}, {} threads, {} rounds", self.trail.display(), self.threads, self.rounds);
        println!("{:<10} {:>8} {:>8} {:>8} {:>9}", "way", "CPU s", "wall s", "peak MB", "÷ inflate");
        let mut passed = Vec::new();
        let counts_cpu = self.meta("share")? <= FEW && self.meta("events")? >= LARGE;
        for (way, most_cpu, most_memory) in WAYS {
            let of_way = &costs[way];
            let ratio = median(of_way.iter().zip(&costs[WAYS[0].0]).map(|(cost, base)| cost.cpu / base.cpu));
            let peak = median(of_way.iter().map(|cost| cost.peak));
            println!(
                "{way:<10} {:>8.2} {:>8.2} {peak:>8.1} {ratio:>9.2}",
                median(of_way.iter().map(|cost| cost.cpu)),
                median(of_way.iter().map(|cost| cost.wall)),
            );
            let too_slow = most_cpu.filter(|most| counts_cpu && ratio > *most);
            passed.extend(
                too_slow.map(|most| format!("{way}: {ratio:.2} × the CPU of inflating, and {most} is the limit")),
            );
            let too_large =
                most_memory.filter(|most| self.meta("share").is_ok_and(|share| share <= FEW) && peak > *most);
            passed.extend(too_large.map(|most| format!("{way}: {peak:.0} MB, and {most} is the limit")));
        }
        if passed.is_empty() { Ok(()) } else { Err(passed.join("\n").into()) }
    }

    /// A number that the generator wrote beside the trail.
    fn meta(&self, name: &str) -> Result<f64> {
        let meta: serde_json::Value = serde_json::from_str(&fs::read_to_string(self.trail.join("meta.json"))?)?;
        meta[name].as_f64().ok_or_else(|| format!("meta.json has no `{name}`").into())
    }

    fn run(&self, way: &str) -> Result<Cost> {
        let child =
            Command::new(std::env::current_exe()?).args(["--run", way]).arg(&self.trail).arg(&self.threads).output()?;
        if !child.status.success() {
            return Err(format!("{way}: {}", String::from_utf8_lossy(&child.stderr)).into());
        }
        let text = String::from_utf8(child.stdout)?;
        let numbers: Vec<f64> = text.split_whitespace().map(str::parse).collect::<std::result::Result<_, _>>()?;
        match numbers.as_slice() {
            [cpu, wall, peak] => Ok(Cost { cpu: *cpu, wall: *wall, peak: *peak }),
            _ => Err(format!("{way} printed `{text}`").into()),
        }
    }
}

struct Cost {
    cpu: f64,
    wall: f64,
    peak: f64,
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// A generated trail under `target/`, made if it is not there.
fn generate(events: &str, seed: &str, share: &str) -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| package.join("target"), PathBuf::from);
    let trail = target.join(format!("trails/{events}-{seed}-{share}"));
    if !trail.join("meta.json").exists() {
        let status = Command::new(env!("CARGO"))
            .args(["run", "--release", "--quiet", "--manifest-path"])
            .arg(package.join("benches/trail-generator/Cargo.toml"))
            .args(["--target-dir"])
            .arg(target.join("trail-generator"))
            .args(["--", "--events", events, "--seed", seed, "--share", share, "--out"])
            .arg(&trail)
            .status()?;
        if !status.success() {
            return Err("the generator failed".into());
        }
    }
    Ok(trail)
}

/// One way over the trail, in this process. Prints CPU seconds, wall seconds and peak memory in MB.
fn run(way: &str, trail: &Path, threads: &str) -> Result<()> {
    let threads: usize = threads.parse()?;
    let start = Instant::now();
    match way {
        "inflate" => inflate(trail, threads)?,
        "collect" => {
            let counted = read(trail, threads, Counts::default)?;
            check(&counted.events(), trail)?;
        }
        "aggregate" | "reduce" => {
            let selection = Selection { principals: vec![role()?], ..Selection::default() };
            let catalog = Catalog::embedded();
            let mut usages = read(trail, threads, || Aggregator::new(catalog, &selection))?.finish();
            let (usage, more) = (usages.pop_first(), usages.len());
            let Some((_, usage)) = usage.filter(|_| more == 0) else {
                return Err("the role is found once, and nobody else".into());
            };
            check_services(&usage.coverage.days, trail)?;
            if way == "reduce" {
                let options = ReduceOptions { max_policies: usize::MAX, ..ReduceOptions::default() };
                reduce(&usage, catalog, &options)?;
            }
        }
        other => return Err(format!("no way `{other}`").into()),
    }
    println!("{} {} {}", cpu_seconds()?, start.elapsed().as_secs_f64(), peak_megabytes()?);
    Ok(())
}

fn read<S: EventSink>(trail: &Path, threads: usize, new: impl Fn() -> S + Sync) -> Result<S> {
    let needles = Needles::of(&[role()?]);
    let options = CollectOptions { threads: Some(threads), ..CollectOptions::default() };
    let collected = collect(&[Input::Path(trail.join("AWSLogs"))], &options, &needles, new)?;
    match collected.problems.first() {
        Some(problem) => Err(problem.to_string().into()),
        None => Ok(collected.sink),
    }
}

/// Reads and inflates the files, biggest first, and does nothing else.
fn inflate(trail: &Path, threads: usize) -> Result<()> {
    let mut files = Vec::new();
    list(&trail.join("AWSLogs"), &mut files)?;
    files.sort_by_key(|(bytes, _)| std::cmp::Reverse(*bytes));
    let next = AtomicUsize::new(0);
    let work = || -> std::io::Result<()> {
        let (mut packed, mut text) = (Vec::new(), Vec::new());
        let mut decompressor = libdeflater::Decompressor::new();
        while let Some((_, path)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            packed.clear();
            std::io::Read::read_to_end(&mut fs::File::open(path)?, &mut packed)?;
            let size = packed.last_chunk().map_or(0, |size| u32::from_le_bytes(*size)) as usize;
            if text.len() < size {
                text.resize(size, 0);
            }
            decompressor.gzip_decompress(&packed, &mut text[..size]).map_err(std::io::Error::other)?;
            std::hint::black_box(&text);
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        all.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked")?.map_err(Into::into))
    })
}

fn list(directory: &Path, files: &mut Vec<(u64, PathBuf)>) -> std::io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => list(&entry.path(), files)?,
            false => files.push((entry.metadata()?.len(), entry.path())),
        }
    }
    Ok(())
}

/// Calls of the role by event source and name, and whether they failed.
#[derive(Default)]
struct Counts {
    numbers: BTreeMap<(String, String, bool), u32>,
    calls: Vec<u64>,
}

impl Counts {
    fn number(&mut self, key: (String, String, bool)) -> u32 {
        let next = self.calls.len() as u32;
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.calls.push(0);
        }
        number
    }

    fn count(&mut self, event: &Event<'_>, calls: u64) -> Option<u32> {
        event.caller.principal.as_ref().filter(|arn| arn.as_str() == TARGET)?;
        let number = self.number((event.source.to_string(), event.name.to_string(), event.error_code.is_some()));
        self.calls[number as usize] += calls;
        Some(number)
    }

    /// Calls and failed calls by event.
    fn events(&self) -> Calls {
        let mut events = Calls::new();
        for ((source, name, failed), number) in &self.numbers {
            let counts = events.entry((source.clone(), name.clone())).or_default();
            let calls = self.calls[*number as usize];
            counts.0 += calls;
            counts.1 += calls * u64::from(*failed);
        }
        events
    }
}

impl EventSink for Counts {
    fn event(&mut self, event: &Event<'_>) {
        self.count(event, 1);
    }

    fn calls(&mut self, event: &Event<'_>, evidence: &Evidence) {
        self.count(event, evidence.events);
    }

    fn counts_alike(&self, _: Timestamp) -> bool {
        true
    }

    fn event_to_recall(&mut self, event: &Event<'_>) -> Option<KnownCall> {
        self.count(event, 1).map(KnownCall::new)
    }

    fn again(&mut self, call: KnownCall, _: Timestamp, _: Option<&str>) {
        self.calls[call.number() as usize] += 1;
    }

    fn skipped(&mut self, _: SkipReason, _: u64) {}

    fn gap(&mut self, _: String) {}

    fn merge(&mut self, other: Self) {
        for (key, number) in other.numbers {
            let own = self.number(key);
            self.calls[own as usize] += other.calls[number as usize];
        }
    }
}

/// The role whose calls the generator knows.
const TARGET: &str = "arn:aws:iam::123456789012:role/ci/deploy-runner";

fn role() -> Result<PrincipalSelector> {
    Ok(TARGET.parse()?)
}

/// Calls and failed calls by event source and name.
type Calls = BTreeMap<(String, String), (u64, u64)>;

/// Compares the calls of each service with what the generator wrote beside the trail.
fn check_services(days: &BTreeMap<String, BTreeMap<Day, u64>>, trail: &Path) -> Result<()> {
    let mut truth: BTreeMap<String, u64> = BTreeMap::new();
    for ((source, _), (calls, _)) in truth_of(trail)? {
        *truth.entry(source).or_default() += calls;
    }
    let found: BTreeMap<String, u64> =
        days.iter().map(|(source, days)| (source.clone(), days.values().sum())).collect();
    if found == truth { Ok(()) } else { Err(format!("{truth:?} made, {found:?} found").into()) }
}

fn truth_of(trail: &Path) -> Result<Calls> {
    let mut truth = Calls::new();
    for line in fs::read_to_string(trail.join("truth_pairs.tsv"))?.lines() {
        if let [source, name, all, failed] = line.split('\t').collect::<Vec<_>>().as_slice()
            && let (Ok(all), Ok(failed)) = (all.parse(), failed.parse())
        {
            truth.insert(((*source).to_owned(), (*name).to_owned()), (all, failed));
        }
    }
    Ok(truth)
}

/// Compares with what the generator wrote beside the trail.
fn check(events: &Calls, trail: &Path) -> Result<()> {
    let truth = truth_of(trail)?;
    let differs = |(event, counts): &(&(String, String), &(u64, u64))| events.get(*event) != Some(*counts);
    match truth.iter().find(differs) {
        Some((event, counts)) => Err(format!("{event:?}: {counts:?} made, {:?} found", events.get(event)).into()),
        None if truth.is_empty() || truth.len() != events.len() => {
            Err(format!("{} events made, {} found", truth.len(), events.len()).into())
        }
        None => Ok(()),
    }
}

/// User and system time of this process. `/proc` counts in hundredths of a second.
fn cpu_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<f64> =
        behind_name.split_whitespace().skip(11).take(2).map(str::parse).collect::<std::result::Result<_, _>>()?;
    Ok(fields.iter().sum::<f64>() / 100.0)
}

fn peak_megabytes() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes / 1024.0)
}
