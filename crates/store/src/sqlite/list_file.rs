//! A list's numbers into their file, before its version is put in: a crash leaves the old version or the new one.

use std::collections::BTreeSet;
use std::fs::File;
use std::sync::Arc;

use jiff::Timestamp;

use super::SqliteStore;
use super::column::whole;
use super::list_import::{self, Base, Draft, Written};
use crate::list::{ListChange, ListFile, ListImport, ListKind, ListRows, ListVersion};
use crate::registry::book::Book;
use crate::registry::shelf::Slot;
use crate::registry::{
    self, Change, Changed, Header, Label, NumberSet, Residence, Snapshot, area_of, split,
};
use crate::{Result, StoreError, new_id};

/// Takes a list in.
pub(super) fn import(
    store: &SqliteStore,
    mut list: ListImport,
    now: Timestamp,
) -> Result<ListVersion> {
    let (family, name) = list_import::name_of(&list)?;
    list.check_dates()?;
    must_fit(&list)?;
    let rows = std::mem::replace(&mut list.rows, ListRows::Changes(Vec::new()));
    let mut draft = Draft {
        id: new_id("lst", whole(now)),
        list,
        name,
        family,
        bases: Vec::new(),
        file: None,
    };
    // Held until the version is in or discarded: nobody else may sweep or change its base meanwhile.
    let mut locked: Option<File> = None;
    match rows {
        ListRows::Set(set) => {
            locked = Some(store.shelf.lock()?);
            draft.file = Some(write_set(store, &draft, &set)?);
            drop(set);
        }
        ListRows::Numbers(numbers) => {
            let mut builder = registry::Builder::new();
            numbers.iter().try_for_each(|n| builder.insert(*n))?;
            locked = Some(store.shelf.lock()?);
            draft.file = Some(write_set(store, &draft, &builder.finish())?);
        }
        ListRows::Changes(changes) => {
            locked = Some(store.shelf.lock()?);
            write_changes(store, &mut draft, changes)?;
        }
        rows => draft.list.rows = rows,
    }
    let id = draft.id.to_string();
    let read_back = draft
        .file
        .as_ref()
        .map_or(Ok(()), |f| read_back(store, &id, f));
    let result = read_back.and_then(|()| {
        store
            .writer
            .write(now, move |work| list_import::import(work, draft))
    });
    if locked.is_some() {
        if result.is_err() {
            store.shelf.discard(&id);
        }
        // A failure here is noticed again by the next decision; the version is in.
        let _ = store.readers.read(|conn| store.shelf.newest(conn));
    }
    result
}

fn must_fit(list: &ListImport) -> Result<()> {
    let empty = match (list.kind, &list.rows) {
        (ListKind::FtcFull | ListKind::State | ListKind::Litigator, ListRows::Set(set)) => {
            set.count() == 0
        }
        (ListKind::FtcFull | ListKind::State | ListKind::Litigator, ListRows::Numbers(rows)) => {
            rows.is_empty()
        }
        (ListKind::FtcChange, ListRows::Changes(changes)) if changes.is_empty() => {
            return Err(StoreError::invalid("a change list without a row"));
        }
        (ListKind::FtcChange, ListRows::Changes(_))
        | (ListKind::Internal, ListRows::Internal(_))
        | (ListKind::Reassigned, ListRows::Reassigned(_)) => false,
        _ => return Err(StoreError::invalid("rows that do not fit the kind of list")),
    };
    if list.kind == ListKind::FtcFull && empty && list.area_codes.is_none() {
        return Err(StoreError::invalid(
            "an empty national list without area codes covers nothing",
        ));
    }
    Ok(())
}

fn label(draft: &Draft) -> Label {
    Label {
        id: draft.id.to_string(),
        obtained_at: draft.list.obtained_at.as_microsecond(),
        source_sha256: draft.list.source_sha256.clone(),
    }
}

fn write_set(store: &SqliteStore, draft: &Draft, set: &NumberSet) -> Result<Written> {
    let path = store.shelf.path_of(draft.id.as_str());
    let directory = set.directory();
    let (header, sha256) =
        registry::write(&path, &label(draft), set.count(), directory, set.blocks())?;
    // Only national lists have areas.
    let areas = match draft.list.kind {
        ListKind::FtcFull => directory.areas().into_iter().collect(),
        _ => BTreeSet::new(),
    };
    Ok(written(&header, sha256, areas))
}

fn written(header: &Header, header_sha256: String, areas: BTreeSet<u16>) -> Written {
    Written {
        header_sha256,
        bytes: header.file_bytes(),
        count: header.count,
        areas,
    }
}

/// Reads back what was written: a disk that lies fails the import, and not the calls after it.
fn read_back(store: &SqliteStore, id: &str, file: &Written) -> Result<()> {
    if store.shelf.has_written(id) {
        return Ok(());
    }
    let path = store.shelf.path_of(id);
    let sha256 = &file.header_sha256;
    let snapshot = Snapshot::open(&path, sha256, Residence::Memory)?;
    let slot = Slot::opened(path, sha256.clone(), file.bytes, snapshot);
    store.shelf.written(id, slot);
    Ok(())
}

/// What is changed, with the changes, in a file of its own.
fn write_changes(
    store: &SqliteStore,
    draft: &mut Draft,
    mut changes: Vec<ListChange>,
) -> Result<()> {
    let mut areas = BTreeSet::new();
    for change in &changes {
        let (place, _) = split(change.number).ok_or(registry::Fault::NoNumber)?;
        areas.insert(area_of(place));
    }
    let (bases, book) = store.readers.read(|conn| {
        let bases = list_import::bases_of(conn, &draft.list, &areas, None)?;
        Ok((bases, store.shelf.newest(conn)?))
    })?;
    // Stable: lines of one stamp keep the file's order.
    changes.sort_by_key(|change| change.stamp);
    let slots = bases.iter().map(|base| {
        let slot = book.slot(base.row).ok_or(StoreError::NotFound("list"))?;
        Ok((slot, base))
    });
    let slots: Vec<(&Arc<Slot>, &Base)> = slots.collect::<Result<_>>()?;
    let mut made = match slots.as_slice() {
        [(slot, _)] => write_changed(store, draft, changed(slot, &changes)?)?,
        several => write_set(store, draft, &joined(several, &changes)?)?,
    };
    made.areas = areas;
    if let (None, Some(base)) = (&draft.list.name, bases.first()) {
        draft.name.clone_from(&base.name);
    }
    draft.bases = bases;
    draft.file = Some(made);
    Ok(())
}

fn write_changed(store: &SqliteStore, draft: &Draft, changed: Changed) -> Result<Written> {
    let path = store.shelf.path_of(draft.id.as_str());
    let (header, sha256) = registry::write(
        &path,
        &label(draft),
        changed.count(),
        changed.directory(),
        changed.blocks(),
    )?;
    let made = written(&header, sha256, BTreeSet::new());
    if let Some(snapshot) = changed.into_snapshot(header) {
        let slot = Slot::opened(path, made.header_sha256.clone(), made.bytes, snapshot);
        store.shelf.written(draft.id.as_str(), slot);
    }
    Ok(made)
}

/// Full lists that came by area code, put together, each for the areas whose newest it is; and the changes.
fn joined(parts: &[(&Arc<Slot>, &Base)], changes: &[ListChange]) -> Result<NumberSet> {
    let mut builder = registry::Builder::new();
    for (slot, base) in parts {
        of(slot, |list| {
            list.copy_into(&mut builder, |area| base.areas.contains(&area))
        })?;
    }
    for change in changes {
        let (place, last) = split(change.number).ok_or(registry::Fault::NoNumber)?;
        let block = builder.block(registry::EXCHANGE_FIRST + place)?;
        if change.added {
            registry::set(block, last);
        } else {
            registry::clear(block, last);
        }
    }
    Ok(builder.finish())
}

fn changed(slot: &Slot, changes: &[ListChange]) -> Result<Changed> {
    let changes = changes.iter().map(|change| Change {
        number: change.number,
        added: change.added,
    });
    of(slot, |base| base.changed(changes))
}

/// Reads from a list on file, in memory or not.
fn of<T>(slot: &Slot, read: impl FnOnce(&Snapshot) -> registry::Result<T>) -> Result<T> {
    let unreadable =
        |why: String| StoreError::Unavailable(format!("the list that it changes: {why}"));
    let read = match slot.residence() {
        Residence::Disk if !slot.is_pruned() => {
            Snapshot::open(slot.path(), slot.sha256(), Residence::Memory)
                .map_err(|fault| unreadable(fault.to_string()))
                .map(|base| read(&base))?
        }
        Residence::Memory | Residence::Disk => slot.with(read).map_err(unreadable)?,
    };
    Ok(read?)
}

/// Every file of the lists on file; what was pruned has none.
pub(super) fn all(book: &Book) -> Vec<ListFile> {
    let kept = book.versions().filter(|v| v.pruned_at.is_none());
    let files = kept.filter_map(|version| {
        let slot = book.slot(version.row)?;
        let (header_sha256, bytes) = version.file.clone()?;
        Some(ListFile {
            version: version.answer.version.clone(),
            path: slot.path().to_owned(),
            bytes,
            header_sha256,
        })
    });
    files.collect()
}
