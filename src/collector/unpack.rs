//! Takes compression off files. What a file is, its first bytes tell, not its name.
//!
//! Nearly all files of a trail are small and one gzip member: they are read and inflated whole by libdeflate, into buffers
//! that are used again for the next file. Everything else is streamed: large files, several members, zstd, damaged data,
//! and whatever claims to be small and is not. So memory is bounded whatever comes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;
use libdeflater::Decompressor;
use memchr::memmem;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The text of a file.
pub enum Text<'b> {
    Whole(&'b [u8]),
    Stream(Box<dyn Read + 'b>),
}

/// Opens files, one after the other.
pub struct Unpacker {
    decompressor: Decompressor,
    packed: Buffer,
    text: Buffer,
    limit: usize,
}

/// Memory for one file after the other. Files come biggest first, and what is found in them grows meanwhile: what has
/// not been needed for some files is given back.
#[derive(Default)]
struct Buffer {
    bytes: Vec<u8>,
    /// How many files in a row needed less than half of it.
    small: u32,
}

impl Buffer {
    /// So many files in a row must be small: those out of S3 come in any order.
    const PATIENCE: u32 = 16;

    fn of_size(&mut self, size: usize) -> &mut [u8] {
        self.small = if size < self.bytes.len() / 2 { self.small + 1 } else { 0 };
        if self.small > Self::PATIENCE {
            self.small = 0;
            self.bytes.truncate(size);
            self.bytes.shrink_to_fit();
        }
        if self.bytes.len() < size {
            self.bytes.resize(size, 0);
        }
        self.bytes.get_mut(..size).unwrap_or_default()
    }
}

const GZIP: &[u8] = &[0x1F, 0x8B, 0x08];
const BUFFER: usize = 64 << 10;

impl Unpacker {
    /// Larger files and texts than `limit` bytes are streamed.
    pub fn new(limit: usize) -> Self {
        Self { decompressor: Decompressor::new(), packed: Buffer::default(), text: Buffer::default(), limit }
    }

    /// Opens a file of about `bytes` bytes.
    pub fn open(&mut self, path: &Path, bytes: u64) -> io::Result<Text<'_>> {
        let mut file = File::open(path)?;
        if bytes > self.limit as u64 {
            return Ok(Text::Stream(unpacked(Box::new(BufReader::with_capacity(BUFFER, file)), LAYERS)?));
        }
        let size = bytes as usize;
        // One byte more than there should be, to see whether there is more.
        let buffer = self.packed.of_size(size + 1);
        let filled = fill(&mut file, buffer)?;
        let packed = buffer.get(..filled).unwrap_or_default();
        if filled > size {
            let rest = BufReader::with_capacity(BUFFER, file);
            return Ok(Text::Stream(unpacked(Box::new(Cursor::new(packed).chain(rest)), LAYERS)?));
        }
        text_of(&mut self.decompressor, packed, &mut self.text, self.limit)
    }

    /// Opens what is in memory already.
    pub fn open_bytes<'b>(&'b mut self, packed: &'b [u8]) -> io::Result<Text<'b>> {
        text_of(&mut self.decompressor, packed, &mut self.text, self.limit)
    }
}

/// The text of a whole file, inflated at once where it fits.
fn text_of<'b>(
    decompressor: &mut Decompressor,
    packed: &'b [u8],
    text: &'b mut Buffer,
    limit: usize,
) -> io::Result<Text<'b>> {
    if !is_packed(packed) {
        return Ok(Text::Whole(packed));
    }
    match inflate_whole(decompressor, packed, text, limit) {
        Some(text) if !is_packed(text) => Ok(Text::Whole(text)),
        Some(text) => Ok(Text::Stream(unpacked(Box::new(Cursor::new(text)), LAYERS)?)),
        None => Ok(Text::Stream(unpacked(Box::new(Cursor::new(packed)), LAYERS)?)),
    }
}

/// Reads until the buffer is full or the file ends; how much there is.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        match file.read(free) {
            Ok(0) => break,
            Ok(length) => filled += length,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Inflates a single gzip member, if it says that it fits and does.
fn inflate_whole<'t>(
    decompressor: &mut Decompressor,
    packed: &[u8],
    text: &'t mut Buffer,
    limit: usize,
) -> Option<&'t [u8]> {
    let inside = packed.strip_prefix(GZIP)?;
    let trailer: [u8; 4] = packed.last_chunk().copied()?;
    // The size is that of the last member, modulo 4 GiB, and anybody may have written anything there.
    let size = usize::try_from(u32::from_le_bytes(trailer)).ok()?;
    if size > limit || memmem::find(inside, GZIP).is_some() {
        return None;
    }
    let text = text.of_size(size);
    let length = decompressor.gzip_decompress(packed, text).ok()?;
    (length == size).then_some(text)
}

/// Standard input, or any other stream.
pub fn unpack_stream<'r>(reader: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    unpacked(Box::new(BufReader::with_capacity(BUFFER, reader)), LAYERS)
}

/// Compression inside compression that is taken off: Firehose packs what CloudWatch Logs has packed.
const LAYERS: u8 = 3;

fn unpacked<'r>(mut reader: Box<dyn BufRead + 'r>, layers: u8) -> io::Result<Box<dyn Read + 'r>> {
    let mut head = Vec::new();
    (&mut reader).take(4).read_to_end(&mut head)?;
    let inner: Box<dyn Read + 'r> = if layers > 0 && head.starts_with(GZIP) {
        Box::new(GzipMembers::new(Cursor::new(head).chain(reader)))
    } else if layers > 0 && is_zstd(&head) {
        Box::new(ZstdFrames::new(Cursor::new(head).chain(reader)))
    } else {
        return Ok(Box::new(Cursor::new(head).chain(reader)));
    };
    unpacked(Box::new(BufReader::with_capacity(BUFFER, inner)), layers - 1)
}

fn is_packed(bytes: &[u8]) -> bool {
    bytes.starts_with(GZIP) || is_zstd(bytes)
}

/// A frame, or one to be skipped, of which there are sixteen kinds.
fn is_zstd(bytes: &[u8]) -> bool {
    matches!(bytes, [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..])
}

/// One gzip member after the other. Zeros behind the last are padding.
struct GzipMembers<R>(Option<GzDecoder<R>>);

impl<R: BufRead> GzipMembers<R> {
    fn new(reader: R) -> Self {
        Self(Some(GzDecoder::new(reader)))
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.0 {
            let length = member.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            let Some(member) = self.0.take() else { break };
            let mut reader = member.into_inner();
            if let Some(first) = skip_zeros(&mut reader)? {
                if Some(&first) != GZIP.first() {
                    return Err(io::Error::new(
                        io::ErrorKind::InvalidData,
                        "bytes behind the gzip data that are no gzip",
                    ));
                }
                self.0 = Some(GzDecoder::new(reader));
            }
        }
        Ok(0)
    }
}

/// Steps over zeros; the first other byte, which stays.
fn skip_zeros(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let zeros = buffer.iter().take_while(|byte| **byte == 0).count();
        let first = buffer.get(zeros).copied();
        reader.consume(zeros);
        if first.is_some() {
            return Ok(first);
        }
    }
}

/// One zstd frame after the other; skippable ones are skipped.
struct ZstdFrames<R> {
    reader: R,
    decoder: FrameDecoder,
    in_frame: bool,
}

/// More than `zstd -19` needs. A frame may ask for gigabytes.
const LARGEST_WINDOW: u64 = 32 << 20;

impl<R: BufRead> ZstdFrames<R> {
    fn new(reader: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(LARGEST_WINDOW);
        Self { reader, decoder, in_frame: false }
    }

    /// Reads the next frame's header; whether there is one.
    fn start_frame(&mut self) -> io::Result<bool> {
        while !self.reader.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.reader) {
                Ok(()) => {
                    self.in_frame = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    io::copy(&mut (&mut self.reader).take(u64::from(length)), &mut io::sink())?;
                }
                Err(error) => return Err(damaged(&error)),
            }
        }
        Ok(false)
    }

    fn finish_frame(&mut self) -> io::Result<()> {
        self.in_frame = false;
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(written), Some(calculated)) if written != calculated => Err(damaged(&"the checksum does not match")),
            _ => Ok(()),
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.in_frame || self.start_frame()? {
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let strategy = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(&mut self.reader, strategy).map_err(|error| damaged(&error))?;
            }
            let length = self.decoder.read(buffer)?;
            if length > 0 || buffer.is_empty() {
                return Ok(length);
            }
            self.finish_frame()?;
        }
        Ok(0)
    }
}

fn damaged(cause: &dyn std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    fn read(text: Text<'_>) -> io::Result<Vec<u8>> {
        match text {
            Text::Whole(text) => Ok(text.to_vec()),
            Text::Stream(mut reader) => {
                let mut text = Vec::new();
                reader.read_to_end(&mut text).map(|_| text)
            }
        }
    }

    /// Reads a file with these bytes, with a small limit and a large one, and as a stream.
    fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let whole = read(Unpacker::new(1 << 20).open(file.path(), bytes.len() as u64)?);
        let streamed = read(Unpacker::new(10).open(file.path(), bytes.len() as u64)?);
        let grown = read(Unpacker::new(10).open(file.path(), 0)?);
        let piped = read(Text::Stream(unpack_stream(bytes)?));
        for other in [streamed, grown, piped] {
            assert_eq!(whole.as_ref().ok(), other.as_ref().ok());
            assert_eq!(whole.is_err(), other.is_err());
        }
        whole
    }

    #[test]
    fn all_packings_come_out_as_text() {
        let text = b"{\"Records\":[]}".repeat(1000);
        let halves = text.split_at(700);
        for packed in [
            text.clone(),
            gzip(&text),
            [gzip(halves.0), gzip(halves.1)].concat(),
            [gzip(&text), vec![0; 500]].concat(),
            gzip(&gzip(&text)),
            zstd(&text),
            [zstd(halves.0), zstd(halves.1)].concat(),
            [b"\x50\x2a\x4d\x18\x03\0\0\0abc".to_vec(), zstd(&text)].concat(),
            gzip(&zstd(&text)),
        ] {
            assert_eq!(unpack(&packed).unwrap(), text);
        }
        assert_eq!(unpack(b"").unwrap(), b"");
        assert_eq!(unpack(&gzip(b"")).unwrap(), b"");
        let twice = gzip(&text);
        assert_eq!(unpack(&[twice.clone(), twice].concat()).unwrap(), text.repeat(2));
    }

    #[test]
    fn memory_is_given_back_when_files_get_small() {
        let mut buffer = Buffer::default();
        assert_eq!(buffer.of_size(1 << 20).len(), 1 << 20);
        for size in (0..100).map(|file| 1000 - file) {
            assert_eq!(buffer.of_size(size).len(), size);
        }
        assert!(buffer.bytes.capacity() < 2000, "{}", buffer.bytes.capacity());
        for _ in 0..100 {
            buffer.of_size(10);
            buffer.of_size(1 << 20);
        }
        assert!(buffer.bytes.capacity() >= 1 << 20, "a small file between large ones gives nothing back");
    }

    #[test]
    fn damage_is_an_error() {
        let packed = gzip(&b"{\"Records\":[]}".repeat(1000));
        assert!(unpack(&packed[..packed.len() - 1]).is_err());
        assert!(unpack(&packed[..packed.len() / 2]).is_err());
        assert!(unpack(&[&packed, &b"rest"[..]].concat()).is_err());
        let mut wrong_checksum = packed.clone();
        wrong_checksum[packed.len() - 5] ^= 1;
        assert!(unpack(&wrong_checksum).is_err());
        let packed = zstd(&b"{\"Records\":[]}".repeat(1000));
        assert!(unpack(&packed[..packed.len() - 1]).is_err());
    }

    #[test]
    fn a_file_that_lies_about_its_size_is_streamed() {
        let mut packed = gzip(&vec![b' '; 1 << 20]);
        let trailer = packed.len() - 4;
        packed[trailer..].copy_from_slice(&7u32.to_le_bytes());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &packed).unwrap();
        assert!(matches!(Unpacker::new(1 << 16).open(file.path(), packed.len() as u64), Ok(Text::Stream(_))));
    }
}
