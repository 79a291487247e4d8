//! The tables, and how those of older versions become those of today.

use rusqlite::{Connection, TransactionBehavior};

/// Tells a store from other SQLite files.
pub const APPLICATION_ID: i64 = 0x7472_696D;

/// Version by version what is added. A published one never changes; a store of version N runs those behind N.
const MIGRATIONS: [&str; 4] = [
    "CREATE TABLE principals (
        id INTEGER PRIMARY KEY,
        arn TEXT NOT NULL UNIQUE
     );
     -- Distinct calls: the hash is that of the record, which is distilled and without time and actor.
     CREATE TABLE calls (
        id INTEGER PRIMARY KEY,
        principal INTEGER NOT NULL REFERENCES principals (id),
        hash BLOB NOT NULL UNIQUE,
        record TEXT NOT NULL
     );
     -- Sessions: who, with which key, from where, with what.
     CREATE TABLE actors (
        id INTEGER PRIMARY KEY,
        hash BLOB NOT NULL UNIQUE,
        session TEXT, access_key_id TEXT, source_ip TEXT, user_agent TEXT, source_identity TEXT, vpc_endpoint TEXT
     );
     -- Each event once. Time in microseconds since 1970; the id as 16 bytes where it is a UUID.
     CREATE TABLE events (
        identity BLOB PRIMARY KEY,
        call INTEGER NOT NULL REFERENCES calls (id),
        actor INTEGER NOT NULL REFERENCES actors (id),
        time INTEGER NOT NULL,
        id
     ) WITHOUT ROWID;
     -- Calls that an engine has counted by day, without events: the newest count of a source replaces the one before.
     CREATE TABLE counted (
        source TEXT NOT NULL,
        call INTEGER NOT NULL REFERENCES calls (id),
        actor INTEGER NOT NULL REFERENCES actors (id),
        day INTEGER NOT NULL,
        events INTEGER NOT NULL,
        first INTEGER NOT NULL,
        last INTEGER NOT NULL,
        samples TEXT NOT NULL,
        PRIMARY KEY (source, call, actor, day)
     ) WITHOUT ROWID;
     -- From which source which days of which account and Region were seen.
     CREATE TABLE coverage (
        source TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, day INTEGER NOT NULL,
        PRIMARY KEY (source, account, region, day)
     ) WITHOUT ROWID;
     -- When each source was read first and last.
     CREATE TABLE sources (
        source TEXT PRIMARY KEY, first_read INTEGER NOT NULL, last_read INTEGER NOT NULL
     ) WITHOUT ROWID;
     CREATE TABLE gaps (text TEXT PRIMARY KEY) WITHOUT ROWID;",
    // When a role was audited with this store.
    "CREATE TABLE audits (
        principal TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (principal, at)
     ) WITHOUT ROWID;",
    // The time of the last event that the audit saw: what is delivered or collected later is new to the next one.
    "ALTER TABLE audits ADD COLUMN seen_until INTEGER;",
    // What could not be read, with what was asked for, so that a later reading that can read it makes an end of it; and
    // which objects were read whole, from when to when.
    "CREATE TABLE gaps_of_sources (
        source TEXT NOT NULL, scope TEXT NOT NULL, text TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,
        PRIMARY KEY (source, scope, text)
     ) WITHOUT ROWID;
     INSERT INTO gaps_of_sources SELECT '', '', text, -9223372036854775808, 9223372036854775807 FROM gaps;
     DROP TABLE gaps;
     ALTER TABLE gaps_of_sources RENAME TO gaps;
     CREATE TABLE objects (
        identity BLOB PRIMARY KEY, since INTEGER NOT NULL, until INTEGER NOT NULL, delivered INTEGER
     ) WITHOUT ROWID;",
];

/// The newest version.
pub const VERSION: i64 = MIGRATIONS.len() as i64;

/// The version of a database; 0 if nothing is in it.
pub fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings the tables up to date. Of two that try at once, the second finds it done.
pub fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(version(&transaction)?).unwrap_or(usize::MAX);
    for script in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// A database as the first version wrote it.
#[cfg(test)]
pub fn of_the_first_version(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(MIGRATIONS.first().copied().unwrap_or_default())?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", 1)
}
