//! The embedded back-end keeps the contract.

mod contract;

use ringfence_store::SqliteStore;

struct Fresh {
    store: SqliteStore,
    _directory: tempfile::TempDir,
}

fn fresh() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("ringfence.db"), contract::at(0)).unwrap();
    Fresh {
        store,
        _directory: directory,
    }
}

contract_tests!(crate::fresh);
