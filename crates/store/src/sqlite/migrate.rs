//! The schema, one numbered file after the other.

use std::path::Path;

use jiff::Timestamp;
use ringfence_core::evidence::{EventDraft, HeadSigner, Subject, hex, public_key};
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};
use serde_json::json;

use super::ahead::Place;
use super::column::whole;
use super::connection::Line;
use super::evidence::ChainTip;
use super::rows::Sink;
use super::secret;
use crate::{Result, StoreError};

/// Every migration, in order; a file that was released is never edited.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("../../migrations/sqlite/0001_ledger.sql"),
    include_str!("../../migrations/sqlite/0002_list_files.sql"),
    include_str!("../../migrations/sqlite/0003_effects.sql"),
    include_str!("../../migrations/sqlite/0004_decision_path.sql"),
    include_str!("../../migrations/sqlite/0005_short_records.sql"),
    include_str!("../../migrations/sqlite/0006_pruned_lists.sql"),
];

/// Brings the schema to the newest version, each step in a transaction of its own; returns the signing key.
pub(super) fn migrate(conn: &mut Connection, path: &Path, now: Timestamp) -> Result<[u8; 32]> {
    // A table that others refer to is made anew only so.
    conn.pragma_update(None, "foreign_keys", false)?;
    let secret = step_by_step(conn, path, now);
    conn.pragma_update(None, "foreign_keys", true)?;
    secret
}

fn step_by_step(conn: &mut Connection, path: &Path, now: Timestamp) -> Result<[u8; 32]> {
    loop {
        // Taken before the version is read: two processes may open a new file at the same time.
        let tx = begin(conn, path)?;
        let version: i64 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let done = usize::try_from(version)
            .map_err(|_| StoreError::Corrupt("a negative schema version".into()))?;
        if done > MIGRATIONS.len() {
            return Err(StoreError::Corrupt(format!(
                "schema version {done} is newer than this program's {}",
                MIGRATIONS.len()
            )));
        }
        if done > 0 {
            // What a dead process left behind is of the schema that it knew.
            let secret = secret::load(path)?;
            let place = Place::new(path, &secret, MIGRATIONS.len());
            place.catch_up(&tx, &HeadSigner::new(&secret))?;
        }
        let Some(sql) = MIGRATIONS.get(done) else {
            tx.commit()?;
            return secret::load(path);
        };
        tx.execute_batch(sql)?;
        let broken: Option<String> = tx
            .query_row("PRAGMA foreign_key_check", [], |row| row.get(0))
            .optional()?;
        if let Some(table) = broken {
            return Err(StoreError::Corrupt(format!(
                "{table} refers to what is not there; the database stays at schema version {done}"
            )));
        }
        tx.pragma_update(None, "user_version", version.saturating_add(1))?;
        if done == 0 {
            begin_log(&tx, path, now)?;
        }
        tx.commit()?;
    }
}

/// A transaction, in its turn where others write.
fn begin<'c>(conn: &'c mut Connection, path: &Path) -> Result<Transaction<'c>> {
    let begin = move || {
        let conn = conn;
        Ok(conn.transaction_with_behavior(TransactionBehavior::Immediate)?)
    };
    match Line::open(path) {
        Ok(line) => line.begin(begin),
        // A new database has no line yet.
        Err(_) => begin(),
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
    tip.append(&mut Sink::Database(tx), draft, whole(now))?;
    tip.sign(tx, &HeadSigner::new(&secret))
}

#[cfg(test)]
mod tests {
    use ringfence_core::evidence::sha256_hex;
    use ringfence_core::id::Id;
    use ringfence_core::lead::PhoneNumber;
    use rusqlite::params;

    use super::super::{column, connection};
    use super::*;
    use crate::evidence::EventFilter;
    use crate::{PageRequest, SqliteStore, Store};

    const FACTS: &str = r#"{"request":{"seller":"acme"},"seller":{"name":"Señor"},"consents":[]}"#;
    const DECISION: &str = r#"{"verdict":"allow"}"#;

    /// A database as the fourth migration left it, with a decision and its attempt.
    fn before_the_fifth(path: &Path, number: PhoneNumber) {
        let now = Timestamp::UNIX_EPOCH;
        let mut conn = connection::open_writer(path).unwrap();
        let tx = conn.transaction().unwrap();
        for sql in &MIGRATIONS[..4] {
            tx.execute_batch(sql).unwrap();
        }
        tx.pragma_update(None, "user_version", 4).unwrap();
        begin_log(&tx, path, now).unwrap();
        let mut tip = ChainTip::read(&tx).unwrap();
        let subject = Subject {
            number: Some(number),
            seller: Some("acme".into()),
            decision: Some(Id::from("dec_1")),
            ..Subject::default()
        };
        let hashes = json!({
            "facts_sha256": sha256_hex(FACTS.as_bytes()), "decision_sha256": sha256_hex(DECISION.as_bytes()),
        });
        let decided = EventDraft::new("gate.decided", subject.clone(), hashes);
        let mut sink = Sink::Database(&tx);
        tip.append(&mut sink, decided, now).unwrap();
        let digits = column::digits(number);
        tx.execute(
            "INSERT INTO decisions VALUES ('dec_1', ?1, ?2, 'acme', 'allow', 0, 'real', ?3, ?4, 'pack')",
            params![number.e164(), digits, FACTS, DECISION],
        )
        .unwrap();
        let subject = Subject {
            attempt: Some(Id::from("att_1")),
            ..subject
        };
        let reserved = EventDraft::new("dial.reserved", subject, json!({}));
        tip.append(&mut sink, reserved, now).unwrap();
        tx.execute(
            "INSERT INTO attempts (id, decision, number, seller, caller_id, state, token_sha256, reserved_at, expires_at)
             VALUES ('att_1', 'dec_1', ?1, 'acme', '+12125550191', 'dialing', X'00', 0, 0)",
            [digits],
        )
        .unwrap();
        let secret = secret::load(path).unwrap();
        tip.sign(&tx, &HeadSigner::new(&secret)).unwrap();
        tx.commit().unwrap();
    }

    #[test]
    fn decisions_of_an_earlier_schema_are_kept_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ringfence.db");
        let number = PhoneNumber::parse("+12125550123").unwrap();
        before_the_fifth(&path, number);
        let store = SqliteStore::open(&path, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(store.verify_chain(None).unwrap().fault, None);
        let first = PageRequest::first(10);
        let page = store.decisions_of(number, &first).unwrap();
        let kept = &page.items[0];
        assert_eq!(kept.facts_json, FACTS);
        assert_eq!(kept.decision_json, DECISION);
        assert_eq!(kept.attempt, Some(Id::from("att_1")));
        let of_number = EventFilter {
            number: Some(number),
            ..EventFilter::default()
        };
        let events = store.events(0, 10, &of_number).unwrap();
        let kinds: Vec<_> = events.iter().map(|e| e.kind.as_str()).collect();
        assert_eq!(kinds, ["gate.decided", "dial.reserved"]);
        let attempt = store.attempt(&Id::from("att_1")).unwrap();
        assert_eq!(attempt.decision, Id::from("dec_1"));
    }
}
