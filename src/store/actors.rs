//! Actors, calls and ids as the tables hold them.

use jiff::Timestamp;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{OptionalExtension, Row, ToSql, Transaction, params};
use sha2::{Digest, Sha256};

use crate::aggregator::distill::Actor;
use crate::iam::PrincipalArn;

/// SQLite numbers rows from here on.
pub const FIRST_ROW: i64 = 1;

/// The number of the principal's row, which is made if it is not there.
pub fn principal(transaction: &Transaction<'_>, arn: &PrincipalArn) -> rusqlite::Result<i64> {
    let arn = arn.to_string();
    let known = transaction
        .prepare_cached("SELECT id FROM principals WHERE arn = ?1")?
        .query_row([&arn], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => transaction.prepare_cached("INSERT INTO principals (arn) VALUES (?1)")?.insert([&arn]),
    }
}

/// The number of the call's row, which is made if it is not there.
pub fn call(transaction: &Transaction<'_>, principal: i64, record: &str) -> rusqlite::Result<i64> {
    let hash = hash(&[record]);
    let known = transaction
        .prepare_cached("SELECT id FROM calls WHERE hash = ?1")?
        .query_row([&hash[..]], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => transaction
            .prepare_cached("INSERT INTO calls (principal, hash, record) VALUES (?1, ?2, ?3)")?
            .insert(params![principal, &hash[..], record]),
    }
}

/// The number of the actor's row, which is made if it is not there.
pub fn actor(transaction: &Transaction<'_>, actor: &Actor) -> rusqlite::Result<i64> {
    let parts = [
        &actor.session,
        &actor.access_key_id,
        &actor.source_ip,
        &actor.user_agent,
        &actor.source_identity,
        &actor.vpc_endpoint,
    ];
    let hash = hash(&parts.map(|part| part.as_deref().unwrap_or("\0")));
    let known = transaction
        .prepare_cached("SELECT id FROM actors WHERE hash = ?1")?
        .query_row([&hash[..]], |row| row.get(0))
        .optional()?;
    match known {
        Some(id) => Ok(id),
        None => transaction
            .prepare_cached(
                "INSERT INTO actors (hash, session, access_key_id, source_ip, user_agent, source_identity, vpc_endpoint)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .insert(params![&hash[..], parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]]),
    }
}

/// Reads an actor from six columns.
pub fn read_actor(row: &Row<'_>, first: usize) -> rusqlite::Result<Actor> {
    Ok(Actor {
        session: row.get(first)?,
        access_key_id: row.get(first + 1)?,
        source_ip: row.get(first + 2)?,
        user_agent: row.get(first + 3)?,
        source_identity: row.get(first + 4)?,
        vpc_endpoint: row.get(first + 5)?,
    })
}

/// Tells texts from all others; the same in every version.
fn hash(parts: &[&str]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// An `eventID`: 16 bytes for a UUID, else as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredId(pub String);

impl ToSql for StoredId {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match uuid_bytes(&self.0) {
            Some(bytes) => ToSqlOutput::Owned(Value::Blob(bytes)),
            None => ToSqlOutput::Borrowed(ValueRef::Text(self.0.as_bytes())),
        })
    }
}

/// Reads an id.
pub fn read_id(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Blob(bytes) => Some(uuid_text(bytes)),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    }
}

/// The bytes of a UUID that is written as CloudTrail writes it, so that nothing is lost.
fn uuid_bytes(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.split('-').collect();
    if digits.len() != 32 || !digits.is_ascii() {
        return None;
    }
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    let bytes: Option<Vec<u8>> = (0..16).map(|index| pair(index * 2)).collect();
    bytes.filter(|bytes| uuid_text(bytes) == text)
}

fn uuid_text(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

/// A moment as the tables hold it.
pub fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// A moment that the tables hold; the ends of the calendar for what nobody wrote.
pub fn moment(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_back_as_it_was() {
        let uuid = "0f0b2f9e-6b1c-4a60-8a2e-2f1a1d6e9c55";
        assert_eq!(uuid_bytes(uuid).map(|bytes| uuid_text(&bytes)).as_deref(), Some(uuid));
        for text in [uuid.to_uppercase(), "7".to_owned(), format!("{uuid}0"), uuid.replace('-', "")] {
            assert_eq!(uuid_bytes(&text), None, "{text}");
        }
    }
}
