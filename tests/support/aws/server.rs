//! A small HTTP server that answers as AWS does, remembers what it was asked, and fails on demand.
//!
//! Written on bare sockets, because a test must be able to break a connection in the middle of an answer.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// One request, taken apart.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    /// With what is asked behind it.
    pub path: String,
    pub body: Vec<u8>,
    /// The service and Region that it was signed for, and the access key that signed.
    pub service: String,
    pub region: String,
    pub key: String,
    /// `LookupEvents`
    pub operation: String,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub delivery: Delivery,
}

/// How an answer goes over the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    /// The connection is closed before anything is answered.
    Reset,
    /// It is closed in the middle of the body.
    Truncated,
    /// The body comes in pieces, with this pause between them.
    Slow(Duration),
}

type Handler = Box<dyn Fn(&Call) -> Answer + Send + Sync>;

/// A running server; it ends when dropped.
pub struct Server {
    address: String,
    state: Arc<State>,
}

struct State {
    handler: Handler,
    calls: Mutex<Vec<Call>>,
    ended: AtomicBool,
}

impl Answer {
    pub fn json(body: &serde_json::Value) -> Self {
        Self::of("application/x-amz-json-1.1", body.to_string())
    }

    pub fn xml(body: String) -> Self {
        Self::of("text/xml", body)
    }

    fn of(kind: &str, body: String) -> Self {
        let headers = vec![("Content-Type".to_owned(), kind.to_owned())];
        Self { status: 200, headers, body: body.into_bytes(), delivery: Delivery::Whole }
    }

    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub fn delivered(mut self, delivery: Delivery) -> Self {
        self.delivery = delivery;
        self
    }
}

/// An error as the JSON protocols write it.
pub fn json_error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(&serde_json::json!({"__type": code, "message": message})).status(status)
}

/// An error as the query protocol writes it.
pub fn xml_error(status: u16, code: &str, message: &str) -> Answer {
    Answer::xml(format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    ))
    .status(status)
}

impl Server {
    /// Starts on a free port of this machine.
    pub fn start(handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state =
            Arc::new(State { handler: Box::new(handler), calls: Mutex::default(), ended: AtomicBool::new(false) });
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.ended.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&shared)) else { continue };
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, state }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub fn calls(&self) -> Vec<Call> {
        self.state.calls.lock().unwrap().clone()
    }

    /// The operations that were asked for, as IAM actions without their difference in names.
    pub fn operations(&self) -> Vec<String> {
        self.calls().iter().map(|call| format!("{}:{}", call.service, call.operation)).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts.
        let _ = TcpStream::connect(&self.address);
    }
}

fn serve(stream: TcpStream, state: &State) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(call) = read(&mut reader, &stream) {
        state.calls.lock().unwrap().push(call.clone());
        let answer = (state.handler)(&call);
        if write(&stream, &call, &answer).is_err() || answer.delivery != Delivery::Whole {
            let _ = stream.shutdown(Shutdown::Both);
            return;
        }
    }
}

fn read(reader: &mut BufReader<TcpStream>, mut stream: &TcpStream) -> Option<Call> {
    let first = line(reader)?;
    let mut words = first.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    while let Some((name, value)) = line(reader)?.split_once(':') {
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    if headers.get("expect").is_some_and(|expected| expected == "100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").ok()?;
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    // Credential=KEY/20261101/eu-west-1/cloudtrail/aws4_request
    let credential = headers.get("authorization").and_then(|header| header.split_once("Credential="));
    let scope = credential.and_then(|(_, rest)| rest.split(',').next()).unwrap_or_default().to_owned();
    let part = |index: usize| scope.split('/').nth(index).unwrap_or_default().to_owned();
    let operation = if part(3) == "s3" { of_s3(&method, &path).to_owned() } else { operation(&headers, &body) };
    Some(Call { method, path, body, key: part(0), region: part(2), service: part(3), operation })
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    Some(line.trim_end().to_owned())
}

fn operation(headers: &BTreeMap<String, String>, body: &[u8]) -> String {
    if let Some(target) = headers.get("x-amz-target") {
        return target.rsplit('.').next().unwrap().to_owned();
    }
    form(body).remove("Action").unwrap_or_default()
}

/// S3 tells by method and address; the names are those of the IAM actions.
fn of_s3(method: &str, path: &str) -> &'static str {
    let query = path.split_once('?').map_or("", |(_, query)| query);
    match method {
        "GET" if query.contains("list-type=2") => "ListBucket",
        "GET" if !query.contains("x-id=GetObject") && !query.is_empty() => "another operation",
        "GET" => "GetObject",
        _ => "another operation",
    }
}

/// The fields of a body in the query protocol.
pub fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = String::from_utf8_lossy(body);
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let decoded =
        |text: &str| percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    pairs.map(|(name, value)| (decoded(name), decoded(value))).collect()
}

fn write(mut stream: &TcpStream, call: &Call, answer: &Answer) -> std::io::Result<()> {
    if answer.delivery == Delivery::Reset {
        return Ok(());
    }
    let mut head = format!("HTTP/1.1 {} Answer\r\nContent-Length: {}\r\n", answer.status, answer.body.len());
    for (name, value) in &answer.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "x-amzn-requestid: 00000000-0000-0000-0000-000000000000\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    if call.method == "HEAD" {
        return Ok(());
    }
    match answer.delivery {
        Delivery::Truncated => stream.write_all(&answer.body[..answer.body.len() / 2]),
        Delivery::Slow(pause) => answer.body.chunks(answer.body.len().div_ceil(5).max(1)).try_for_each(|piece| {
            thread::sleep(pause);
            stream.write_all(piece)
        }),
        _ => stream.write_all(&answer.body),
    }
}
