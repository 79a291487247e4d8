//! What a text is, told by its first bytes.

use super::rows;
use crate::cloudtrail::Columns;

/// The form of a text.
pub enum Form {
    /// JSON of any layout, from this byte on.
    Json {
        start: usize,
    },
    Csv {
        columns: Columns,
        delimiter: u8,
    },
    /// Nothing, or white space.
    Empty,
    /// Something else, in words.
    Other(&'static str),
}

/// First bytes of what people point the tool at by mistake.
const FOREIGN: [(&[u8], &str); 12] = [
    (b"\xFF\xFE", "text in UTF-16; save it as UTF-8"),
    (b"\xFE\xFF", "text in UTF-16; save it as UTF-8"),
    (b"BZh", "compressed with bzip2; unpack it first"),
    (b"\xFD7zXZ", "compressed with xz; unpack it first"),
    (b"\x04\x22\x4D\x18", "compressed with lz4; unpack it first"),
    (b"PK\x03\x04", "a ZIP archive; unpack it first"),
    (b"7z\xBC\xAF", "a 7-Zip archive; unpack it first"),
    (b"PAR1", "a Parquet file; export it as JSON"),
    (b"ORC", "an ORC file; export it as JSON"),
    (b"Obj\x01", "an Avro file; export it as JSON"),
    (b"SQLite format 3", "an SQLite database"),
    (b"<", "a web page or XML; the download may have failed"),
];

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl Form {
    /// Tells by the start of a text, of which at least some kilobytes are there.
    pub fn of(text: &[u8]) -> Self {
        let start = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        let body = text.get(start..).unwrap_or_default();
        match body.trim_ascii_start().first() {
            None => Self::Empty,
            Some(b'{' | b'[') => Self::Json { start },
            Some(b'"') if rows::header(body).is_none() => Self::Json { start },
            Some(_) => Self::of_other(body, start),
        }
    }

    fn of_other(body: &[u8], start: usize) -> Self {
        if let Some((_, what)) = FOREIGN.iter().find(|(magic, _)| body.starts_with(magic)) {
            return Self::Other(what);
        }
        if body.get(257..262) == Some(b"ustar") {
            return Self::Other("a tar archive; unpack it first");
        }
        if let Some((columns, delimiter)) = rows::header(body) {
            return Self::Csv { columns, delimiter };
        }
        if holds_objects_on_lines(body) { Self::Json { start } } else { Self::Other("neither JSON nor a CSV export") }
    }
}

/// Lines with a time in front of each object, or objects behind a line of something else.
fn holds_objects_on_lines(body: &[u8]) -> bool {
    const LOOK_AT: usize = 4096;
    let body = body.get(..LOOK_AT).unwrap_or(body);
    memchr::memmem::find(body, b"\n{\"").is_some() || memchr::memmem::find(body, b"Z {\"").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_told_by_their_first_bytes() {
        let name = |text: &[u8]| match Form::of(text) {
            Form::Json { start } => format!("json from {start}"),
            Form::Csv { delimiter, .. } => format!("csv with {}", char::from(delimiter)),
            Form::Empty => "empty".to_owned(),
            Form::Other(what) => what.to_owned(),
        };
        for (text, expected) in [
            (&b"{}"[..], "json from 0"),
            (b"\xEF\xBB\xBF \n[", "json from 3"),
            (b" \"{}\"", "json from 0"),
            (b"2026-03-13T08:33:30.000Z {\"a\":1}", "json from 0"),
            (b"# exported\n{\"a\":1}", "json from 0"),
            (b"", "empty"),
            (b"\xEF\xBB\xBF\r\n ", "empty"),
            (b"\"eventName\";\"eventSource\"\nA;b", "csv with ;"),
            (b"eventName;eventSource\nA;b", "csv with ;"),
            (b"Event name,Event source\nA,b", "csv with ,"),
            (b"BZh91AY", "compressed with bzip2; unpack it first"),
            (b"<html>", "a web page or XML; the download may have failed"),
            (b"hello", "neither JSON nor a CSV export"),
            (b"name,value\n1,2", "neither JSON nor a CSV export"),
        ] {
            assert_eq!(name(text), expected, "{}", text.escape_ascii());
        }
    }
}
