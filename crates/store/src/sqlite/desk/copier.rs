//! The thread that looks after the database's log behind the writer: it flushes it when a burst has ended, and copies it into
//! the database while more is written behind it.

use std::fs::File;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags};

use super::super::connection::{self, beside};
use crate::{Result, StoreError};

enum Errand {
    Flush,
    Copy,
}

pub(super) struct Copier {
    log: PathBuf,
    errands: Option<SyncSender<Errand>>,
    copied: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Copier {
    pub(super) fn start(database: &Path) -> Result<Self> {
        let conn = connection::open(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let log = beside(database, "-wal");
        let (errands, told) = sync_channel(1);
        let copied = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            conn,
            log: log.clone(),
            copied: Arc::clone(&copied),
        };
        let thread = std::thread::Builder::new()
            .name("store-copier".into())
            .spawn(move || worker.run(&told))
            .map_err(|e| StoreError::Unavailable(format!("no copier thread: {e}")))?;
        Ok(Self {
            log,
            errands: Some(errands),
            copied,
            thread: Some(thread),
        })
    }

    /// Has the log flushed, with nobody waiting: a command that flushes in its commit then has little left to flush. One who
    /// is told already, or at work, is told enough.
    pub(super) fn flush_soon(&self) {
        self.tell(Errand::Flush);
    }

    /// Has what is in the log now copied into the database; whether it took the errand.
    pub(super) fn copy_soon(&self) -> bool {
        self.tell(Errand::Copy)
    }

    /// Whether a copy that was asked for is made, said once.
    pub(super) fn has_copied(&self) -> bool {
        self.copied.swap(false, Ordering::SeqCst)
    }

    /// Flushes the log now.
    pub(super) fn flush(&self) -> Result<()> {
        flush(&self.log)
            .map_err(|e| StoreError::Unavailable(format!("{}: {e}", self.log.display())))
    }

    fn tell(&self, errand: Errand) -> bool {
        let errands = self.errands.as_ref();
        errands.is_some_and(|errands| errands.try_send(errand).is_ok())
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.errands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Worker {
    conn: Connection,
    log: PathBuf,
    copied: Arc<AtomicBool>,
}

impl Worker {
    fn run(self, told: &Receiver<Errand>) {
        while let Ok(errand) = told.recv() {
            match errand {
                // Nothing rests on it: whoever needs it flushed flushes it.
                Errand::Flush => drop(flush(&self.log)),
                Errand::Copy => {
                    copy(&self.conn);
                    self.copied.store(true, Ordering::SeqCst);
                }
            }
        }
    }
}

/// Copies the log into the database, as far as no reader stands in the way. What fails is tried again next time: the log holds
/// it.
pub(super) fn copy(conn: &Connection) {
    let _ = conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

fn flush(log: &Path) -> std::io::Result<()> {
    match File::open(log) {
        Ok(log) => log.sync_data(),
        // It was copied into the database and removed, which flushes.
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(()),
        Err(e) => Err(e),
    }
}
