//! The schema, one numbered file after the other.

use std::path::Path;

use jiff::Timestamp;
use ringfence_core::evidence::{EventDraft, HeadSigner, Subject, hex, public_key};
use rusqlite::{Connection, Transaction, TransactionBehavior};
use serde_json::json;

use super::column::whole;
use super::evidence::ChainTip;
use super::secret;
use crate::{Result, StoreError};

/// Every migration, in order; a file that was released is never edited.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_ledger.sql"),
    include_str!("../../migrations/sqlite/0002_list_files.sql"),
    include_str!("../../migrations/sqlite/0003_effects.sql"),
    include_str!("../../migrations/sqlite/0004_decision_path.sql"),
];

/// Brings the schema to the newest version, each step in a transaction of its own; returns the signing key.
pub(super) fn migrate(conn: &mut Connection, path: &Path, now: Timestamp) -> Result<[u8; 32]> {
    loop {
        // Taken before the version is read: two processes may open a new file at the same time.
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let done = usize::try_from(version)
            .map_err(|_| StoreError::Corrupt("a negative schema version".into()))?;
        if done > MIGRATIONS.len() {
            return Err(StoreError::Corrupt(format!(
                "schema version {done} is newer than this program's {}",
                MIGRATIONS.len()
            )));
        }
        let Some(sql) = MIGRATIONS.get(done) else {
            return secret::load(path);
        };
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", version.saturating_add(1))?;
        if done == 0 {
            begin_log(&tx, path, now)?;
        }
        tx.commit()?;
    }
}

/// The first entry. Only a new database gets one: a log that was emptied later stays empty, and is found so.
fn begin_log(tx: &Transaction<'_>, path: &Path, now: Timestamp) -> Result<()> {
    let secret = secret::load_or_make(path)?;
    let mut tip = ChainTip::genesis();
    let draft = EventDraft::new(
        "evidence.opened",
        Subject::default(),
        json!({ "key": hex(&public_key(&secret)) }),
    );
    tip.append(tx, draft, whole(now))?;
    tip.sign(tx, &HeadSigner::new(&secret))
}
