//! A server that answers as S3 does, and misbehaves where a test wants it to.
//!
//! Lists and gives objects of one bucket over plain HTTP, and counts what it is asked. Signatures are not looked at.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What an answer is like.
#[derive(Clone, Debug)]
pub enum Fault {
    /// So many bytes of the body come, then the connection ends.
    Truncated(usize),
    /// The connection ends before any answer.
    Reset,
    /// The body comes in small pieces with pauses.
    Slow,
    /// A status, with an error of this code and these words.
    Error(u16, &'static str, &'static str),
}

/// The server; it runs until the test ends.
pub struct Server {
    pub url: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    /// Faults to come, by the text that a request holds, each with how often.
    faults: Vec<(String, Fault, usize)>,
    requests: Vec<String>,
    page: usize,
}

impl Server {
    /// Serves these objects, listed in pages of so many.
    pub fn start(objects: BTreeMap<String, Vec<u8>>, page: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State { objects, page, ..State::default() }));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &state));
            }
        });
        Self { url, state }
    }

    /// The next so many requests that hold this text meet a fault.
    pub fn fail(&self, text: &str, fault: Fault, times: usize) {
        self.state.lock().unwrap().faults.push((text.to_owned(), fault, times));
    }

    /// Takes an object away or puts another in its place.
    pub fn put(&self, key: &str, bytes: Vec<u8>) {
        self.state.lock().unwrap().objects.insert(key.to_owned(), bytes);
    }

    /// What was asked since the last time, as method, path and query, and headers that matter.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().requests)
    }
}

/// One connection, one request after the other.
fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = read_request(&mut reader) {
        let (fault, answer) = state.lock().unwrap().answer(&request);
        if write_answer(&mut writer, fault, answer).is_none() {
            return;
        }
    }
}

/// First line, and the header that says who pays.
fn read_request(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
    let mut request = line.trim().trim_end_matches(" HTTP/1.1").to_owned();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|length| *length > 0)?;
        if header.trim().is_empty() {
            return Some(request);
        }
        if header.to_ascii_lowercase().starts_with("x-amz-request-payer") {
            request.push_str(" | ");
            request.push_str(header.trim());
        }
    }
}

/// Status and body.
type Answer = (u16, Vec<u8>);

impl State {
    fn answer(&mut self, request: &str) -> (Option<Fault>, Answer) {
        self.requests.push(request.to_owned());
        let fault = self.faults.iter_mut().find(|(text, _, times)| *times > 0 && request.contains(text));
        let fault = fault.map(|(_, fault, times)| {
            *times -= 1;
            fault.clone()
        });
        if let Some(Fault::Error(status, code, said)) = fault {
            return (None, error(status, code, said));
        }
        let path = request.split_whitespace().nth(1).unwrap();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: BTreeMap<String, String> =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(decoded).collect();
        let answer = match path.trim_start_matches('/').split_once('/') {
            Some((_, key)) if !key.is_empty() => match self.objects.get(&decode(key)) {
                Some(bytes) => (200, bytes.clone()),
                None => error(404, "NoSuchKey", "The specified key does not exist."),
            },
            _ => (200, self.list(&query).into_bytes()),
        };
        (fault, answer)
    }

    fn list(&self, query: &BTreeMap<String, String>) -> String {
        let get = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
        let (prefix, delimiter, after) =
            (get("prefix"), get("delimiter"), get("start-after").max(get("continuation-token")));
        let mut rows: Vec<(String, String)> = Vec::new();
        for (key, bytes) in
            self.objects.range(after.to_owned()..).filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after)
        {
            let below = key[prefix.len()..].find(delimiter).filter(|_| !delimiter.is_empty());
            let row = match below {
                Some(end) => {
                    let folder = &key[..prefix.len() + end + 1];
                    (folder.to_owned(), format!("<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>"))
                }
                None => {
                    let etag =
                        bytes.iter().fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
                    let size = bytes.len();
                    let row =
                        format!("<Contents><Key>{key}</Key><ETag>\"{etag:x}\"</ETag><Size>{size}</Size></Contents>");
                    (key.clone(), row)
                }
            };
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        }
        let is_truncated = rows.len() > self.page;
        rows.truncate(self.page);
        let next = match rows.last() {
            Some((key, _)) if is_truncated => format!("<NextContinuationToken>{key}</NextContinuationToken>"),
            _ => String::new(),
        };
        let rows: String = rows.into_iter().map(|(_, row)| row).collect();
        format!("<ListBucketResult><IsTruncated>{is_truncated}</IsTruncated>{next}{rows}</ListBucketResult>")
    }
}

fn error(status: u16, code: &str, said: &str) -> Answer {
    (status, format!("<Error><Code>{code}</Code><Message>{said}</Message></Error>").into_bytes())
}

/// `None` if the connection is over.
fn write_answer(writer: &mut TcpStream, fault: Option<Fault>, (status, body): Answer) -> Option<()> {
    let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nContent-Type: text/plain\r\n\r\n", body.len());
    match fault {
        Some(Fault::Reset) => return None,
        Some(Fault::Truncated(length)) => {
            writer.write_all(head.as_bytes()).ok()?;
            writer.write_all(&body[..length.min(body.len())]).ok()?;
            return None;
        }
        Some(Fault::Slow) => {
            writer.write_all(head.as_bytes()).ok()?;
            for piece in body.chunks(body.len().div_ceil(10).max(1)) {
                writer.write_all(piece).ok()?;
                thread::sleep(Duration::from_millis(50));
            }
        }
        _ => {
            writer.write_all(head.as_bytes()).ok()?;
            writer.write_all(&body).ok()?;
        }
    }
    Some(())
}

fn decoded((name, value): (&str, &str)) -> (String, String) {
    (decode(name), decode(value))
}

fn decode(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned()
}
