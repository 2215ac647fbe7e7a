//! One file, several stores on it, as the command line beside the server.

use crate::contract::{CALLEE, at, facts, gate, list, reservation, revocation, seller};
use ringfence_core::gate::Verdict;
use ringfence_store::key::{ApiKeyDraft, Keys, Role};
use ringfence_store::list::ListKind;
use ringfence_store::{SqliteStore, Store, StoreError};

#[test]
fn each_sees_what_the_other_wrote_and_the_chain_stays_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let server = SqliteStore::open(&path, at(0)).unwrap();
    let beside = SqliteStore::open(&path, at(0)).unwrap();
    assert_eq!(server.public_key(), beside.public_key());
    std::thread::scope(|scope| {
        for store in [&server, &beside] {
            scope.spawn(move || {
                for _ in 0..50 {
                    store.put_seller("acme", seller(), at(0)).unwrap();
                }
            });
        }
    });
    beside
        .import_list(list(ListKind::FtcFull, 0, &[2_125_550_123]), at(0))
        .unwrap();
    let national = facts(&server, CALLEE, at(1)).suppressions.national;
    assert!(national.is_some_and(|answer| answer.listed));
    beside.revoke(revocation(1), at(1)).unwrap();
    let denied = server.reserve(reservation(CALLEE), gate(), at(2)).unwrap();
    assert_eq!(denied.decision.verdict, Verdict::Deny);
    let report = server.verify_chain(None).unwrap();
    assert_eq!((report.fault, report.entries), (None, 105));
}

#[test]
fn many_open_a_new_file_at_the_same_time() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    std::thread::scope(|scope| {
        let openers: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| SqliteStore::open(&path, at(0)).unwrap().public_key()))
            .collect();
        let keys: std::collections::BTreeSet<_> =
            openers.into_iter().map(|o| o.join().unwrap()).collect();
        assert_eq!(keys.len(), 1);
    });
    let store = SqliteStore::open(&path, at(0)).unwrap();
    assert_eq!(store.verify_chain(None).unwrap().entries, 1);
}

#[test]
fn a_newer_schema_is_refused_and_a_foreign_file_too() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    drop(SqliteStore::open(&path, at(0)).unwrap());
    // Opened again, it is migrated no further.
    assert_eq!(entries(&path), 1);
    let conn = rusqlite::Connection::open(&path).unwrap();
    conn.pragma_update(None, "user_version", 9999).unwrap();
    let newer = SqliteStore::open(&path, at(0));
    assert!(matches!(newer, Err(StoreError::Corrupt(what)) if what.contains("newer")));
    let text = directory.path().join("notes.txt");
    std::fs::write(
        &text,
        "no database at all, but long enough to be looked at ".repeat(40),
    )
    .unwrap();
    assert!(SqliteStore::open(&text, at(0)).is_err());
    assert!(
        std::fs::read_to_string(&text)
            .unwrap()
            .starts_with("no database")
    );
}

fn entries(path: &std::path::Path) -> u64 {
    let store = SqliteStore::open(path, at(0)).unwrap();
    store.verify_chain(None).unwrap().entries
}

#[test]
fn a_key_that_another_process_takes_back_opens_nothing_from_then_on() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let server = SqliteStore::open(&path, at(0)).unwrap();
    let beside = SqliteStore::open(&path, at(0)).unwrap();
    for round in 0..50 {
        let draft = |n: u8, sellers: &[&str]| ApiKeyDraft {
            sha256: [round * 2 + n; 32],
            role: Role::Operator,
            sellers: sellers.iter().map(|s| (*s).to_owned()).collect(),
            name: None,
        };
        let opens = |n: u8| server.authenticate(&[round * 2 + n; 32]).unwrap();
        assert_eq!((opens(0), opens(1)), (None, None));
        let theirs = beside.create_key(draft(0, &["acme"]), at(1)).unwrap();
        assert_eq!(opens(0), Some(theirs.clone()));
        // Whatever is asked and written in between, by whomever.
        let ours = server.create_key(draft(1, &[]), at(1)).unwrap();
        server.put_seller("acme", seller(), at(1)).unwrap();
        for _ in 0..3 {
            assert_eq!(opens(0), Some(theirs.clone()));
            assert_eq!(opens(1), Some(ours.clone()));
        }
        beside.revoke_key(&theirs.id, at(2)).unwrap();
        assert_eq!(opens(0), None, "round {round}");
        assert_eq!(opens(1), Some(ours.clone()));
        server.revoke_key(&ours.id, at(2)).unwrap();
        assert_eq!(opens(1), None, "round {round}");
    }
}
