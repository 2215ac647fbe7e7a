//! Memory is let go of when nobody can need it any more, without another import.

use std::collections::BTreeSet;

use super::*;
use crate::list::{ListImport, ListKind, ListRows};
use crate::{SqliteStore, Store};

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + seconds).unwrap()
}

fn texas(obtained: i64, effective: Option<i64>) -> ListImport {
    ListImport {
        kind: ListKind::State,
        name: Some("TX".into()),
        sellers: BTreeSet::new(),
        obtained_at: at(obtained),
        published_at: None,
        effective_at: effective.map(at),
        expires_at: None,
        area_codes: None,
        source_sha256: "0".repeat(64),
        rows: ListRows::Numbers(vec![2_145_550_101]),
    }
}

/// The names of the files whose numbers are in memory.
fn in_memory(store: &SqliteStore) -> Vec<PathBuf> {
    let book = store.shelf.inner.now();
    let kept = book.slots().filter(|slot| {
        slot.residence() == Residence::Memory && !slot.is_unopened() && slot.with(|_| ()).is_ok()
    });
    let mut kept: Vec<PathBuf> = kept.map(|slot| slot.path().to_owned()).collect();
    kept.sort();
    kept
}

#[test]
fn what_took_effect_lets_go_of_what_it_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ringfence.db");
    let store = SqliteStore::open(&path, at(0)).unwrap();
    let old = store.import_list(texas(0, None), at(0)).unwrap().id;
    let new = store.import_list(texas(10, Some(1000)), at(10)).unwrap().id;
    let (old, new) = (
        store.shelf.path_of(old.as_str()),
        store.shelf.path_of(new.as_str()),
    );
    assert_eq!(store.list_faults(at(999)).unwrap(), []);
    assert_eq!(in_memory(&store), [old.clone(), new.clone()]);
    // A file that nobody needs yet is nobody's fault; the one that binds is.
    fs::rename(&new, new.with_extension("away")).unwrap();
    let begun = Instant::now();
    while in_memory(&store) != [old.clone()] {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "nobody looks at the files"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(store.list_faults(at(999)).unwrap(), []);
    assert_eq!(store.list_faults(at(1000)).unwrap().len(), 1);
    fs::rename(new.with_extension("away"), &new).unwrap();
    let begun = Instant::now();
    while in_memory(&store) != [new.clone()] {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "the old one stays in memory"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(store.list_faults(at(1000)).unwrap(), []);
    fs::remove_file(&old).unwrap();
    std::thread::sleep(TICK * LOOK_EVERY * 2);
    assert_eq!(store.list_faults(at(1000)).unwrap(), []);
}
