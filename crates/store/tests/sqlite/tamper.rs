//! Invariant `append-only`: held by triggers against mistakes, and by the chain against hands in the file.

use std::path::PathBuf;

use crate::contract::{CALLEE, at, consent, gate, reservation, revocation, seller};
use ringfence_store::consent::Confirmation;
use ringfence_store::evidence::{ChainFault, EventFilter};
use ringfence_store::{SqliteStore, Store, StoreError};
use rusqlite::Connection;
use serde_json::json;

struct World {
    directory: tempfile::TempDir,
}

impl World {
    /// A store with some history, closed again.
    fn new() -> Self {
        let world = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        let store = world.open();
        store.put_seller("acme", seller(), at(0)).unwrap();
        let granted = store.record_consent(consent(0), at(1)).unwrap();
        let confirmation = Confirmation {
            channel: "sms".into(),
            proof: json!({}),
            at: at(2),
        };
        store
            .confirm_consent(&granted.id, confirmation, at(2))
            .unwrap();
        store.reserve(reservation(CALLEE), gate(), at(3)).unwrap();
        store.revoke(revocation(4), at(4)).unwrap();
        world
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("ringfence.db")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), at(0)).unwrap()
    }

    fn sql(&self, sql: &str) -> rusqlite::Result<()> {
        Connection::open(self.path())?.execute_batch(sql)
    }

    /// Somebody who knows about the triggers.
    fn tamper(&self, sql: &str) {
        self.sql("DROP TRIGGER events_keep_update; DROP TRIGGER events_keep_delete;")
            .unwrap();
        self.sql(sql).unwrap();
    }

    fn fault(&self, checkpoint: Option<&str>) -> Option<ChainFault> {
        self.open().verify_chain(checkpoint).unwrap().fault
    }

    fn entries(&self) -> u64 {
        self.open().verify_chain(None).unwrap().entries
    }
}

#[test]
fn triggers_refuse_every_change_of_evidence() {
    let world = World::new();
    for table in [
        "events",
        "consents",
        "consent_texts",
        "confirmations",
        "revocations",
        "suppressions",
        "decisions",
        "decision_patterns",
        "seller_facts",
    ] {
        let column = if table == "events" { "seq" } else { "rowid" };
        let column = if ["consent_texts", "seller_facts"].contains(&table) {
            "sha256"
        } else {
            column
        };
        for sql in [
            format!("DELETE FROM {table}"),
            format!("UPDATE {table} SET {column} = {column}"),
        ] {
            let refused = world.sql(&sql).unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{sql}: {refused}");
        }
    }
    assert_eq!(world.fault(None), None);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table")]
fn every_kind_of_tampering_is_named_at_its_place() {
    let last = World::new().entries();
    for (what, sql, seq) in [
        (
            "edited data",
            "UPDATE events SET data = '{}' WHERE seq = 3",
            3,
        ),
        (
            "edited time",
            "UPDATE events SET at = at + 1 WHERE seq = 4",
            4,
        ),
        (
            "edited clock",
            "UPDATE events SET clock = 'test' WHERE seq = 2",
            2,
        ),
        (
            "unreadable",
            "UPDATE events SET data = '{' WHERE seq = 2",
            2,
        ),
        ("removed", "DELETE FROM events WHERE seq = 3", 3),
        ("removed first", "DELETE FROM events WHERE seq = 1", 1),
        ("emptied", "DELETE FROM events", 1),
        (
            "emptied, head and all",
            "DELETE FROM events; DELETE FROM event_head",
            1,
        ),
        (
            "reordered",
            "UPDATE events SET seq = -3 WHERE seq = 3; UPDATE events SET seq = 3 WHERE seq = 4;
             UPDATE events SET seq = 4 WHERE seq = -3",
            3,
        ),
        (
            "removed and closed up",
            "DELETE FROM events WHERE seq = 3; UPDATE events SET seq = -seq WHERE seq > 3;
             UPDATE events SET seq = -seq - 1 WHERE seq < 0",
            3,
        ),
    ] {
        let world = World::new();
        world.tamper(sql);
        assert_eq!(world.fault(None).map(|f| f.seq), Some(seq), "{what}");
    }
    for (what, sql, seq) in [
        ("tail", "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", last),
        ("head gone", "DELETE FROM event_head", last),
        (
            "inserted at the end",
            "INSERT INTO events SELECT seq + 1, id || 'x', at, type, clock, subject, data, hash, hash
             FROM events ORDER BY seq DESC LIMIT 1",
            last + 1,
        ),
        (
            "head of another key",
            "UPDATE event_head SET key = hex(zeroblob(32))",
            last,
        ),
        (
            "tail and head's numbers",
            "DELETE FROM events WHERE seq = (SELECT max(seq) FROM events);
             UPDATE event_head SET seq = seq - 1, hash = (SELECT hash FROM events ORDER BY seq DESC LIMIT 1)",
            last - 1,
        ),
    ] {
        let world = World::new();
        world.tamper(sql);
        assert_eq!(world.fault(None).map(|f| f.seq), Some(seq), "{what}");
    }
}

#[test]
fn a_changed_record_is_named_by_the_entry_that_attests_it() {
    for (table, sql) in [
        (
            "decisions",
            "UPDATE decisions SET verdict = 'deny', facts_bytes = facts_bytes - 1",
        ),
        (
            "decisions",
            "UPDATE decisions SET pattern = NULL, texts = CAST('{}' AS BLOB), facts_bytes = 1",
        ),
        (
            "decisions",
            "UPDATE decisions SET texts = CAST(substr(texts, 1, length(texts) - 1) AS BLOB)",
        ),
        (
            "decisions",
            "UPDATE decisions SET texts = X'FFFFFFFF00', facts_bytes = 4294967290",
        ),
        (
            "decision_patterns",
            "UPDATE decision_patterns SET text = replace(text, '2125550123', '2125550124')",
        ),
        (
            "seller_facts",
            "UPDATE seller_facts SET text = replace(text, 'Acme', 'Emca')",
        ),
        (
            "consent_texts",
            "UPDATE consent_texts SET text = text || ' Anything goes.'",
        ),
        (
            "consents",
            "UPDATE consents SET proof = '{\"ip\":\"203.0.113.10\"}'",
        ),
    ] {
        let world = World::new();
        let kind = if !table.starts_with("consent") {
            "gate.decided"
        } else {
            "consent.granted"
        };
        let filter = EventFilter {
            kind: Some(kind.into()),
            ..EventFilter::default()
        };
        let seq = world.open().events(0, 1, &filter).unwrap()[0].seq;
        world
            .sql(&format!("DROP TRIGGER {table}_keep_update"))
            .unwrap();
        world.sql(sql).unwrap();
        assert_eq!(world.fault(None).map(|f| f.seq), Some(seq), "{sql}");
    }
}

#[test]
fn a_tampered_log_takes_no_further_entry() {
    let world = World::new();
    world.tamper("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)");
    let store = world.open();
    let refused = store.reserve(reservation(CALLEE), gate(), at(9));
    assert!(
        matches!(refused, Err(StoreError::Corrupt(_))),
        "{refused:?}"
    );
    assert!(store.verify_chain(None).unwrap().fault.is_some());
}

#[test]
fn a_checkpoint_tells_a_log_that_was_put_back() {
    let world = World::new();
    let store = world.open();
    let backup = world.directory.path().join("backup.db");
    Connection::open(world.path())
        .unwrap()
        .execute("VACUUM INTO ?1", [backup.to_str().unwrap()])
        .unwrap();
    store.revoke(revocation(9), at(9)).unwrap();
    let checkpoint = store.export_checkpoint().unwrap();
    assert_eq!(store.verify_chain(Some(&checkpoint)).unwrap().fault, None);
    drop(store);
    // Whole in itself, key and all, but shorter than what was attested.
    let old = world.directory.path().join("old.db");
    std::fs::copy(&backup, &old).unwrap();
    std::fs::copy(
        world.path().with_extension("db.key"),
        old.with_extension("db.key"),
    )
    .unwrap();
    let restored = SqliteStore::open(&old, at(0)).unwrap();
    assert_eq!(restored.verify_chain(None).unwrap().fault, None);
    let entries = restored.verify_chain(None).unwrap().entries;
    let fault = restored.verify_chain(Some(&checkpoint)).unwrap().fault;
    assert_eq!(fault.map(|f| f.seq), Some(entries + 1));
    // And then written on differently.
    restored.put_seller("other", seller(), at(9)).unwrap();
    restored.put_seller("other", seller(), at(9)).unwrap();
    let fault = restored.verify_chain(Some(&checkpoint)).unwrap().fault;
    let attested: ringfence_core::evidence::SignedHead = serde_json::from_str(&checkpoint).unwrap();
    assert_eq!(fault.map(|f| f.seq), Some(attested.seq));
    // A checkpoint of another log is not this one's.
    let foreign = World::new().open().export_checkpoint().unwrap();
    assert!(world.fault(Some(&foreign)).is_some());
}

#[test]
#[cfg(unix)]
fn the_key_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let key = world.path().with_extension("db.key");
    let mode = std::fs::metadata(&key).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::remove_file(&key).unwrap();
    let keyless = SqliteStore::open(&world.path(), at(0));
    assert!(matches!(keyless, Err(StoreError::Unavailable(_))));
}
