//! Opening a store.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::StoreError;
use super::schema;

/// A store on disk.
#[derive(Debug)]
pub struct Store {
    connection: Mutex<Connection>,
    path: PathBuf,
}

/// How long a writer waits for another one. A batch takes well under a second.
const PATIENCE: Duration = Duration::from_secs(120);

impl Store {
    /// Opens a store that is there, to read it or to write to it.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        Self::create(path)
    }

    /// Opens a store, and makes it if it is not there.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| match source {
            rusqlite::Error::SqliteFailure(error, _) if error.code == ErrorCode::NotADatabase => {
                StoreError::NotAStore { path: path.to_owned() }
            }
            rusqlite::Error::SqliteFailure(error, _)
                if matches!(error.code, ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) =>
            {
                // The code says it in few words; the long text names the file again.
                StoreError::Unopened { path: path.to_owned(), source: rusqlite::Error::SqliteFailure(error, None) }
            }
            source => StoreError::Database { path: path.to_owned(), source },
        };
        // No URI: a name with `?` in it is a name.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(PATIENCE).map_err(failed)?;
        let found = schema::version(&connection).map_err(failed)?;
        if found > schema::VERSION {
            return Err(StoreError::Newer { path: path.to_owned(), found, known: schema::VERSION });
        }
        if found < schema::VERSION {
            if holds_something_else(&connection).map_err(failed)? {
                return Err(StoreError::NotAStore { path: path.to_owned() });
            }
            // Counts for a file without tables only, and then lets `--retain` give room back.
            connection.pragma_update(None, "auto_vacuum", "incremental").map_err(failed)?;
            connection.pragma_update(None, "journal_mode", "wal").map_err(failed)?;
            schema::migrate(&mut connection).map_err(failed)?;
        }
        connection.pragma_update(None, "synchronous", "normal").map_err(failed)?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned() })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        // A thread that panicked inside a transaction has rolled it back.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the database.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&mut self.connection()).map_err(|source| self.failed(source))
    }

    pub(super) fn failed(&self, source: rusqlite::Error) -> StoreError {
        StoreError::Database { path: self.path.clone(), source }
    }
}

/// Whether it is an SQLite database of another program.
fn holds_something_else(connection: &Connection) -> rusqlite::Result<bool> {
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(id != schema::APPLICATION_ID && tables > 0)
}
