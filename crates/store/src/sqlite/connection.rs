//! A connection with the settings that durability rests on.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::secret;
use crate::{Result, StoreError};

/// How long to wait for another process that writes, such as the CLI beside the server importing a list.
const BUSY_WAIT: Duration = Duration::from_secs(10);

/// Statements kept prepared; there are about as many in this crate.
const STATEMENTS_MAX: usize = 160;

/// What lies beside a database under its name with this ending.
pub(super) fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// The line in which those wait who want to write, of this process and others: whoever has it is the next to begin. It is the
/// file of the key, which is always there once a database is.
pub(super) struct Line(File);

impl Line {
    pub(super) fn open(database: &Path) -> Result<Self> {
        secret::open(database).map(Self)
    }

    /// Begins, in one's turn.
    pub(super) fn begin<T>(&self, begin: impl FnOnce() -> Result<T>) -> Result<T> {
        let unavailable =
            |e| StoreError::Unavailable(format!("no place in the line of writers: {e}"));
        self.0.lock().map_err(unavailable)?;
        let begun = begin();
        self.0.unlock().map_err(unavailable)?;
        begun
    }
}

pub(super) fn open(path: &Path, mode: OpenFlags) -> Result<Connection> {
    let conn = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.busy_timeout(BUSY_WAIT)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "trusted_schema", false)?;
    // Without it a range's new bound value makes SQLite plan the statement anew at every run.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(conn)
}

/// One who waits to write asks again this often: SQLite's own waiting goes up to a tenth of a second, and is not seen by
/// whoever writes all the time.
const ASK_AGAIN: Duration = Duration::from_millis(1);

/// Pages that the writer keeps, in KiB: a burst of decisions stays in memory until it ends.
pub(super) const CACHE_KIB: i32 = 16 << 10;

fn wait_to_write(times: i32) -> bool {
    std::thread::sleep(ASK_AGAIN);
    u128::try_from(times).is_ok_and(|times| times * ASK_AGAIN.as_millis() < BUSY_WAIT.as_millis())
}

pub(super) fn open_writer(path: &Path) -> Result<Connection> {
    let mut conn = open(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE,
    )?;
    // WAL lets readers go on; FULL flushes the log at every commit, so that what was acknowledged survives power loss.
    keep_a_log(&conn)?;
    conn.pragma_update(None, "cache_size", -CACHE_KIB)?;
    conn.busy_handler(Some(wait_to_write))?;
    conn.pragma_update(None, "synchronous", "full")?;
    Ok(conn)
}

/// Turns the write-ahead log on. Two who do that to a new file hold each other up, and SQLite tells one so at once instead of
/// letting it wait.
fn keep_a_log(conn: &Connection) -> Result<()> {
    let mut times = 0;
    loop {
        match conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
            Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                if !wait_to_write(times) {
                    return Err(e.into());
                }
                times = times.saturating_add(1);
            }
            turned => return Ok(turned?),
        }
    }
}
