//! Copies of the whole store.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Result;

/// Copies of everything.
pub trait Copies {
    /// Copies everything to a new file while others read and write, and verifies the copy: the database whole, its log to
    /// the last entry. `with_key`: the signing key goes to `<to>.key`, so that a server can be started on the copy.
    /// `Conflict` when anything of that name exists; a failure leaves nothing behind.
    fn backup(&self, to: &Path, with_key: bool) -> Result<Backup>;
}

/// A copy that was made and verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Backup {
    /// The copied database.
    pub database: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// The copied signing key, if it was asked for: whoever has it and the database can write a log that verifies.
    pub key: Option<PathBuf>,
    /// The copied files of lists.
    pub list_files: Vec<PathBuf>,
    /// Entries of the copied log, every one verified.
    pub entries: u64,
    /// The hash of its last entry.
    pub head_hash: String,
}
