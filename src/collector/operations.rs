//! What counts in the payloads of each operation's calls, for telling calls apart before they are parsed.
//!
//! The rules say what resolving reads ([`Reads`]); ARNs, ids that tell their type and a service's own words are read
//! wherever they stand. Calls that make something are told apart by all that they ask for, but for tokens: what is new in a
//! name is told by comparing the answer with the request.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::aggregator::{Below, Members, Reads, kind_of_id};
use crate::catalog::Catalog;
use crate::catalog::rules::{Rules, squeeze};
use crate::cloudtrail::{Counting, Side, write_brief, write_without_tokens};

#[expect(clippy::disallowed_types, reason = "asked for single names only: its order shows nowhere")]
type Table<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;

/// The operations met so far, by event source and name.
#[derive(Debug, Default)]
pub struct Operations {
    operations: Vec<Operation>,
    places: Table<Box<str>, Table<Box<str>, usize>>,
}

/// What counts in the calls of one operation.
#[derive(Debug)]
pub struct Operation {
    prefix: Box<str>,
    /// `None`: all that is no token.
    request: Option<Names>,
    response: Names,
}

/// What the rules say of an operation, worked out once for all threads: it takes a tenth of a millisecond.
#[derive(Debug)]
struct Known {
    request: Option<Arc<BTreeSet<String>>>,
    response: Arc<BTreeSet<String>>,
}

/// The members of a payload that count.
#[derive(Debug)]
struct Names {
    squeezed: Arc<BTreeSet<String>>,
    /// As written, with what was found out.
    met: Table<Box<[u8]>, bool>,
    /// Beginnings of ids that tell their type.
    ids: &'static BTreeMap<String, String>,
}

/// So many names are remembered: some payloads hold names that people chose.
const MOST_MET: usize = 256;

/// So many operations are remembered.
const MOST_KNOWN: usize = 2_000;

/// Where some services tell of a failure.
const MESSAGES: [&str; 2] = ["message", "errormessage"];

impl Operations {
    /// The operation of an event source.
    pub fn get(&mut self, source: &str, name: &str) -> Option<&mut Operation> {
        let known = self.places.get(source).and_then(|of_source| of_source.get(name)).copied();
        let place = known.unwrap_or_else(|| self.add(source, name));
        self.operations.get_mut(place)
    }

    fn add(&mut self, source: &str, name: &str) -> usize {
        if self.operations.len() >= MOST_KNOWN {
            self.places.clear();
            self.operations.clear();
        }
        self.operations.push(Operation::of(source, name));
        let place = self.operations.len() - 1;
        self.places.entry(source.into()).or_default().insert(name.into(), place);
        place
    }
}

impl Operation {
    fn of(source: &str, name: &str) -> Self {
        let rules = Rules::embedded();
        let prefix = rules.prefix_of(source);
        let known = Known::of(source, name);
        let ids = &rules.service(prefix).settings.id_prefixes;
        let names = |squeezed: &Arc<_>| Names { squeezed: Arc::clone(squeezed), met: Table::default(), ids };
        Self { prefix: prefix.into(), request: known.request.as_ref().map(names), response: names(&known.response) }
    }

    /// Writes a payload without what does not count.
    pub fn write(&mut self, side: Side, payload: &[u8], call: &mut Vec<u8>) {
        match (side, &mut self.request) {
            (Side::Response, _) => write_brief(payload, &mut self.response, call),
            (Side::Request, Some(names)) => write_brief(payload, names, call),
            (Side::Request, None) => {
                write_without_tokens(payload, &|member| is_token(&self.prefix, member), call);
            }
        }
    }
}

/// By event source and name.
type AllKnown = Table<(String, String), Arc<Known>>;

impl Known {
    fn of(source: &str, name: &str) -> Arc<Self> {
        static KNOWN: LazyLock<Mutex<AllKnown>> = LazyLock::new(Mutex::default);
        // What is in the table is whole, also where a thread that held it has panicked.
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        let found = known.entry((source.to_owned(), name.to_owned()));
        Arc::clone(found.or_insert_with(|| Arc::new(Self::work_out(source, name))))
    }

    fn work_out(source: &str, name: &str) -> Self {
        let Reads { request, mut response, creates } = Reads::of(Catalog::embedded(), source, name);
        response.anywhere.extend(MESSAGES.map(str::to_owned));
        let request = (!creates).then(|| Arc::new(counting(request)));
        Self { request, response: Arc::new(counting(response)) }
    }
}

/// Names of members of which all counts, wherever they stand. The names of all members are kept anyway.
fn counting(members: Members) -> BTreeSet<String> {
    let mut names = members.anywhere;
    for (name, below) in members.top {
        match below {
            Below::All => {
                names.insert(name);
            }
            Below::Holding(inner) => names.extend(inner),
            Below::Names => {}
        }
    }
    names
}

/// Whether a member of a payload tells one call from the next and nothing else.
fn is_token(prefix: &str, member: &str) -> bool {
    let rules = Rules::embedded();
    rules.common().tokens.iter().any(|token| token.eq_ignore_ascii_case(member)) && !rules.mention(prefix, member)
}

impl Counting for Names {
    fn member(&mut self, name: &[u8]) -> bool {
        if let Some(known) = self.met.get(name) {
            return *known;
        }
        // A name that is no text is left to the parser.
        let counts = std::str::from_utf8(name).map_or(true, |name| self.squeezed.contains(&squeeze(name)));
        if self.met.len() < MOST_MET {
            self.met.insert(name.into(), counts);
        }
        counts
    }

    fn text(&self, text: &str) -> bool {
        let is_encoded = || text.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("arn%3a"));
        text.starts_with("arn:") || is_encoded() || (!self.ids.is_empty() && kind_of_id(text, self.ids).is_some())
    }
}
