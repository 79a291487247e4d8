//! Calls that were counted say the same as the events themselves: what a store or an engine hands on loses nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use trailtrim::aggregator::distill::{Actor, Distiller, record};
use trailtrim::aggregator::{Aggregator, Evidence, Selection, Usage};
use trailtrim::catalog::Catalog;
use trailtrim::cloudtrail::{Event, Needles, SkipReason, parse_record};
use trailtrim::collector::{CollectOptions, EventSink, Input, collect};
use trailtrim::iam::PrincipalArn;

/// By call, actor and day in UTC.
type Calls = BTreeMap<(String, Actor, i64), Evidence>;

const DAY: i64 = 86_400;

/// The events themselves, and the same as counted calls.
struct Twins<'a> {
    raw: Aggregator<'a>,
    distiller: Distiller<'a>,
    calls: Calls,
}

impl<'a> Twins<'a> {
    fn new(selection: &'a Selection) -> Self {
        let catalog = Catalog::embedded();
        Self { raw: Aggregator::new(catalog, selection), distiller: Distiller::new(catalog), calls: BTreeMap::new() }
    }
}

fn count(calls: &mut Calls, (call, actor): (String, Actor), evidence: &Evidence) {
    let day = evidence.first_seen.as_second().div_euclid(DAY);
    calls.entry((call, actor, day)).and_modify(|known| known.merge(evidence)).or_insert_with(|| evidence.clone());
}

impl EventSink for Twins<'_> {
    fn event(&mut self, event: &Event<'_>) {
        self.raw.add(event);
        let distilled = self.distiller.distill(event);
        let evidence = Evidence::of(event.time, event.id.as_deref());
        count(&mut self.calls, (distilled.call, distilled.actor), &evidence);
    }

    fn calls(&mut self, _: &Event<'_>, _: &Evidence) {
        panic!("files hold events");
    }

    fn skipped(&mut self, reason: SkipReason, records: u64) {
        self.raw.skip_many(reason, records);
    }

    fn gap(&mut self, _: String) {}

    fn merge(&mut self, other: Self) {
        self.raw.merge(other.raw);
        other
            .calls
            .into_iter()
            .for_each(|((call, actor, _), evidence)| count(&mut self.calls, (call, actor), &evidence));
    }
}

/// Everything but the number of records, of which a store knows only the role's.
fn text(usages: BTreeMap<PrincipalArn, Usage>) -> BTreeMap<PrincipalArn, String> {
    let blank = |usage: Usage| Usage { records: Default::default(), ..usage };
    usages.into_iter().map(|(principal, usage)| (principal, format!("{:#?}", blank(usage)))).collect()
}

fn of_calls(selection: &Selection, calls: &Calls) -> BTreeMap<PrincipalArn, Usage> {
    let mut aggregator = Aggregator::new(Catalog::embedded(), selection);
    for ((call, actor, _), evidence) in calls {
        let text = record(call, evidence.first_seen, actor);
        let event = parse_record(text.as_bytes()).unwrap_or_else(|reason| panic!("{reason:?}: {text}"));
        assert_eq!(Actor::of(&event), *actor, "{text}");
        aggregator.add_counted(&event, evidence);
    }
    aggregator.finish()
}

fn everybody(input: &Input) -> Selection {
    let nobody = Selection::default();
    let new = || Aggregator::new(Catalog::embedded(), &nobody);
    let seen = collect(std::slice::from_ref(input), &CollectOptions::default(), &Needles::default(), new).unwrap();
    let principals = seen.sink.other_principals().into_iter().map(|(arn, _)| arn.to_string().parse().unwrap());
    Selection { principals: principals.collect(), include_denied: true, ..Selection::default() }
}

/// Events of the principals and distinct calls.
fn hold(path: &Path) -> (u64, u64) {
    let input = Input::Path(path.to_owned());
    let selection = everybody(&input);
    let collected =
        collect(&[input], &CollectOptions::default(), &Needles::default(), || Twins::new(&selection)).unwrap();
    let Twins { raw, calls, .. } = collected.sink;
    let mut without_actors = Calls::new();
    for ((call, _, _), evidence) in &calls {
        count(&mut without_actors, (call.clone(), Actor::default()), evidence);
    }
    let raw = text(raw.finish());
    let events: u64 = calls.values().map(|evidence| evidence.events).sum();
    for counted in [&calls, &without_actors] {
        let counted = text(of_calls(&selection, counted));
        for (principal, usage) in &raw {
            let other = counted.get(principal).map_or("nothing", String::as_str);
            let at = usage.lines().zip(other.lines()).position(|(one, other)| one != other);
            let around = |text: &str| -> Vec<String> {
                let start = at.unwrap_or(0).saturating_sub(30);
                text.lines().skip(start).take(34).map(str::to_owned).collect()
            };
            assert!(usage == other, "{principal}:\n{:#?}\n{:#?}", around(usage), around(other));
        }
        assert_eq!(raw.len(), counted.len());
    }
    (events, without_actors.len() as u64)
}

#[test]
fn counted_calls_of_every_scenario_are_its_events() {
    for folder in std::fs::read_dir("fixtures/scenarios").unwrap() {
        let (events, calls) = hold(&folder.unwrap().path().join("events"));
        // Every scenario repeats itself.
        assert!(calls < events, "nothing was counted: {calls} calls of {events} events");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the test is turned on by the environment")]
fn counted_calls_of_public_records_are_their_events() {
    let Some(shared) = std::env::var_os("TRAILTRIM_SHARED") else {
        println!("skipped: TRAILTRIM_SHARED names no directory with public records");
        return;
    };
    for entry in std::fs::read_dir(PathBuf::from(shared).join("events")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "ndjson") {
            let (events, calls) = hold(&path);
            println!("{}: {calls} calls of {events} events", path.display());
        }
    }
}
