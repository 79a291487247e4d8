//! What was read of one Region, kept on disk between runs, with what is left to read.
//!
//! Two files: the records, one gzip member a page, and a small JSON file beside it that counts only once it is renamed into
//! place. It says how many bytes of the records count, so a run that was killed between the two leaves nothing half.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

/// Times in seconds, the newest first; `until` counts as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    pub since: i64,
    pub until: i64,
    /// Where the last answer ended. It belongs to this very question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// The oldest event seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oldest: Option<i64>,
}

/// What was asked for, and what is left of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    since: i64,
    until: i64,
    /// The first is read first.
    pub pending: Vec<Window>,
}

/// Events may come so late that an earlier run has missed them: CloudTrail says typically within 5 minutes, and that this
/// is not guaranteed; 15 minutes was the promise for years.
const LATE: i64 = 20 * 60;

impl Work {
    pub fn new(since: i64, until: i64) -> Self {
        Self { since, until, pending: vec![Window::new(since, until)] }
    }

    /// The same work for a run that asks for this window: what was read is not read again.
    pub fn extended(&self, since: i64, until: i64) -> Self {
        // With a hole between the two nothing is gained by knowing the older one.
        if since > self.until || until < self.since {
            return Self::new(since, until);
        }
        let mut pending = Vec::new();
        if until > self.until {
            pending.push(Window::new(since.max(self.until - LATE), until));
        }
        pending.extend(self.pending.iter().filter(|window| window.until >= since).cloned());
        if since < self.since {
            pending.push(Window::new(since, self.since));
        }
        Self { since: since.min(self.since), until: until.max(self.until), pending }
    }

    /// A page was read.
    pub fn advance(&mut self, oldest: Option<i64>, token: Option<&str>) {
        let Some(window) = self.pending.first_mut() else { return };
        window.oldest = [window.oldest, oldest].into_iter().flatten().min();
        window.token = token.map(str::to_owned);
        if window.token.is_none() {
            self.pending.remove(0);
        }
    }

    /// The token is of no use any more: goes on at the oldest event seen, which is seen again.
    pub fn restart(&mut self) {
        if let Some(window) = self.pending.first_mut() {
            *window = Window::new(window.since, window.oldest.unwrap_or(window.until));
        }
    }

    /// How many seconds are still to be read.
    pub fn left(&self) -> i64 {
        self.pending.iter().map(|window| window.oldest.unwrap_or(window.until) - window.since).sum()
    }
}

impl Window {
    fn new(since: i64, until: i64) -> Self {
        Self { since, until, token: None, oldest: None }
    }
}

/// The files of one Region.
#[derive(Debug)]
pub struct Kept {
    records: File,
    path: PathBuf,
    bytes: u64,
    work: Option<Work>,
}

/// What the small file says.
#[derive(Serialize, Deserialize)]
struct State<W> {
    version: u32,
    /// So much of the records counts.
    bytes: u64,
    work: W,
}

const VERSION: u32 = 1;

impl Kept {
    /// Opens or creates the files; they are locked until this is dropped.
    pub fn open(directory: &Path, name: &str) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let path = directory.join(format!("{name}.ndjson.gz"));
        let mut records = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        records.try_lock().map_err(|error| io::Error::other(format!("another run is using it ({error})")))?;
        // Of another version or damaged: read again.
        let state: Option<State<Work>> =
            fs::read(state_path(&path)).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let state = state.filter(|state: &State<Work>| state.version == VERSION);
        let length = records.metadata()?.len();
        let (bytes, work) = match state {
            Some(state) if state.bytes <= length => (state.bytes, Some(state.work)),
            _ => (0, None),
        };
        records.set_len(bytes)?;
        records.seek(SeekFrom::End(0))?;
        Ok(Self { records, path, bytes, work })
    }

    /// What was read before and what was left.
    pub fn work(&self) -> KeptWork<'_> {
        KeptWork(self.work.as_ref())
    }

    /// For messages.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The records that were kept before this run; `None` if there are none.
    pub fn reader(&self) -> io::Result<Option<impl Read + Send + use<>>> {
        if self.bytes == 0 {
            return Ok(None);
        }
        Ok(Some(File::open(&self.path)?.take(self.bytes)))
    }

    /// Keeps a page, then that it was read.
    pub fn keep(&mut self, page: &[u8], work: &Work) -> io::Result<()> {
        if !page.is_empty() {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(page)?;
            let packed = packed.finish()?;
            self.records.write_all(&packed)?;
            self.bytes += packed.len() as u64;
        }
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(directory)?;
        serde_json::to_writer(&mut file, &State { version: VERSION, bytes: self.bytes, work })?;
        file.persist(state_path(&self.path)).map_err(|error| error.error)?;
        Ok(())
    }
}

/// The work of an earlier run, if there was one.
#[derive(Debug)]
pub struct KeptWork<'k>(Option<&'k Work>);

impl KeptWork<'_> {
    /// What is to be read for this window.
    pub fn extended(&self, since: i64, until: i64) -> Work {
        self.0.map_or_else(|| Work::new(since, until), |work| work.extended(since, until))
    }
}

fn state_path(records: &Path) -> PathBuf {
    records.with_extension("").with_extension("json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kept: &Kept) -> String {
        let mut text = String::new();
        let Some(reader) = kept.reader().unwrap() else { return text };
        flate2::read::MultiGzDecoder::new(reader).read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn pages_and_what_is_left_outlive_a_run() {
        let directory = tempfile::tempdir().unwrap();
        let mut work = Work::new(0, 100_000);
        let mut kept = Kept::open(directory.path(), "x").unwrap();
        work.advance(Some(70_000), Some("t1"));
        kept.keep(b"one\n", &work).unwrap();
        assert!(Kept::open(directory.path(), "x").is_err(), "two runs at once");
        // Killed while it wrote the second page.
        kept.records.write_all(b"half").unwrap();
        drop(kept);
        let mut kept = Kept::open(directory.path(), "x").unwrap();
        assert_eq!(text(&kept), "one\n");
        let mut work = kept.work().extended(0, 100_000);
        assert_eq!(work.pending[0].token.as_deref(), Some("t1"));
        work.advance(Some(30_000), None);
        kept.keep(b"two\n", &work).unwrap();
        drop(kept);
        let kept = Kept::open(directory.path(), "x").unwrap();
        assert_eq!(text(&kept), "one\ntwo\n");
        assert_eq!(kept.work().extended(0, 100_000).pending, []);
    }

    #[test]
    fn a_later_run_asks_for_what_is_new_and_for_what_came_late() {
        let mut work = Work::new(0, 100_000);
        work.advance(Some(60_000), Some("t"));
        let later = work.extended(10_000, 200_000);
        let windows: Vec<(i64, i64)> = later.pending.iter().map(|window| (window.since, window.until)).collect();
        assert_eq!(windows, [(100_000 - LATE, 200_000), (0, 100_000)]);
        let mut earlier = Work::new(50_000, 100_000);
        earlier.advance(None, None);
        assert_eq!(earlier.extended(20_000, 100_000).pending, [Window::new(20_000, 50_000)]);
        assert_eq!(earlier.extended(200_000, 300_000), Work::new(200_000, 300_000));
    }

    #[test]
    fn a_stale_token_leads_on_from_the_oldest_event() {
        let mut work = Work::new(0, 100);
        work.advance(Some(60), Some("t"));
        work.restart();
        assert_eq!(work.pending, [Window::new(0, 60)]);
        assert_eq!(work.left(), 60);
    }
}
