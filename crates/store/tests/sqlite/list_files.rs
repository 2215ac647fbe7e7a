//! The numbers of lists lie in files beside the database: whole or not there, whatever happens in between.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::contract::{CALLEE, at, facts, list, number};
use ringfence_store::list::{ListChange, ListImport, ListKind, ListRows};
use ringfence_store::{SqliteStore, Store, StoreError};

const DATABASE: &str = "RINGFENCE_LIST_TEST_DATABASE";
const LISTED: u64 = 2_125_550_123;

fn files(database: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(crate::beside(database, ".lists"))
        .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
        .unwrap_or_default();
    files.retain(|path| path.file_name().is_some_and(|name| name != "lock"));
    files
}

#[test]
fn a_missing_file_denies_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let store = SqliteStore::open(&path, at(0)).unwrap();
    let national = store
        .import_list(list(ListKind::FtcFull, 0, &[LISTED]), at(0))
        .unwrap();
    let texas = ListImport {
        name: Some("TX".into()),
        ..list(ListKind::State, 0, &[LISTED])
    };
    store.import_list(texas, at(0)).unwrap();
    assert!(facts(&store, CALLEE, at(1)).failures.is_empty());
    assert_eq!(store.list_files().unwrap().len(), 2);
    drop(store);
    let file = store_file(&path, national.id.as_str());
    std::fs::remove_file(&file).unwrap();
    let store = SqliteStore::open(&path, at(0)).unwrap();
    let known = facts(&store, CALLEE, at(1));
    assert_eq!(known.failures.len(), 1, "{:?}", known.failures);
    assert!(known.failures[0].source.contains(national.id.as_str()));
    assert!(known.suppressions.states[0].listed, "the other one answers");
    let elsewhere = facts(&store, "+13055550123", at(1));
    assert!(elsewhere.failures.is_empty(), "not asked about Miami");
    assert_eq!(store.list_faults(at(100)).unwrap().len(), 1);
    let check = store.check_lists(&[number(CALLEE)], None);
    assert!(matches!(check, Err(StoreError::Unavailable(_))));
    let change = change_list(10, LISTED, false);
    assert!(
        store.import_list(change, at(10)).is_err(),
        "nothing to stand on"
    );
    assert_eq!(store.lists().unwrap().len(), 2);
    // What another version holds never passes for it.
    std::fs::copy(&files(&path)[0], &file).unwrap();
    let store = SqliteStore::open(&path, at(0)).unwrap();
    assert_eq!(facts(&store, CALLEE, at(1)).failures.len(), 1);
}

fn store_file(database: &Path, id: &str) -> PathBuf {
    let mut files = files(database).into_iter();
    files.find(|file| file.file_stem().unwrap() == id).unwrap()
}

fn change_list(obtained: i64, number: u64, added: bool) -> ListImport {
    ListImport {
        rows: ListRows::Changes(vec![ListChange {
            number,
            stamp: obtained,
            added,
        }]),
        ..list(ListKind::FtcChange, obtained, &[])
    }
}

#[test]
fn decisions_go_on_while_lists_come_in() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let server = SqliteStore::open(&path, at(0)).unwrap();
    // Every version holds the callee, and one other number that says which version it is.
    let numbers = |version: u64| vec![LISTED, 2_125_560_000 + version];
    let import = |store: &SqliteStore, version: u64| {
        let obtained = i64::try_from(version).unwrap();
        let rows = ListRows::Numbers(numbers(version));
        let import = ListImport {
            rows,
            ..list(ListKind::FtcFull, obtained, &[])
        };
        store.import_list(import, at(100)).unwrap();
    };
    import(&server, 0);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut asked, mut last) = (0, at(0));
                    while !done.load(Ordering::Relaxed) {
                        let known = facts(&server, CALLEE, at(100));
                        assert!(known.failures.is_empty());
                        let national = known.suppressions.national.unwrap();
                        assert!(national.listed);
                        assert!(
                            national.obtained_at >= last,
                            "never back to an older version"
                        );
                        last = national.obtained_at;
                        asked += 1;
                    }
                    asked
                })
            })
            .collect();
        let beside = SqliteStore::open(&path, at(0)).unwrap();
        for version in 1..20 {
            import(if version % 2 == 0 { &server } else { &beside }, version);
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    let held = server.check_lists(&[number("+12125560019")], None).unwrap();
    assert_eq!(held, [["national"]]);
}

/// What the child does: it imports until it is killed. Run as a test by itself it has nothing to do.
#[test]
fn importing_child() {
    let Some(path) = std::env::var_os(DATABASE) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&path), at(0)).unwrap();
    for n in 0.. {
        let numbers: Vec<u64> = (0..200).map(|e| 2_120_000_000 + e * 10_000 + n).collect();
        store
            .import_list(list(ListKind::FtcFull, 0, &numbers), at(100))
            .unwrap();
    }
}

#[test]
fn kill_9_leaves_the_old_version_or_the_new_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    for round in 0..4 {
        let before = files(&path).len();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "list_files::importing_child", "--nocapture"])
            .env(DATABASE, &path)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while files(&path).len() < before + 3 {
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "it imports nothing"
            );
            std::thread::sleep(Duration::from_millis(1 + round));
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let store = SqliteStore::open(&path, at(0)).unwrap();
        let versions = store.lists().unwrap();
        assert!(!versions.is_empty());
        assert_eq!(
            store.list_faults(at(100)).unwrap(),
            [],
            "every version on file is whole"
        );
        let check = store.check_lists(&[number("+12122000000")], None);
        assert!(check.is_ok());
        assert_eq!(store.verify_chain(None).unwrap().fault, None);
        // What was left of the last one is swept.
        let begun = Instant::now();
        while files(&path).len() != versions.len() {
            assert!(begun.elapsed() < Duration::from_secs(20), "orphans stay");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
