//! Decisions are durable before the database has them. A commit of SQLite writes whole pages, ten for a decision; this
//! writes a decision's rows and nothing else, in one place, in one flush for all callers that wait.
//!
//! The writer holds one transaction of the database open while decisions come (`desk/burst.rs`): each one's rows are pushed
//! here, put into the transaction too, and those who wait are answered after one flush. The transaction ends after a moment,
//! with the first other command, or when somebody in this process wants to read. A process that dies before leaves the rows
//! here, and they are put into the database
//!
//! - by whoever begins to write next, in any process, before anything else: [`Place::catch_up`];
//! - from the first entry of the log on that the database lacks: what it has is passed over.
//!
//! While the write lock of the database is free, a living holder's rows are all in it. So whoever has the lock and finds
//! more here knows that the holder is dead.

mod disk;
mod file;

use std::path::{Path, PathBuf};

use ring::hmac;
use ringfence_core::evidence::HeadSigner;
use rusqlite::Connection;

use self::file::{AheadFile, Found};
use super::evidence::ChainTip;
use super::rows::{self, Frame, Rows};
use crate::{Result, StoreError};

/// One database's file: where it is, and what its seals are made with.
#[derive(Clone)]
pub(super) struct Place {
    database: PathBuf,
    key: hmac::Key,
    schema: u32,
}

impl Place {
    pub(super) fn new(database: &Path, secret: &[u8; 32], schema: usize) -> Self {
        Self {
            database: database.to_owned(),
            key: file::seal_key(secret),
            schema: u32::try_from(schema).unwrap_or(u32::MAX),
        }
    }

    /// Puts what a dead process left ahead into the database, whose write transaction the caller is in; how many
    /// decisions that were.
    ///
    /// # Errors
    /// `Corrupt` when it is of another database, of another state of this one, or was changed.
    pub(super) fn catch_up(&self, conn: &Connection, signer: &HeadSigner) -> Result<u32> {
        let path = file::path_beside(&self.database);
        let Some(found) = Found::read(&path, &self.key)? else {
            return Ok(0);
        };
        let newest: i64 = conn
            .prepare_cached("SELECT coalesce(max(seq), 0) FROM events")?
            .query_row([], |row| row.get(0))?;
        let mut caught_up = 0_u32;
        let mut tip: Option<ChainTip> = None;
        for rows in found.frames().flat_map(rows::commands) {
            let rows = rows?;
            let entries = rows::entries(rows)?.ok_or_else(|| lost(&path, "no entry"))?;
            if entries.last <= newest {
                continue;
            }
            if found.schema != self.schema {
                return Err(lost(
                    &path,
                    "decisions of an earlier version of this program; start that one once",
                ));
            }
            let mut end = match tip.take() {
                Some(tip) => tip,
                None => ChainTip::read(conn)?,
            };
            if !end.goes_on_with(&entries) {
                return Err(lost(
                    &path,
                    "decisions that do not follow from this database, such as an older copy of it",
                ));
            }
            rows::apply(conn, rows)?;
            end.go_on(&entries)?;
            tip = Some(end);
            caught_up = caught_up.saturating_add(1);
        }
        if let Some(tip) = tip {
            tip.sign(conn, signer)?;
        }
        Ok(caught_up)
    }

    /// Holds the file, whose rows are all in the database; none when another process does.
    pub(super) fn hold(&self) -> Result<Option<Ahead>> {
        let Some(file) = AheadFile::hold(&self.database, &self.key, self.schema)? else {
            return Ok(None);
        };
        Ok(Some(Ahead {
            file,
            frame: Frame::default(),
        }))
    }
}

fn lost(path: &Path, what: &str) -> StoreError {
    StoreError::Corrupt(format!(
        "{}: {what}. Move it away to go on without them",
        path.display()
    ))
}

/// The file as its one holder has it.
pub(super) struct Ahead {
    file: AheadFile,
    /// The commands that wait for the next flush.
    frame: Frame,
}

impl Ahead {
    /// Puts a command's rows behind those that wait for the next flush.
    pub(super) fn push(&mut self, rows: &Rows) -> Result<()> {
        self.frame.push(rows)
    }

    /// Makes everything that was pushed durable.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let flushed = self.file.append(self.frame.as_bytes());
        self.frame.clear();
        flushed
    }

    /// Whether it is time to begin anew, at the end of a transaction.
    pub(super) fn is_full(&self) -> bool {
        self.file.is_full()
    }

    /// Begins anew: everything in it is in the database, on the disk.
    pub(super) fn begin_anew(&mut self) {
        self.file.begin_anew();
    }

    /// Leaves nothing behind: the same, and no more is to come.
    pub(super) fn close(mut self) {
        self.file.clear();
    }
}
