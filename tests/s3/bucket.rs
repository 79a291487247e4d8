//! One bucket of S3 as it answers: listings in one page, and objects with their metadata.

use std::collections::BTreeMap;

use crate::stand_ins::{Answer, Call};

/// An object's bytes and what is kept beside them.
#[derive(Clone, Debug)]
pub struct Stored {
    pub bytes: Vec<u8>,
    pub metadata: Vec<(String, String)>,
}

/// `ListObjectsV2` of a bucket.
pub fn list(call: &Call, objects: &BTreeMap<String, Stored>) -> Answer {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pairs = call.path.split_once('?').unwrap().1.split('&').filter_map(|pair| pair.split_once('='));
    let asked: BTreeMap<&str, String> = pairs.map(|(name, value)| (name, decoded(value))).collect();
    let get = |name: &str| asked.get(name).map(String::as_str).unwrap_or_default();
    let (prefix, delimiter, after) = (get("prefix"), get("delimiter"), get("start-after"));
    let mut rows: Vec<String> = Vec::new();
    for (key, object) in objects.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after) {
        let below = key[prefix.len()..].find(delimiter).filter(|_| !delimiter.is_empty());
        let row = match below {
            Some(end) => format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", &key[..=prefix.len() + end]),
            None => {
                format!("<Contents><Key>{key}</Key><ETag>\"1\"</ETag><Size>{}</Size></Contents>", object.bytes.len())
            }
        };
        if rows.last() != Some(&row) {
            rows.push(row);
        }
    }
    Answer::xml(format!("<ListBucketResult><IsTruncated>false</IsTruncated>{}</ListBucketResult>", rows.concat()))
}

/// An error as S3 writes it: without the frame of the others.
pub fn s3_error(status: u16, code: &str, said: &str) -> Answer {
    Answer::xml(format!("<Error><Code>{code}</Code><Message>{said}</Message></Error>")).status(status)
}

/// `GetObject` of a bucket.
pub fn get(call: &Call, objects: &BTreeMap<String, Stored>) -> Answer {
    let path = call.path.split('?').next().unwrap();
    let key = percent_encoding::percent_decode_str(path.splitn(3, '/').nth(2).unwrap()).decode_utf8_lossy();
    let Some(Stored { bytes, metadata }) = objects.get(&*key) else {
        return s3_error(404, "NoSuchKey", "The specified key does not exist.");
    };
    let mut answer = Answer::xml(String::new());
    answer.body.clone_from(bytes);
    answer.headers.extend(metadata.iter().map(|(name, value)| (format!("x-amz-meta-{name}"), value.clone())));
    answer
}
