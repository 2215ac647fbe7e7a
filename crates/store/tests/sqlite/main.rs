//! The embedded back-end keeps the contract.

#[cfg(test)]
mod ahead;
#[cfg(test)]
mod backup;
#[cfg(test)]
#[path = "../contract/mod.rs"]
mod contract;
#[cfg(test)]
mod crash;
#[cfg(test)]
mod list_files;
#[cfg(test)]
mod list_prune;
#[cfg(test)]
mod list_prune_crash;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod records;
#[cfg(test)]
mod tamper;

use ringfence_store::SqliteStore;

#[cfg(test)]
struct Fresh {
    store: SqliteStore,
    _directory: tempfile::TempDir,
}

#[cfg(test)]
fn fresh() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&directory.path().join("ringfence.db"), contract::at(0)).unwrap();
    Fresh {
        store,
        _directory: directory,
    }
}

contract_tests!(crate::fresh);
