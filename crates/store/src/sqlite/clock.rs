//! The test clock's record.

use jiff::Timestamp;
use ringfence_core::evidence::{ClockKind, Subject};
use rusqlite::{Connection, OptionalExtension};
use serde_json::json;

use super::column::instant;
use super::work::Work;
use crate::clock::TestClock;
use crate::{Result, StoreError};

const START: &str = "test-clock-start";

pub(super) fn kind(conn: &Connection) -> Result<ClockKind> {
    Ok(match start(conn)? {
        Some(_) => ClockKind::Test,
        None => ClockKind::Real,
    })
}

fn start(conn: &Connection) -> Result<Option<Timestamp>> {
    let text: Option<String> = conn
        .prepare_cached("SELECT value FROM meta WHERE key = ?1")?
        .query_row([START], |row| row.get(0))
        .optional()?;
    text.map(|text| {
        text.parse()
            .map_err(|_| StoreError::Corrupt("the test clock's start".into()))
    })
    .transpose()
}

pub(super) fn test_clock(conn: &Connection) -> Result<Option<TestClock>> {
    let Some(start) = start(conn)? else {
        return Ok(None);
    };
    // Records that were made under the real clock, before this one was set, do not move it.
    let last: Option<i64> = conn
        .prepare_cached("SELECT at FROM events WHERE clock = 'test' ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(Some(TestClock {
        start,
        last_record_at: last.map(instant).transpose()?,
    }))
}

pub(super) fn has_real_records(conn: &Connection) -> Result<bool> {
    // Every call stands on a decision. The first one tells: a database with a real one never gets a test clock, and one
    // with a test clock keeps it.
    Ok(conn.query_row(
        "SELECT coalesce((SELECT clock FROM decisions ORDER BY seq LIMIT 1) = 'real', 0)",
        [],
        |row| row.get(0),
    )?)
}

pub(super) fn start_test_clock(work: &mut Work<'_>) -> Result<TestClock> {
    if has_real_records(work.conn)? {
        return Err(StoreError::Conflict(
            "the database holds decisions or calls made under the real clock".into(),
        ));
    }
    // The clock never goes back behind its own records.
    let at = test_clock(work.conn)?.map_or(work.now, |clock| clock.resume_at().max(work.now));
    work.conn.execute(
        "INSERT INTO meta (key, value) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [START, &work.now.to_string()],
    )?;
    work.set_clock(ClockKind::Test);
    let start = work.now;
    work.now = at;
    work.event(
        "evidence.test-clock-set",
        Subject::default(),
        json!({ "start": start }),
    )?;
    Ok(TestClock {
        start,
        last_record_at: Some(at),
    })
}
