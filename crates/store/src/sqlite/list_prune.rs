//! Removing the files of versions that bind nobody any more: the rows say so first, then the files go. A crash between
//! leaves an orphan, which is swept.

use std::fs;
use std::io::ErrorKind;

use jiff::{SignedDuration, Timestamp};
use ringfence_core::evidence::Subject;
use rusqlite::params;
use serde_json::json;

use super::work::Work;
use super::{SqliteStore, list};
use crate::list::{ListPruning, ListVersion, PRUNE_DAYS};
use crate::{Result, StoreError};

/// What could go now.
pub(super) fn plan(store: &SqliteStore, days: u16, now: Timestamp) -> Result<ListPruning> {
    if !PRUNE_DAYS.contains(&days) {
        return Err(StoreError::invalid(format!(
            "a list's file is kept for {} to {} days after another took its place",
            PRUNE_DAYS.start(),
            PRUNE_DAYS.end()
        )));
    }
    let since = now
        .checked_sub(SignedDuration::from_hours(i64::from(days) * 24))
        .map_err(|_| StoreError::invalid("so many days ago there was no time"))?;
    let versions = store.readers.read(|conn| {
        let superseded = store.shelf.newest(conn)?.superseded(since);
        let versions = superseded.iter();
        let versions = versions.map(|v| list::version_by_id(conn, &v.answer.version));
        versions.collect::<Result<Vec<_>>>()
    })?;
    Ok(ListPruning {
        dry_run: true,
        older_than_days: days,
        bytes: versions.iter().filter_map(|v| v.file_bytes).sum(),
        versions,
    })
}

/// Prunes what can go now.
pub(super) fn prune(store: &SqliteStore, days: u16, now: Timestamp) -> Result<ListPruning> {
    let planned = plan(store, days, now)?;
    if planned.versions.is_empty() {
        return Ok(ListPruning {
            dry_run: false,
            ..planned
        });
    }
    // Until the files are gone no import stands on them, and no backup copies them.
    let _imports = store.shelf.lock()?;
    let _backups = store.shelf.lock_files()?;
    let planned = plan(store, days, now)?;
    let pruned = store
        .writer
        .write_keeping(now, move |work| mark(work, planned))?;
    // This process asks for none of them from here on; the others see the rows by themselves.
    store.readers.read(|conn| store.shelf.newest(conn))?;
    remove(store, &pruned.versions)?;
    Ok(pruned)
}

fn mark(work: &mut Work<'_>, planned: ListPruning) -> Result<ListPruning> {
    let ListPruning { versions, .. } = &planned;
    work.conn.execute(
        "INSERT INTO list_prunings (at, versions, bytes) VALUES (?1, ?2, ?3)",
        params![work.micros(), versions.len(), planned.bytes],
    )?;
    let mut update = work.conn.prepare_cached(
        "UPDATE list_versions SET pruned_at = ?2 WHERE id = ?1 AND pruned_at IS NULL",
    )?;
    for version in versions {
        if update.execute(params![version.id.as_str(), work.micros()])? != 1 {
            return Err(StoreError::Conflict(
                "the lists changed meanwhile; try again".into(),
            ));
        }
    }
    drop(update);
    let marked = versions.iter();
    let marked: Vec<ListVersion> = marked
        .map(|version| list::version_by_id(work.conn, &version.id))
        .collect::<Result<_>>()?;
    let ids: Vec<&str> = marked.iter().map(|version| version.id.as_str()).collect();
    work.event(
        "suppression.list-pruned",
        Subject::default(),
        json!({
            "versions": ids, "bytes": planned.bytes, "older_than_days": planned.older_than_days,
        }),
    )?;
    Ok(ListPruning {
        dry_run: false,
        versions: marked,
        ..planned
    })
}

/// All that can be removed; the first that cannot is told.
fn remove(store: &SqliteStore, versions: &[ListVersion]) -> Result<()> {
    let mut failed = None;
    for version in versions {
        let path = store.shelf.path_of(version.id.as_str());
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                failed.get_or_insert((path, error));
            }
            _ => {}
        }
    }
    failed.map_or(Ok(()), |(path, error)| {
        Err(StoreError::Unavailable(format!(
            "{}: {error}; its version is pruned, the file may be removed",
            path.display()
        )))
    })
}
