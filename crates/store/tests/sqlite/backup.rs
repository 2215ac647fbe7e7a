//! A copy is whole, verified, and never written over anything.

use std::sync::atomic::{AtomicBool, Ordering};

use ringfence_store::backup::Copies;
use ringfence_store::{SqliteStore, Store, StoreError};

use ringfence_store::list::ListKind;

use crate::contract::{at, consent, list, number, seller};
use crate::fresh;

#[test]
fn a_copy_made_while_others_write_starts_and_verifies() {
    let fresh = fresh();
    fresh.store.put_seller("acme", seller(), at(0)).unwrap();
    for n in 0..200 {
        fresh.store.record_consent(consent(n), at(300)).unwrap();
    }
    let listed = list(ListKind::FtcFull, 1, &[2_125_550_101]);
    let listed = fresh.store.import_list(listed, at(2)).unwrap();
    let to = fresh._directory.path().join("copy.db");
    let done = AtomicBool::new(false);
    let made = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                fresh.store.record_consent(consent(1), at(300)).unwrap();
            }
        });
        let made = fresh.store.backup(&to, true).unwrap();
        done.store(true, Ordering::Relaxed);
        made
    });
    assert!(made.entries >= 202 && made.bytes > 0, "{made:?}");
    let copy = SqliteStore::open(&to, at(400)).unwrap();
    assert_eq!(copy.head().unwrap().unwrap().hash, made.head_hash);
    assert_eq!(copy.public_key(), fresh.store.public_key());
    assert_eq!(made.list_files.len(), 1, "{made:?}");
    let known = copy.check_lists(&[number("+12125550101")], None).unwrap();
    assert_eq!(
        (known, copy.list_faults(at(100)).unwrap()),
        (vec![vec!["national".to_owned()]], vec![])
    );
    assert_eq!(copy.lists().unwrap()[0].id, listed.id);
    // It goes on where the log ended.
    copy.record_consent(consent(2), at(400)).unwrap();
    let report = copy.verify_chain(None).unwrap();
    assert_eq!((report.fault, report.entries), (None, made.entries + 1));
}

#[test]
fn nothing_that_exists_is_written_over() {
    let fresh = fresh();
    let folder = fresh._directory.path();
    for taken in ["a.db", "b.db.key", "c.db.partial", "d.db-wal", "e.db.lists"] {
        std::fs::write(folder.join(taken), "mine").unwrap();
        let to = folder.join(taken.split_at(4).0);
        let refused = fresh.store.backup(&to, true);
        assert!(
            matches!(refused, Err(StoreError::Conflict(_))),
            "{taken}: {refused:?}"
        );
        assert_eq!(
            std::fs::read_to_string(folder.join(taken)).unwrap(),
            "mine",
            "{taken}"
        );
        assert!(taken == "a.db" || !to.exists(), "{taken}");
    }
    let nowhere = folder.join("no/such/folder.db");
    assert!(fresh.store.backup(&nowhere, true).is_err());
    let bare = folder.join("bare.db");
    assert_eq!(fresh.store.backup(&bare, false).unwrap().key, None);
    assert!(!folder.join("bare.db.key").exists());
    // Without its key a copy of a log does not start as one: nothing could be signed on.
    assert!(SqliteStore::open(&bare, at(1)).is_err());
}

#[test]
fn a_log_that_does_not_verify_is_no_backup() {
    let fresh = fresh();
    let folder = fresh._directory.path();
    fresh.store.put_seller("acme", seller(), at(0)).unwrap();
    let conn = rusqlite::Connection::open(folder.join("ringfence.db")).unwrap();
    conn.execute_batch(
        "DROP TRIGGER events_keep_update; UPDATE events SET data = '{}' WHERE seq = 2;",
    )
    .unwrap();
    let to = folder.join("copy.db");
    let refused = fresh.store.backup(&to, true);
    assert!(
        matches!(refused, Err(StoreError::Corrupt(_))),
        "{refused:?}"
    );
    for left in ["copy.db", "copy.db.partial", "copy.db.key"] {
        assert!(!folder.join(left).exists(), "{left}");
    }
}
