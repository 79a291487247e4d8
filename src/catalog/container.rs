//! The file `catalog.bin`: an index, then a block for each service, each deflated for itself.
//!
//! ```text
//! 4 bytes  length of the deflated index, little endian
//! 4 bytes  its length inflated
//! the index, deflated: lines of fields parted by tabs
//!     date  2026-09-26
//!     source  NAME VERSION
//!     global  key  type                                       a condition key of all services
//!     service  prefix  name  actions  resource types  bytes deflated  bytes inflated
//! the blocks, in the order of the `service` lines
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use libdeflater::{CompressionLvl, Compressor, Decompressor};

use super::encoding;
use super::{CatalogError, ConditionKeyEntry, Service};

/// Length of the two numbers in front of the index.
const HEAD: usize = 8;

/// Where a catalogue comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CatalogInfo {
    /// The day the reference was read: `2026-09-26`.
    pub date: String,
    /// Name and version of the package that it was made from.
    pub source: String,
}

/// What the index says.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub info: CatalogInfo,
    pub global_keys: Vec<ConditionKeyEntry>,
    pub services: BTreeMap<String, ServiceHead>,
}

/// What the index says of one service.
#[derive(Debug)]
pub(super) struct ServiceHead {
    pub name: String,
    pub actions: usize,
    pub resource_types: usize,
    /// Where its block lies in the file.
    pub block: Range<usize>,
    pub inflated: usize,
}

/// Puts a catalogue file together.
#[derive(Debug, Default)]
pub struct CatalogBuilder {
    info: CatalogInfo,
    global_keys: Vec<ConditionKeyEntry>,
    services: BTreeMap<String, (String, Service)>,
}

impl CatalogBuilder {
    pub fn new(info: CatalogInfo, global_keys: Vec<ConditionKeyEntry>) -> Self {
        Self { info, global_keys, services: BTreeMap::new() }
    }

    /// Adds a service by its prefix and full name.
    pub fn add(&mut self, prefix: &str, name: &str, mut service: Service) {
        service.sort();
        self.services.insert(prefix.to_owned(), (name.to_owned(), service));
    }

    /// The bytes of the file. The same services give the same bytes, in whatever order they were added.
    pub fn build(&self) -> Result<Vec<u8>, CatalogError> {
        let mut index = format!("date\t{}\nsource\t{}\n", self.info.date, self.info.source);
        for key in &self.global_keys {
            index.push_str(&format!("global\t{}\t{}\n", key.name, key.type_name()));
        }
        let mut blocks = Vec::new();
        for (prefix, (name, service)) in &self.services {
            let text = encoding::encode(service).map_err(|error| CatalogError::service(prefix, error))?;
            let block = deflate(text.as_bytes());
            let (actions, types) = (service.actions.len(), service.resource_types.len());
            let sizes = format!("{}\t{}", block.len(), text.len());
            index.push_str(&format!("service\t{prefix}\t{name}\t{actions}\t{types}\t{sizes}\n"));
            blocks.extend(block);
        }
        let head = deflate(index.as_bytes());
        let mut file = Vec::with_capacity(HEAD + head.len() + blocks.len());
        for length in [head.len(), index.len()] {
            file.extend(u32::try_from(length).map_err(|_| CatalogError::BadIndex)?.to_le_bytes());
        }
        file.extend(head);
        file.extend(blocks);
        Ok(file)
    }
}

/// Reads the index.
pub(super) fn read_index(file: &[u8]) -> Result<Index, CatalogError> {
    let number = |at: Range<usize>| Some(u32::from_le_bytes(file.get(at)?.try_into().ok()?) as usize);
    let lengths = number(0..4).zip(number(4..8)).ok_or(CatalogError::BadIndex)?;
    let text = inflate(file, HEAD..HEAD.saturating_add(lengths.0), lengths.1).ok_or(CatalogError::BadIndex)?;
    let mut index = Index::default();
    let mut start = HEAD + lengths.0;
    for line in text.lines() {
        start = read_line(&mut index, line, start).ok_or(CatalogError::BadIndex)?;
    }
    Ok(index)
}

/// Reads one service.
pub(super) fn read_service(file: &[u8], prefix: &str, head: &ServiceHead) -> Result<Service, CatalogError> {
    let text = inflate(file, head.block.clone(), head.inflated);
    let text = text.ok_or_else(|| CatalogError::BadBlock { prefix: prefix.to_owned() })?;
    encoding::decode(prefix, &text).map_err(|error| CatalogError::service(prefix, error))
}

/// Takes one line of the index in; answers where the next block starts.
fn read_line(index: &mut Index, line: &str, start: usize) -> Option<usize> {
    let mut fields = line.split('\t');
    match fields.next()? {
        "date" => index.info.date = fields.next()?.to_owned(),
        "source" => index.info.source = fields.next()?.to_owned(),
        "global" => index.global_keys.push(ConditionKeyEntry::new(fields.next()?, fields.next()?).ok()?),
        "service" => {
            let prefix = fields.next()?.to_owned();
            let name = fields.next()?.to_owned();
            let mut number = || fields.next()?.parse::<usize>().ok();
            let (actions, resource_types, deflated, inflated) = (number()?, number()?, number()?, number()?);
            let block = start..start.checked_add(deflated)?;
            let end = block.end;
            index.services.insert(prefix, ServiceHead { name, actions, resource_types, block, inflated });
            return Some(end);
        }
        _ => return None,
    }
    Some(start)
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::best());
    let mut out = vec![0; compressor.deflate_compress_bound(bytes.len())];
    // The bound is documented to be enough for any input of that length.
    let written = compressor.deflate_compress(bytes, &mut out).unwrap_or(0);
    out.truncate(written);
    out
}

fn inflate(file: &[u8], range: Range<usize>, length: usize) -> Option<String> {
    let mut out = vec![0; length];
    let written = Decompressor::new().deflate_decompress(file.get(range)?, &mut out).ok()?;
    (written == length).then(|| String::from_utf8(out).ok())?
}
