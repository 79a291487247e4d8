//! The server in a process of its own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server over the records of a directory. Ends with the value.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    /// Starts one; `None`, and a line that says so, where there is no Python for it.
    pub fn over(events: &Path) -> Option<Self> {
        Self::start("TRAILTRIM_ATHENA_PYTHON", "tests/athena/install", events, None)
    }

    /// The same, with the statement executed by Spark.
    pub fn on_spark(events: &Path) -> Option<Self> {
        Self::start("TRAILTRIM_SPARK_PYTHON", "tests/athena/install spark", events, Some("spark"))
    }

    #[expect(clippy::disallowed_methods, reason = "the test is turned on by the environment")]
    fn start(variable: &str, install: &str, events: &Path, engine: Option<&str>) -> Option<Self> {
        let Some(python) = std::env::var_os(variable) else {
            println!("skipped: {variable} names no python (`{install}` makes one)");
            return None;
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/athena/server.py");
        let mut command = Command::new(python);
        command.arg(script).arg(events).args(engine).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Some(Self { child, port: line.trim().parse().unwrap() })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The operations that it was asked for so far, in their order.
    pub fn operations(&self) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.lines().map(str::to_owned).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
