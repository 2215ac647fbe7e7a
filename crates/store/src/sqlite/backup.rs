//! A copy of everything while others write: one snapshot, verified before it gets its name.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::connection::beside;
use super::{SqliteStore, connection, evidence, page, secret};
use crate::backup::{Backup, Copies};
use crate::registry::{Residence, Snapshot};
use crate::{Result, StoreError};

impl Copies for SqliteStore {
    fn backup(&self, to: &Path, with_key: bool) -> Result<Backup> {
        make(self, to, with_key)
    }
}

/// Makes the copy. `to` must not exist, nor what is to stand beside it.
fn make(store: &SqliteStore, to: &Path, with_key: bool) -> Result<Backup> {
    let key = with_key.then(|| secret::path_beside(to));
    let draft = beside(to, ".partial");
    let lists = beside(to, ".lists");
    for other in key
        .iter()
        .chain([&draft, &lists, &beside(to, "-wal"), &beside(to, "-shm")])
    {
        if other.symlink_metadata().is_ok() {
            return Err(exists(other));
        }
    }
    // What the copied database knows of is there until it is copied.
    let _kept = store.shelf.keep_files()?;
    // Reserved at once: two backups to one name cannot both begin, and nothing that exists is ever written over.
    reserve(to)?;
    let made = copy_and_verify(store, &draft).and_then(|(entries, head_hash)| {
        let list_files = copy_lists(store, &draft, &lists)?;
        if let Some(key) = &key {
            secret::copy(&store.path, key)?;
        }
        let bytes = std::fs::rename(&draft, to)
            .and_then(|()| secret::sync_directory(to))
            .and_then(|()| to.metadata())
            .map_err(|e| unavailable(to, &e))?
            .len();
        Ok(Backup {
            database: to.to_owned(),
            bytes,
            key: key.clone(),
            list_files,
            entries,
            head_hash,
        })
    });
    if made.is_err() {
        // What failed leaves nothing that could be taken for a backup.
        for file in [&draft, &to.to_owned()].into_iter().chain(&key) {
            let _ = std::fs::remove_file(file);
        }
        let _ = std::fs::remove_dir_all(&lists);
    }
    made
}

fn copy_and_verify(store: &SqliteStore, draft: &Path) -> Result<(u64, String)> {
    let text = draft
        .to_str()
        .ok_or_else(|| StoreError::invalid("the backup's name is not UTF-8"))?;
    store.readers.read_alone(|conn| {
        conn.execute("VACUUM INTO ?1", [text])?;
        Ok(())
    })?;
    // VACUUM INTO does not flush.
    File::open(draft)
        .and_then(|file| file.sync_all())
        .map_err(|e| unavailable(draft, &e))?;
    let copy = connection::open(draft, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    whole(&copy)?;
    let report = evidence::verify(&copy, &store.public, None)?;
    match report.fault {
        None => Ok((report.entries, report.head_hash)),
        Some(fault) => Err(StoreError::Corrupt(format!(
            "the copied log does not verify at entry {}: {}",
            fault.seq, fault.what
        ))),
    }
}

/// Copies the file of every list version that the copied database knows and that was not pruned, and reads each whole.
fn copy_lists(store: &SqliteStore, draft: &Path, into: &Path) -> Result<Vec<PathBuf>> {
    let copy = connection::open(draft, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let versions = page::all(
        &copy,
        "SELECT id, file_sha256 FROM list_versions WHERE file_sha256 IS NOT NULL AND pruned_at IS NULL
         ORDER BY version",
        [],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    DirBuilder::new()
        .mode(0o700)
        .create(into)
        .map_err(|e| unavailable(into, &e))?;
    let mut copied = Vec::new();
    for (id, sha256) in versions {
        let from = store.shelf.path_of(&id);
        let to = into.join(from.file_name().unwrap_or_default());
        std::fs::copy(&from, &to)
            .and_then(|_| File::open(&to)?.sync_all())
            .map_err(|e| unavailable(&from, &e))?;
        Snapshot::open(&to, &sha256, Residence::Disk)
            .map_err(|e| StoreError::Corrupt(format!("{}: {e}", from.display())))?;
        copied.push(to);
    }
    Ok(copied)
}

fn whole(copy: &Connection) -> Result<()> {
    let verdict: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" {
        return Ok(());
    }
    Err(StoreError::Corrupt(format!(
        "the copy is not whole: {verdict}"
    )))
}

fn reserve(to: &Path) -> Result<()> {
    match OpenOptions::new().write(true).create_new(true).open(to) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(exists(to)),
        Err(error) => Err(unavailable(to, &error)),
    }
}

fn exists(path: &Path) -> StoreError {
    StoreError::Conflict(format!(
        "{} exists; a backup never writes over anything",
        path.display()
    ))
}

fn unavailable(path: &Path, error: &dyn std::fmt::Display) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
