//! Decisions are durable before the database has them. A commit of SQLite writes whole pages, ten for a decision; this
//! writes a decision's rows and nothing else, in one place, in one flush for all callers that wait.
//!
//! The writer holds one transaction of the database open while decisions come (`desk.rs`): each reads its facts in it, its
//! rows are pushed here and put into the transaction, and those who wait are answered after one flush. The transaction ends
//! after a moment, with the first other command, or when somebody in this process wants to read. A process that dies before leaves the rows here, and they are put into the database
//!
//! - by whoever begins to write next, in any process, before anything else: [`catch_up`];
//! - from the first entry of the log on that the database lacks: what it has is passed over.
//!
//! While the write lock of the database is free, a living holder's rows are all in it. So whoever has the lock and finds
//! more here knows that the holder is dead.

mod file;

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};

use ring::hmac;
use ringfence_core::evidence::HeadSigner;
use rusqlite::Connection;

use self::file::{AheadFile, Found};
use super::connection::beside;
use super::evidence::ChainTip;
use super::rows::{self, Rows};
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
        for rows in found.frames().flat_map(commands) {
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
        let log = beside(&self.database, "-wal");
        Ok(Some(Ahead {
            file,
            soon: flush_when_told(log.clone())?,
            log,
            frame: Vec::new(),
        }))
    }
}

/// A thread that flushes the database's log when it is told to, and ends with the sender. A command that is not a decision
/// flushes in its commit whatever was not flushed before it: so that is little.
fn flush_when_told(log: PathBuf) -> Result<SyncSender<()>> {
    let (soon, told) = sync_channel(1);
    std::thread::Builder::new()
        .name("store-flusher".into())
        .spawn(move || {
            while told.recv().is_ok() {
                // Nothing rests on it: whoever needs it flushed flushes it.
                let _ = flush(&log);
            }
        })
        .map_err(|e| StoreError::Unavailable(format!("no flusher thread: {e}")))?;
    Ok(soon)
}

/// Flushes a database's log.
fn flush(log: &Path) -> std::io::Result<()> {
    match File::open(log) {
        Ok(log) => log.sync_data(),
        // It was copied into the database and removed, which flushes.
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}

fn lost(path: &Path, what: &str) -> StoreError {
    StoreError::Corrupt(format!(
        "{}: {what}. Move it away to go on without them",
        path.display()
    ))
}

/// The commands of a frame: each command's rows with their length before them.
fn commands(mut frame: &[u8]) -> impl Iterator<Item = Result<&[u8]>> {
    std::iter::from_fn(move || {
        if frame.is_empty() {
            return None;
        }
        let split = frame.split_first_chunk().and_then(|(length, rest)| {
            rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
        });
        let Some((rows, rest)) = split else {
            frame = &[];
            return Some(Err(StoreError::Corrupt("a frame ahead".into())));
        };
        frame = rest;
        Some(Ok(rows))
    })
}

/// The file as its one holder has it.
pub(super) struct Ahead {
    file: AheadFile,
    log: PathBuf,
    soon: SyncSender<()>,
    /// The rows of the commands that wait for the next flush, each with their length before them.
    frame: Vec<u8>,
}

impl Ahead {
    /// Puts a command's rows behind those that wait for the next flush.
    pub(super) fn push(&mut self, rows: &Rows) -> Result<()> {
        let rows = rows.as_bytes();
        let length =
            u32::try_from(rows.len()).map_err(|_| StoreError::invalid("too long a record"))?;
        self.frame.extend_from_slice(&length.to_le_bytes());
        self.frame.extend_from_slice(rows);
        Ok(())
    }

    /// Makes everything that was pushed durable.
    pub(super) fn flush(&mut self) -> Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        let flushed = self.file.append(&self.frame);
        self.frame.clear();
        flushed
    }

    /// After a transaction: has its part of the log flushed, with nobody waiting; begins anew when the file is full, once
    /// the log is on the disk.
    pub(super) fn bound(&mut self) -> Result<()> {
        // One that is flushing, or told already, is told enough.
        let _ = self.soon.try_send(());
        if self.file.is_full() {
            self.flush_log()?;
            self.file.begin_anew();
        }
        Ok(())
    }

    /// Between transactions, at the end: leaves nothing behind.
    pub(super) fn close(mut self) {
        if self.flush_log().is_ok() {
            self.file.clear();
        }
    }

    /// Flushes what commits without a flush of their own have written.
    pub(super) fn flush_log(&self) -> Result<()> {
        flush(&self.log)
            .map_err(|e| StoreError::Unavailable(format!("{}: {e}", self.log.display())))
    }
}
