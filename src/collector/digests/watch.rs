//! Looks at each file on its way to the records.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::book::Book;
use super::document::{Digest, Hash};
use crate::collector::intake::Intake;
use crate::collector::sink::EventSink;
use crate::collector::trail_names::{DigestName, LogName};
use crate::collector::unpack::Text;

/// More than the largest digest: one lists what was delivered in an hour.
const LARGEST_DIGEST: u64 = 256 << 20;

/// Hands a text on, with its hash to the book; a digest goes to the book alone.
pub fn watch<S: EventSink>(book: &Book, place: &str, text: Text<'_>, intake: &mut Intake<'_, S>) {
    if let Some(name) = DigestName::of(place) {
        intake.counts.digests += 1;
        return book.digest(place, name, read_digest(text));
    }
    if LogName::of(place).is_none() {
        book.other(place);
        return intake.take(place, text);
    }
    match text {
        Text::Whole(bytes) => {
            book.log(place, Some(Sha256::digest(bytes).into()));
            intake.take(place, Text::Whole(bytes));
        }
        Text::Stream(reader) => {
            let mut hashing = Hashing { reader, hasher: Sha256::new(), has_failed: false };
            intake.take(place, Text::Stream(Box::new(&mut hashing)));
            book.log(place, hashing.finish().ok());
        }
    }
}

fn read_digest(text: Text<'_>) -> Result<(Digest, Hash), String> {
    let hashed = |bytes: &[u8]| Ok((Digest::parse(bytes)?, Sha256::digest(bytes).into()));
    match text {
        Text::Whole(bytes) => hashed(bytes),
        Text::Stream(reader) => {
            let mut bytes = Vec::new();
            reader.take(LARGEST_DIGEST).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
            hashed(&bytes)
        }
    }
}

/// A reader that hashes what is read through it.
struct Hashing<'r> {
    reader: Box<dyn Read + 'r>,
    hasher: Sha256,
    has_failed: bool,
}

impl Hashing<'_> {
    /// The hash of everything, also of what nobody wanted to read.
    fn finish(mut self) -> io::Result<Hash> {
        if self.has_failed {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        io::copy(&mut self, &mut io::sink())?;
        Ok(self.hasher.finalize().into())
    }
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer);
        self.has_failed |= read.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        let length = read?;
        self.hasher.update(buffer.get(..length).unwrap_or_default());
        Ok(length)
    }
}
