//! Reads the rows of a CSV export.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use crate::cloudtrail::{Columns, LONGEST_ITEM};

/// The delimiters that exports and spreadsheets write.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// The header of a CSV export at the start of a file: its columns and its delimiter.
pub fn header(head: &[u8]) -> Option<(Columns, u8)> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    DELIMITERS.into_iter().find_map(|delimiter| {
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(line);
        let columns = Columns::read(reader.byte_headers().ok()?.iter())?;
        Some((columns, delimiter))
    })
}

/// Calls `visit` with the text of each row's item and the byte at which the row starts.
pub fn read_rows(
    text: impl Read,
    columns: &Columns,
    delimiter: u8,
    mut visit: impl FnMut(&[u8], u64),
) -> Result<(), csv::Error> {
    let left = Rc::new(Cell::new(0));
    let text = Bounded { text, left: Rc::clone(&left) };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).from_reader(text);
    let mut row = csv::ByteRecord::new();
    loop {
        left.set(4 * LONGEST_ITEM);
        if !reader.read_byte_record(&mut row)? {
            return Ok(());
        }
        let start = row.position().map_or(0, csv::Position::byte);
        visit(&columns.item(row.iter()), start);
    }
}

/// Ends when a row takes more than is left: a quotation mark that is never closed would fill the memory.
struct Bounded<R> {
    text: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.text.read(buffer)?;
        let Some(left) = self.left.get().checked_sub(length) else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row without end"));
        };
        self.left.set(left);
        Ok(length)
    }
}
