//! kill -9 between a pruning's commit and the removal of its files: what is left is swept, and nothing else is lost.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use ringfence_store::list::{ListImport, ListKind};
use ringfence_store::{SqliteStore, Store};
use rusqlite::{Connection, OpenFlags};

use crate::contract::{CALLEE, at, facts, list};
use crate::list_prune;

const DATABASE: &str = "RINGFENCE_PRUNE_TEST_DATABASE";
const DAY: i64 = 86_400;
const LISTED: u64 = 2_125_550_123;

/// So many that removing them takes longer than noticing that the rows say so.
const VERSIONS: i64 = 150;
const TODAY: i64 = VERSIONS + 5;
/// The oldest version that still bound a week before, and those after it.
const KEPT_FROM: i64 = TODAY - 7;

/// How often a kill may come too early or too late.
const ROUNDS_MAX: usize = 60;

/// What the child does. Run as a test by itself it has nothing to do.
#[test]
fn pruning_child() {
    let Some(path) = std::env::var_os(DATABASE) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&path), at(0)).unwrap();
    store.prune_lists(7, at(TODAY * DAY)).unwrap();
}

fn folder(database: &Path) -> PathBuf {
    crate::beside(database, ".lists")
}

fn files(database: &Path) -> usize {
    list_prune::files(database).len()
}

/// A copy of a database that nobody has open.
fn copy(from: &Path, to: &Path) {
    let beside = from.parent().unwrap();
    std::fs::create_dir_all(folder(to)).unwrap();
    for entry in std::fs::read_dir(beside).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = to.with_file_name(path.file_name().unwrap());
            std::fs::copy(&path, name).unwrap();
        }
    }
    for entry in std::fs::read_dir(folder(from)).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, folder(to).join(path.file_name().unwrap())).unwrap();
    }
}

/// Kills the child as soon as the rows say that they are pruned.
fn prune_and_kill(path: &Path) {
    let mut child = crate::child("list_prune_crash::pruning_child", DATABASE, path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut pruned = conn.prepare("SELECT count(*) FROM list_prunings").unwrap();
    let begun = Instant::now();
    loop {
        // Refused while the child puts the database in order.
        let marked: Result<u32, _> = pruned.query_row([], |row| row.get(0));
        if marked.is_ok_and(|count| count > 0) || child.try_wait().unwrap().is_some() {
            break;
        }
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "it prunes nothing"
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// What is on file after the restart.
fn check(path: &Path) {
    let store = SqliteStore::open(path, at(0)).unwrap();
    let on = |day: i64| facts(&store, CALLEE, at(day * DAY + 60));
    assert_eq!(on(TODAY).failures, []);
    let versions = store.lists().unwrap();
    let pruned = versions.iter().filter(|v| v.pruned_at.is_some()).count();
    assert_eq!(pruned as i64, KEPT_FROM, "all of them or none");
    let begun = Instant::now();
    while files(path) > versions.len() - pruned {
        let waited = begun.elapsed() < Duration::from_secs(20);
        assert!(waited, "what was pruned stays on disk");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(files(path), versions.len() - pruned, "and nothing else");
    for day in KEPT_FROM..VERSIONS {
        let known = on(day);
        assert_eq!(known.failures, [], "day {day}");
        assert!(known.suppressions.national.unwrap().listed);
    }
    for day in [0, KEPT_FROM - 1] {
        let said = &on(day).failures[0].detail;
        assert!(said.starts_with("it was pruned on "), "{said}");
    }
    assert_eq!(store.list_faults(at(TODAY * DAY)).unwrap(), []);
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
    let again = store.prune_lists(7, at(TODAY * DAY)).unwrap();
    assert_eq!(again.versions, [], "it is done");
}

#[test]
fn kill_9_between_the_rows_and_the_files_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let template = directory.path().join("template").join("ringfence.db");
    std::fs::create_dir(template.parent().unwrap()).unwrap();
    let store = SqliteStore::open(&template, at(0)).unwrap();
    for day in 0..VERSIONS {
        let full = ListImport {
            ..list(ListKind::FtcFull, day * DAY, &[LISTED])
        };
        store.import_list(full, at(day * DAY)).unwrap();
    }
    drop(store);
    let kept = usize::try_from(VERSIONS - KEPT_FROM).unwrap();
    for round in 0..ROUNDS_MAX {
        let path = directory
            .path()
            .join(format!("{round}"))
            .join("ringfence.db");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        copy(&template, &path);
        prune_and_kill(&path);
        let left = files(&path);
        if left > kept {
            check(&path);
            return;
        }
        assert_eq!(left, kept, "a file too many is gone");
    }
    panic!("the kill never came between the two");
}
