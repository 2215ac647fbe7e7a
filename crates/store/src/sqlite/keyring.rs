//! Which API keys open the door at this very moment. A key that was read is remembered while nobody has committed
//! anything since: SQLite's `data_version`, asked each time, says so of other processes, too. So a key that is taken
//! back opens nothing from then on, and most requests read no row.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

use super::{connection, key};
use crate::Result;
use crate::key::ApiKey;

/// Keys remembered; when there are more, all are forgotten (invariant `bounded`).
const KEPT_MAX: usize = 1024;

pub(super) struct Keyring {
    path: PathBuf,
    ring: Mutex<Option<Ring>>,
}

struct Ring {
    conn: Connection,
    /// The state of the database of which `keys` are.
    version: Option<i64>,
    keys: HashMap<[u8; 32], ApiKey>,
}

impl Keyring {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self {
            path,
            ring: Mutex::new(None),
        }
    }

    /// The key with this hash, unless there is none or it was taken back.
    pub(super) fn authenticate(&self, sha256: &[u8; 32]) -> Result<Option<ApiKey>> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = match ring.take() {
            Some(open) => open,
            None => Ring {
                conn: connection::open(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
                version: None,
                keys: HashMap::new(),
            },
        };
        let found = open.find(sha256)?;
        // One that failed is not kept: the next request opens it anew.
        *ring = Some(open);
        Ok(found)
    }
}

impl Ring {
    fn find(&mut self, sha256: &[u8; 32]) -> Result<Option<ApiKey>> {
        let version: i64 = self
            .conn
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if self.version != Some(version) {
            self.keys.clear();
            self.version = Some(version);
        }
        if let Some(key) = self.keys.get(sha256) {
            return Ok(Some(key.clone()));
        }
        // What is committed between the two is in it, and makes the next look forget it.
        let found = key::authenticate(&self.conn, sha256)?;
        if let Some(key) = &found {
            if self.keys.len() >= KEPT_MAX {
                self.keys.clear();
            }
            self.keys.insert(*sha256, key.clone());
        }
        Ok(found)
    }
}
