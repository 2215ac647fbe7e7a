//! Pruning beside other processes, backups and crashes.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ringfence_core::gate::Facts;
use ringfence_core::id::Id;
use ringfence_store::backup::Copies;
use ringfence_store::list::{ListImport, ListKind};
use ringfence_store::{SqliteStore, Store, StoreError};

use crate::contract::{CALLEE, at, facts, list};

const DAY: i64 = 86_400;
const LISTED: u64 = 2_125_550_123;

pub fn files(database: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(crate::beside(database, ".lists")).unwrap();
    let files = entries.map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|e| e == "rfl"))
        .collect()
}

fn file_of(database: &Path, id: &Id) -> PathBuf {
    let mut files = files(database).into_iter();
    files
        .find(|f| f.file_stem().unwrap() == id.as_str())
        .unwrap()
}

/// A full list a day, each with the callee; answers their ids.
fn daily(store: &SqliteStore, days: i64) -> Vec<Id> {
    let full = |day: i64| ListImport {
        ..list(ListKind::FtcFull, day * DAY, &[LISTED])
    };
    let import = |day: i64| store.import_list(full(day), at(day * DAY)).unwrap().id;
    (0..days).map(import).collect()
}

/// A noon in the middle of a day, so many days on.
fn on(store: &SqliteStore, day: i64) -> Facts {
    facts(store, CALLEE, at(day * DAY + 60))
}

#[test]
fn a_running_process_takes_a_pruning_up_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let server = SqliteStore::open(&path, at(0)).unwrap();
    let ids = daily(&server, 10);
    // It has the old files open, some of them.
    for day in [0, 1, 9] {
        assert!(on(&server, day).suppressions.national.unwrap().listed);
    }
    let beside = SqliteStore::open(&path, at(0)).unwrap();
    let done = beside.prune_lists(7, at(12 * DAY)).unwrap();
    let pruned: Vec<_> = done.versions.iter().map(|v| v.id.clone()).collect();
    assert_eq!(pruned, ids[..5], "day 5's still bound a week ago");
    assert_eq!(files(&path).len(), 5);
    for day in 0..5 {
        let known = on(&server, day);
        let failure = &known.failures[0];
        assert_eq!(known.failures.len(), 1);
        assert!(failure.source.contains(ids[day as usize].as_str()));
        assert_eq!(failure.detail, "it was pruned on 2026-12-02");
    }
    for day in 5..12 {
        assert_eq!(on(&server, day).failures, [], "day {day}");
    }
    // The watcher has had a look at the files by now, and misses none.
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(server.list_faults(at(60 * DAY)).unwrap(), []);
    assert_eq!(
        on(&server, 0).failures[0].detail,
        "it was pruned on 2026-12-02"
    );
    // One that comes up later knows it too; a file that was put back is not taken for a list again, but swept.
    let back = file_of(&path, &ids[9]).with_file_name(format!("{}.rfl", ids[0]));
    std::fs::copy(file_of(&path, &ids[9]), &back).unwrap();
    let later = SqliteStore::open(&path, at(0)).unwrap();
    assert_eq!(
        on(&later, 0).failures[0].detail,
        "it was pruned on 2026-12-02"
    );
    assert_eq!(on(&later, 9).failures, []);
    let begun = Instant::now();
    while back.exists() {
        assert!(begun.elapsed() < Duration::from_secs(20), "an orphan stays");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(files(&path).len(), 5, "and nothing else");
}

#[test]
fn decisions_go_on_while_files_go_away() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let server = SqliteStore::open(&path, at(0)).unwrap();
    daily(&server, 12);
    let beside = SqliteStore::open(&path, at(0)).unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let ask = |store: &'static str| {
            let store = match store {
                "server" => &server,
                _ => &beside,
            };
            let mut asked = 0_i64;
            while !done.load(Ordering::Relaxed) {
                let now = on(store, 60);
                assert_eq!(now.failures, [], "what binds now is never touched");
                assert!(now.suppressions.national.unwrap().listed);
                // Of a day in the past: right, or a failure that denies.
                let past = on(store, asked % 12);
                let listed = past.suppressions.national.unwrap().listed;
                assert_eq!(listed, past.failures.is_empty());
                asked += 1;
            }
            asked
        };
        let readers: Vec<_> = ["server", "beside"]
            .into_iter()
            .map(|store| scope.spawn(move || ask(store)))
            .collect();
        for day in 9..19 {
            let by = if day % 2 == 0 { &server } else { &beside };
            by.prune_lists(7, at(day * DAY)).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    assert_eq!(files(&path).len(), 1);
    assert_eq!(server.list_faults(at(60 * DAY)).unwrap(), []);
    assert_eq!(server.verify_chain(None).unwrap().fault, None);
}

#[test]
fn a_backup_after_a_pruning_is_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let store = SqliteStore::open(&path, at(0)).unwrap();
    let ids = daily(&store, 10);
    store.prune_lists(7, at(12 * DAY)).unwrap();
    let to = directory.path().join("copy.db");
    let made = store.backup(&to, true).unwrap();
    assert_eq!(made.list_files.len(), 5);
    let copy = SqliteStore::open(&to, at(0)).unwrap();
    assert_eq!(copy.list_faults(at(12 * DAY)).unwrap(), []);
    assert_eq!(on(&copy, 9).failures, []);
    assert_eq!(
        on(&copy, 0).failures[0].detail,
        "it was pruned on 2026-12-02"
    );
    assert_eq!(copy.lists().unwrap(), store.lists().unwrap());
    // While a backup copies them nothing is removed, and nothing is marked.
    let mut lock = path.into_os_string();
    lock.push(".lists/files.lock");
    let lock = std::fs::File::create(PathBuf::from(lock)).unwrap();
    lock.lock_shared().unwrap();
    let refused = store.prune_lists(7, at(20 * DAY));
    assert!(
        matches!(refused, Err(StoreError::Conflict(_))),
        "{refused:?}"
    );
    assert!(
        store
            .lists()
            .unwrap()
            .iter()
            .all(|v| v.id != ids[5] || v.pruned_at.is_none())
    );
    drop(lock);
    assert_eq!(
        store.prune_lists(7, at(20 * DAY)).unwrap().versions.len(),
        4
    );
}

#[test]
fn what_cannot_be_removed_is_told_and_pruned_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let store = SqliteStore::open(&path, at(0)).unwrap();
    let ids = daily(&store, 3);
    // A folder in the file's place cannot be removed as a file, whoever runs this.
    let file = file_of(&path, &ids[0]);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let told = store.prune_lists(7, at(12 * DAY));
    assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    let pruned = store.lists().unwrap();
    let pruned: Vec<_> = pruned.iter().filter(|v| v.pruned_at.is_some()).collect();
    assert_eq!(pruned.len(), 2);
    assert!(!file.with_file_name(format!("{}.rfl", ids[1])).exists());
    assert_eq!(store.list_faults(at(12 * DAY)).unwrap(), []);
}
