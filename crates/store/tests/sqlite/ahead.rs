//! Decisions that are durable before they are in the database.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::sync::Barrier;

use crate::beside;
use crate::contract::{CALLEE, at, gate, number, reservation, revocation, seller};
use ringfence_core::gate::Verdict;
use ringfence_core::id::Id;
use ringfence_store::suppression::Revocation;
use ringfence_store::{SqliteStore, Store, StoreError};

const DATABASE: &str = "RINGFENCE_AHEAD_TEST_DATABASE";

fn copy(from: &Path, to: &Path, endings: &[&str]) {
    for ending in endings {
        let file = beside(from, ending);
        if file.exists() {
            std::fs::copy(&file, beside(to, ending)).unwrap();
        }
    }
}

/// Decisions that the database itself has, whatever is ahead of it.
fn in_database(path: &Path) -> usize {
    let conn = rusqlite::Connection::open(path).unwrap();
    conn.query_row("SELECT count(*) FROM decisions", [], |row| row.get(0))
        .unwrap()
}

/// A store with a seller, closed again: everything is in the database.
fn made(path: &Path) -> SqliteStore {
    let store = SqliteStore::open(path, at(0)).unwrap();
    store.put_seller("acme", seller(), at(0)).unwrap();
    store
}

#[test]
fn decisions_survive_the_loss_of_all_that_the_database_had_not_flushed() {
    let directory = tempfile::tempdir().unwrap();
    let (path, after) = (directory.path().join("a.db"), directory.path().join("b.db"));
    let store = made(&path);
    // The database and its log as they are on the disk, then the file ahead as it is once the answer was given.
    copy(&path, &after, &["", "-wal", ".key"]);
    let ids: Vec<Id> = ["+12125550101", "+12125550102", "+12125550101"]
        .iter()
        .map(|to| {
            store
                .reserve(reservation(to), gate(), at(1))
                .unwrap()
                .decision_id
        })
        .collect();
    copy(&path, &after, &[".ahead"]);
    assert_eq!(in_database(&after), 0);
    let again = SqliteStore::open(&after, at(2)).unwrap();
    for id in &ids {
        let (was, is) = (store.decision(id).unwrap(), again.decision(id).unwrap());
        assert_eq!(was, is);
    }
    assert_eq!(
        again
            .decisions_of(
                number("+12125550101"),
                &ringfence_store::PageRequest::first(9)
            )
            .unwrap()
            .items
            .len(),
        2
    );
    let attempt = store.decision(&ids[0]).unwrap().attempt.unwrap();
    assert_eq!(
        store.attempt(&attempt).unwrap(),
        again.attempt(&attempt).unwrap()
    );
    assert_eq!(
        again.verify_chain(None).unwrap(),
        store.verify_chain(None).unwrap()
    );
    // The log goes on from there.
    again.revoke(revocation(1), at(3)).unwrap();
    again.reserve(reservation(CALLEE), gate(), at(4)).unwrap();
    assert_eq!(again.verify_chain(None).unwrap().fault, None);
}

#[test]
fn a_flush_that_was_cut_off_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let (path, after) = (directory.path().join("a.db"), directory.path().join("b.db"));
    let store = made(&path);
    copy(&path, &after, &["", "-wal", ".key"]);
    let kept = store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    let whole = std::fs::read(beside(&path, ".ahead")).unwrap();
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    let next = (end + 1).next_multiple_of(4096);
    store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    let mut torn = std::fs::read(beside(&path, ".ahead")).unwrap();
    torn[next + 400..].fill(0);
    std::fs::write(beside(&after, ".ahead"), torn).unwrap();
    let again = SqliteStore::open(&after, at(2)).unwrap();
    again.decision(&kept.decision_id).unwrap();
    assert_eq!(in_database(&after), 1);
    assert_eq!(again.verify_chain(None).unwrap().fault, None);
}

#[test]
fn what_does_not_follow_from_the_database_is_refused_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let (path, older) = (directory.path().join("a.db"), directory.path().join("b.db"));
    let store = SqliteStore::open(&path, at(0)).unwrap();
    copy(&path, &older, &["", "-wal", ".key"]);
    store.put_seller("acme", seller(), at(0)).unwrap();
    store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    copy(&path, &older, &[".ahead"]);
    let refused = SqliteStore::open(&older, at(2));
    assert!(
        matches!(&refused, Err(StoreError::Corrupt(what)) if what.contains("older copy")),
        "{refused:?}"
    );
    // As the message says.
    std::fs::remove_file(beside(&older, ".ahead")).unwrap();
    SqliteStore::open(&older, at(2)).unwrap();
}

#[test]
fn closed_in_order_nothing_is_left_ahead() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    let store = made(&path);
    store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    drop(store);
    assert_eq!(beside(&path, ".ahead").metadata().unwrap().len(), 0);
    assert_eq!(in_database(&path), 1);
}

#[test]
fn what_the_database_does_not_take_stops_every_command_until_it_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    let store = made(&path);
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.execute_batch(
        "CREATE TRIGGER full BEFORE INSERT ON decisions BEGIN SELECT RAISE(ABORT, 'no room'); END",
    )
    .unwrap();
    // Durable, so it is acknowledged; nothing may be done that does not know of it.
    let kept = store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
    for _ in 0..2 {
        let refused = store.revoke(revocation(1), at(2));
        assert!(
            matches!(&refused, Err(StoreError::Unavailable(what)) if what.contains("no room")),
            "{refused:?}"
        );
        assert!(store.reserve(reservation(CALLEE), gate(), at(2)).is_err());
    }
    raw.execute_batch("DROP TRIGGER full").unwrap();
    store.revoke(revocation(1), at(3)).unwrap();
    store.decision(&kept.decision_id).unwrap();
    let denied = store.reserve(reservation(CALLEE), gate(), at(4)).unwrap();
    assert_eq!(denied.decision.verdict, Verdict::Deny);
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}

#[test]
fn a_file_that_cannot_be_read_stops_every_command() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    let store = made(&path);
    std::fs::create_dir(beside(&path, ".ahead")).unwrap();
    let refused = store.reserve(reservation(CALLEE), gate(), at(1));
    assert!(
        matches!(&refused, Err(StoreError::Unavailable(what)) if what.contains(".ahead")),
        "{refused:?}"
    );
    std::fs::remove_dir(beside(&path, ".ahead")).unwrap();
    store.reserve(reservation(CALLEE), gate(), at(1)).unwrap();
}

#[test]
fn two_stores_that_write_all_the_time_take_turns() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    let (first, second) = (made(&path), SqliteStore::open(&path, at(0)).unwrap());
    let begin = Barrier::new(4);
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let (store, begin) = (&first, &begin);
            scope.spawn(move || {
                begin.wait();
                for n in 0..200 {
                    let to = format!("+1212555{:04}", thread * 1000 + n);
                    store.reserve(reservation(&to), gate(), at(1)).unwrap();
                }
            });
        }
        scope.spawn(|| {
            begin.wait();
            for n in 0..30 {
                let to = format!("+1212555{n:04}");
                let said = Revocation {
                    number: number(&to),
                    ..revocation(1)
                };
                second.revoke(said, at(2)).unwrap();
                let denied = second.reserve(reservation(&to), gate(), at(3)).unwrap();
                assert_eq!(denied.decision.verdict, Verdict::Deny);
            }
        });
    });
    let report = second.verify_chain(None).unwrap();
    assert_eq!(report.fault, None);
    assert_eq!(first.verify_chain(None).unwrap(), report);
    assert_eq!(in_database(&path), 630);
}

#[test]
fn the_log_is_begun_anew_while_there_is_no_pause() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    let store = made(&path);
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                for n in 0_u32..1200 {
                    let to = format!("+1212555{:04}", thread * 1200 + n);
                    store.reserve(reservation(&to), gate(), at(1)).unwrap();
                    // Ends the burst.
                    if n.is_multiple_of(4) {
                        store.revoke(revocation(1), at(1)).unwrap();
                    }
                }
            });
        }
    });
    // Never copied it would be more than 120 MB.
    let log = beside(&path, "-wal").metadata().unwrap().len();
    assert!(log < 50 << 20, "{log} bytes of log");
    assert_eq!(store.verify_chain(None).unwrap().fault, None);
}

/// What the child does: it decides on several threads and says what was acknowledged, until killed.
#[test]
fn child() {
    let Some(path) = std::env::var_os(DATABASE) else {
        return;
    };
    let store = SqliteStore::open(Path::new(&path), at(0)).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let store = &store;
            scope.spawn(move || {
                for n in 0.. {
                    let to = format!("+1212555{:04}", thread * 3000 + n % 3000);
                    let reserved = store.reserve(reservation(&to), gate(), at(1)).unwrap();
                    let line = format!("\n@ {}\n", reserved.decision_id);
                    std::io::stdout().lock().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn whoever_writes_next_puts_in_what_a_killed_process_left_ahead() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db");
    // Open all the while, as the server beside a command that dies, or the other way round.
    let survivor = made(&path);
    let mut caught_up = 0;
    for round in 0..6 {
        let acknowledged = decide_and_die(&path, 40 + 30 * round);
        let had = in_database(&path);
        survivor.revoke(revocation(1), at(2)).unwrap();
        caught_up += in_database(&path) - had;
        for id in &acknowledged {
            survivor.decision(id).unwrap();
        }
        assert_eq!(survivor.verify_chain(None).unwrap().fault, None);
    }
    assert!(caught_up > 0, "no child was killed with anything ahead");
}

fn decide_and_die(path: &Path, lines: usize) -> Vec<Id> {
    let mut child = crate::child("ahead::child", DATABASE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut said = Vec::new();
    for line in output.lines() {
        let Ok(line) = line else { break };
        said.extend(
            line.strip_prefix("@ ")
                .filter(|id| id.len() == 30)
                .map(Id::from),
        );
        if said.len() == lines {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    assert!(said.len() >= lines);
    said
}
