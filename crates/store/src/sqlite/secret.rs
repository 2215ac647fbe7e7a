//! The key that signs heads: a file beside the database, for its owner alone.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use ringfence_core::evidence::{hex, unhex};

use super::connection::beside;
use crate::{Result, StoreError};

/// `<database>.key`.
pub(super) fn path_beside(database: &Path) -> PathBuf {
    beside(database, ".key")
}

/// Reads the key.
pub(super) fn load(database: &Path) -> Result<[u8; 32]> {
    let path = path_beside(database);
    let text = std::fs::read_to_string(&path).map_err(|e| unavailable(&path, &e))?;
    unhex(text.trim())
        .ok_or_else(|| StoreError::Corrupt(format!("{} holds no signing key", path.display())))
}

/// The key's file, opened to be locked, not to be read.
pub(super) fn open(database: &Path) -> Result<File> {
    let path = path_beside(database);
    File::open(&path).map_err(|e| unavailable(&path, &e))
}

/// Reads the key, or makes it; the caller holds the new database's write lock, so no other process makes one.
pub(super) fn load_or_make(database: &Path) -> Result<[u8; 32]> {
    let path = path_beside(database);
    match std::fs::metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path),
        _ => load(database),
    }
}

/// Copies the key beside another database; never over a file.
pub(super) fn copy(database: &Path, to: &Path) -> Result<()> {
    let secret = load(database)?;
    if to.symlink_metadata().is_ok() {
        return Err(StoreError::Conflict(format!("{} exists", to.display())));
    }
    write_durably(to, &hex(&secret)).map_err(|e| unavailable(to, &e))
}

fn make(path: &Path) -> Result<[u8; 32]> {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|e| unavailable(path, &e))?;
    // Written whole under another name first: a crash leaves either no key or this one.
    let draft = beside(path, ".new");
    write_durably(&draft, &hex(&secret))
        .and_then(|()| std::fs::rename(&draft, path))
        .and_then(|()| sync_directory(path))
        .map_err(|e| unavailable(path, &e))?;
    Ok(secret)
}

fn write_durably(path: &Path, line: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{line}")?;
    file.sync_all()
}

pub(super) fn sync_directory(path: &Path) -> std::io::Result<()> {
    let directory = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

fn unavailable(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("signing key {}: {error}", path.display()))
}
