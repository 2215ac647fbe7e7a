//! Copies of the whole store.

use std::path::PathBuf;

use serde::Serialize;

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
