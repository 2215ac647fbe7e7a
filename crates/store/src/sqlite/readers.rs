//! Connections that only read, each on a snapshot of its own.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::connection;
use super::writer::Door;
use crate::{Result, StoreError};

/// Readers at the same time; more wait (invariant `bounded`).
const READERS_MAX: usize = 8;

pub(super) struct Readers {
    path: PathBuf,
    door: Door,
    pool: Mutex<Pool>,
    returned: Condvar,
}

struct Pool {
    idle: Vec<Connection>,
    open: usize,
}

impl Readers {
    pub(super) fn new(path: PathBuf, door: Door) -> Self {
        Self {
            path,
            door,
            pool: Mutex::new(Pool {
                idle: Vec::new(),
                open: 0,
            }),
            returned: Condvar::new(),
        }
    }

    /// Reads within one snapshot, whatever is written meanwhile; everything that was acknowledged before is in it.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.door.settle();
        let mut lease = self.lease()?;
        let Some(conn) = lease.conn.as_mut() else {
            return Err(StoreError::Unavailable("no reader".into()));
        };
        let snapshot = conn.transaction()?;
        read(&snapshot)
    }

    /// Reads outside any transaction of ours, for what makes its own.
    pub(super) fn read_alone<T>(&self, read: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        self.door.settle();
        let lease = self.lease()?;
        match lease.conn.as_ref() {
            Some(conn) => read(conn),
            None => Err(StoreError::Unavailable("no reader".into())),
        }
    }

    fn lease(&self) -> Result<Lease<'_>> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(conn) = pool.idle.pop() {
                return Ok(Lease {
                    readers: self,
                    conn: Some(conn),
                });
            }
            if pool.open < READERS_MAX {
                pool.open = pool.open.saturating_add(1);
                drop(pool);
                let mut lease = Lease {
                    readers: self,
                    conn: None,
                };
                lease.conn = Some(connection::open(
                    &self.path,
                    OpenFlags::SQLITE_OPEN_READ_ONLY,
                )?);
                return Ok(lease);
            }
            pool = self
                .returned
                .wait(pool)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// One reader in use; it goes back to the pool whatever happens, a panic too.
struct Lease<'r> {
    readers: &'r Readers,
    conn: Option<Connection>,
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let mut pool = self
            .readers
            .pool
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match self.conn.take() {
            Some(conn) => pool.idle.push(conn),
            // It could not be opened.
            None => pool.open = pool.open.saturating_sub(1),
        }
        drop(pool);
        self.readers.returned.notify_one();
    }
}
