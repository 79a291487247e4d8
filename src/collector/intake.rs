//! The text of a file to events for a sink.
//!
//! 1. what the text is, its first bytes tell ([`Form`]);
//! 2. a window goes over it: the whole text, or a buffer that is filled again and again;
//! 3. the splitter cuts items out of the window, and the needles are looked for in them;
//! 4. items without a needle are counted; the others are unwrapped, parsed, told apart from duplicates and handed on.
//!
//! What can't be read is counted by kind, and shown once a kind with its first place.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use super::alike::Alike;
use super::duplicates::Seen;
use super::files::FileCounts;
use super::form::Form;
use super::problem::{FileProblem, ProblemKind};
use super::rows::read_rows;
use super::sink::EventSink;
use super::unpack::Text;
use crate::cloudtrail::{
    Breakage, Caller, Columns, Event, Found, LONGEST_ITEM, Needles, RecordHead, SkipReason, Splitter, Step, is_insight,
    mend, next_object_line, parse_record_of, starts_like_a_record, visit_records,
};

/// Takes in files, one after the other. There is one for each thread.
pub struct Intake<'r, S> {
    needles: &'r Needles,
    seen: &'r Seen,
    alike: Alike,
    window: Vec<u8>,
    pub sink: S,
    pub problems: Vec<FileProblem>,
    pub counts: FileCounts,
}

/// How much of a stream is looked at in one go, unless a single item is longer.
const WINDOW: usize = 256 << 10;

/// After so many broken items whose end had to be guessed, the rest of a file is left: each may have been searched up to
/// the longest item, and a file made to be slow must end.
const MOST_RESUMED: u32 = 1_000;

impl<'r, S: EventSink> Intake<'r, S> {
    pub fn new(needles: &'r Needles, seen: &'r Seen, sink: S) -> Self {
        let (problems, counts) = (Vec::new(), FileCounts::default());
        Self { needles, seen, alike: Alike::default(), window: Vec::new(), sink, problems, counts }
    }

    /// Takes in one file.
    pub fn take(&mut self, name: &str, text: Text<'_>) {
        let mut file = FileIntake::new(self);
        let end = match text {
            Text::Whole(text) => file.take_whole(text),
            Text::Stream(reader) => file.take_stream(reader),
        };
        file.finish(name, end);
    }

    /// Forgets the calls, behind the last file.
    pub fn finish(&mut self) {
        self.alike = Alike::default();
        self.sink.forget_calls();
    }
}

/// How the reading of a file ended.
enum End {
    /// At its end.
    Read,
    /// It holds nothing.
    Empty,
    /// It is a digest of log files.
    Digest,
    /// It holds what CloudTrail Insights found.
    Insight,
    /// Before its end: the reason is among the problems.
    Left,
}

/// What is known of a file while it is taken in.
struct FileIntake<'i, 'r, S> {
    intake: &'i mut Intake<'r, S>,
    splitter: Splitter,
    /// Number and first place of what can't be read.
    broken: BTreeMap<ProblemKind, (u64, Option<u64>)>,
    records: u64,
    /// Records without a needle.
    unread: u64,
    resumed: u32,
}

impl<'i, 'r, S: EventSink> FileIntake<'i, 'r, S> {
    fn new(intake: &'i mut Intake<'r, S>) -> Self {
        Self { intake, splitter: Splitter::default(), broken: BTreeMap::new(), records: 0, unread: 0, resumed: 0 }
    }

    fn take_whole(&mut self, text: &[u8]) -> End {
        match Form::of(text) {
            Form::Json { start } => {
                let (_, end) = self.take_window(text.get(start..).unwrap_or_default(), start as u64, true);
                end.unwrap_or(End::Read)
            }
            Form::Csv { columns, delimiter } => self.take_rows(text, &columns, delimiter),
            Form::Empty => End::Empty,
            Form::Other(what) => self.leave(ProblemKind::NotCloudTrail(what)),
        }
    }

    fn take_stream(&mut self, mut reader: Box<dyn Read + '_>) -> End {
        let mut window = std::mem::take(&mut self.intake.window);
        window.resize(window.len().max(WINDOW), 0);
        let end = self.take_windows(&mut reader, &mut window);
        // An item may have made it grow; what is long is rare.
        window.truncate(WINDOW);
        window.shrink_to(WINDOW);
        self.intake.window = window;
        end
    }

    fn take_windows(&mut self, reader: &mut dyn Read, window: &mut Vec<u8>) -> End {
        let mut fill = Fill::default();
        fill.more(reader, window);
        let text = window.get(..fill.filled).unwrap_or_default();
        match Form::of(text) {
            Form::Json { start } => fill.drop_front(window, start),
            Form::Csv { columns, delimiter } => {
                let rest = Cursor::new(text).chain(reader);
                let end = self.take_rows(rest, &columns, delimiter);
                self.note_failure(fill.failed);
                return end;
            }
            form => {
                let is_damaged = fill.failed.is_some();
                self.note_failure(fill.failed);
                return match form {
                    Form::Other(what) if !is_damaged => self.leave(ProblemKind::NotCloudTrail(what)),
                    _ if is_damaged => End::Left,
                    _ => End::Empty,
                };
            }
        }
        loop {
            let text = window.get(..fill.filled).unwrap_or_default();
            let (consumed, end) = self.take_window(text, fill.base, fill.at_end);
            if let Some(end) = end {
                self.note_failure(fill.failed);
                return end;
            }
            fill.drop_front(window, consumed);
            if fill.filled == window.len() {
                window.resize(window.len() * 2, 0);
            }
            fill.more(reader, window);
        }
    }

    fn take_rows(&mut self, text: impl Read, columns: &Columns, delimiter: u8) -> End {
        if !columns.name_principals() {
            self.note(ProblemKind::NamesNobody, None);
        }
        let read = read_rows(text, columns, delimiter, |item, at| {
            let hit = self.intake.needles.hits(item).within(0, item.len(), true);
            self.take_item(item, hit, at);
        });
        match read {
            Ok(()) => End::Read,
            Err(error) => self.leave(ProblemKind::Damaged(error.to_string())),
        }
    }

    /// Takes the items of a window; how much of it is done with, and how the file ended if it did.
    fn take_window(&mut self, window: &[u8], base: u64, at_end: bool) -> (usize, Option<End>) {
        let needles = self.intake.needles;
        let mut hits = needles.hits(window);
        let mut rest = window;
        loop {
            let step = self.splitter.next(&mut rest, at_end);
            let consumed = window.len() - rest.len();
            match step {
                Step::Item { text: item, escapes } => {
                    let start = consumed - item.len();
                    if self.records == 0 && is_insight(item) {
                        return (consumed, Some(End::Insight));
                    }
                    let hit = hits.within(start, consumed, escapes);
                    match self.take_item(item, hit, base + start as u64) {
                        Taken::Whole => {}
                        Taken::Digest => return (consumed, Some(End::Digest)),
                        Taken::UpTo(length) => rest = window.get(start + length..).unwrap_or_default(),
                    }
                }
                Step::Broken { breakage, length } => {
                    self.note_breakage(breakage, base + (consumed - length) as u64, length);
                }
                Step::More => return (consumed, None),
                Step::End => return (consumed, Some(End::Read)),
            }
            if self.resumed > MOST_RESUMED {
                return (consumed, Some(self.leave(ProblemKind::TooBroken)));
            }
        }
    }

    fn note_breakage(&mut self, breakage: Breakage, at: u64, length: usize) {
        self.note(breakage.into(), Some(at));
        let reason = match breakage {
            Breakage::RecordsNotAnArray => return,
            Breakage::TooLarge => SkipReason::TooLarge,
            Breakage::CutOff | Breakage::NotJson => SkipReason::Malformed,
        };
        self.resumed += u32::from(breakage != Breakage::NotJson);
        // Where the text ends between two records, none is lost that could be counted.
        if length > 0 {
            self.skip(reason);
        }
    }

    fn take_item(&mut self, item: &[u8], hit: bool, at: u64) -> Taken {
        if !hit && starts_like_a_record(item) {
            self.records += 1;
            self.unread += 1;
            return Taken::Whole;
        }
        let mut taken = Taken::Whole;
        visit_records(item, &mut |found| match found {
            Found::Record(_) if !hit => {
                self.records += 1;
                self.unread += 1;
            }
            Found::Record(record) => {
                let bad = self.take_record(record);
                if bad == Some(SkipReason::Malformed)
                    && let Some(length) = next_object_line(item)
                {
                    taken = Taken::UpTo(length);
                }
                if let Some(kind) = bad.and_then(problem_of) {
                    self.note(kind, Some(at));
                }
            }
            Found::Digest => taken = Taken::Digest,
            Found::Other => {
                self.note(ProblemKind::NotARecord, Some(at));
                self.skip(SkipReason::Malformed);
            }
        });
        if matches!(taken, Taken::UpTo(_)) {
            self.resumed += 1;
        }
        taken
    }

    /// Parses a record and hands it on; why it did not become an event.
    fn take_record(&mut self, record: &[u8]) -> Option<SkipReason> {
        let needles = self.intake.needles;
        let wanted = |caller: &Caller<'_>| needles.may_mean(caller.principal.as_ref());
        let reason = match self.take_head(record, wanted) {
            Ok(()) => return None,
            Err(SkipReason::Malformed) => {
                let mended = mend(record);
                match mended.as_deref().map_or(Err(SkipReason::Malformed), |mended| parse_record_of(mended, wanted)) {
                    Ok(event) => return self.take_event(&event),
                    Err(reason) => reason,
                }
            }
            Err(reason) => reason,
        };
        self.skip(reason);
        Some(reason)
    }

    /// Parses a record and hands it on, unless it is enough to count it.
    fn take_head(&mut self, record: &[u8], wanted: impl Fn(&Caller<'_>) -> bool) -> Result<(), SkipReason> {
        let Intake { alike, seen, sink, .. } = &mut *self.intake;
        let head = RecordHead::read(record, |identity| alike.is_wanted(identity, &wanted))?;
        // What stores keep is told apart by more than a head.
        if seen.is_as_stored() || !sink.counts_alike(head.time) {
            let event = alike.parse(head)?;
            self.take_event(&event);
            return Ok(());
        }
        if let Some(call) = alike.known(&head) {
            self.records += 1;
            let id = head.id();
            match alike.identity_of(&head, id.as_deref()).is_some_and(|identity| seen.is_known(identity)) {
                true => sink.skipped(SkipReason::Duplicate, 1),
                false => sink.again(call, head.time, id.as_deref()),
            }
            return Ok(());
        }
        let event = alike.parse(head)?;
        self.records += 1;
        match seen.is_repeated(&event) {
            true => sink.skipped(SkipReason::Duplicate, 1),
            false => alike.take(&event, sink),
        }
        Ok(())
    }

    fn take_event(&mut self, event: &Event<'_>) -> Option<SkipReason> {
        self.records += 1;
        if self.intake.seen.is_repeated(event) {
            self.intake.sink.skipped(SkipReason::Duplicate, 1);
        } else {
            self.intake.sink.event(event);
        }
        None
    }

    fn skip(&mut self, reason: SkipReason) {
        self.records += 1;
        self.intake.sink.skipped(reason, 1);
    }

    fn note(&mut self, kind: ProblemKind, at: Option<u64>) {
        self.broken.entry(kind).or_insert((0, at)).0 += 1;
    }

    fn note_failure(&mut self, failed: Option<std::io::Error>) {
        if let Some(error) = failed {
            // That the text ends early is the damage, not a second problem.
            self.broken.remove(&ProblemKind::CutOff);
            self.note(ProblemKind::Damaged(error.to_string()), None);
        }
    }

    fn leave(&mut self, kind: ProblemKind) -> End {
        self.note(kind, None);
        End::Left
    }

    fn finish(self, name: &str, end: End) {
        let counts = &mut self.intake.counts;
        match end {
            End::Read | End::Left => counts.read += 1,
            End::Empty => {
                tracing::warn!("`{name}` is empty");
                counts.empty += 1;
            }
            End::Digest => counts.digests += 1,
            End::Insight => counts.insights += 1,
        }
        self.intake.sink.skipped(SkipReason::OtherPrincipal, self.unread);
        for (kind, (count, byte)) in self.broken {
            let problem = FileProblem { file: name.to_owned(), byte, kind, count };
            self.intake.sink.gap(problem.to_string());
            self.intake.problems.push(problem);
        }
    }
}

/// How much of an item was taken.
enum Taken {
    Whole,
    /// It swallowed what follows: go on behind so many bytes.
    UpTo(usize),
    /// It is no item at all.
    Digest,
}

/// Whether a record that did not become an event is worth a problem: what is odd but well-formed is only counted.
fn problem_of(reason: SkipReason) -> Option<ProblemKind> {
    match reason {
        SkipReason::Malformed => Some(ProblemKind::NotARecord),
        SkipReason::TooLarge => Some(ProblemKind::TooLarge),
        _ => None,
    }
}

/// How far a window is filled from a stream.
#[derive(Default)]
struct Fill {
    filled: usize,
    /// Where the window begins in the text.
    base: u64,
    at_end: bool,
    failed: Option<std::io::Error>,
}

impl Fill {
    /// Fills the window to its end, as far as there is text.
    fn more(&mut self, reader: &mut dyn Read, window: &mut [u8]) {
        while let Some(free) = window.get_mut(self.filled..).filter(|free| !free.is_empty() && !self.at_end) {
            match reader.read(free) {
                Ok(0) => self.at_end = true,
                Ok(length) => self.filled += length,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed = Some(error);
                    self.at_end = true;
                }
            }
        }
    }

    /// Moves what is left to the front.
    fn drop_front(&mut self, window: &mut [u8], consumed: usize) {
        window.copy_within(consumed..self.filled, 0);
        self.filled -= consumed;
        self.base += consumed as u64;
    }
}

const _: () = assert!(WINDOW < LONGEST_ITEM, "the window grows up to the longest item");
