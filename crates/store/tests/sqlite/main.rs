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

#[cfg(test)]
use std::path::{Path, PathBuf};
#[cfg(test)]
use std::process::Command;

use ringfence_store::SqliteStore;

/// What lies beside a database.
#[cfg(test)]
fn beside(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// This very program once more, for one of its tests alone, which finds the database in `variable`.
#[cfg(test)]
fn child(test: &str, variable: &str, database: &Path) -> Command {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child
        .args(["--exact", test, "--nocapture"])
        .env(variable, database);
    child
}

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
