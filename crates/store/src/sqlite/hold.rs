//! Holds, and opt-outs of many numbers at once.

use jiff::Timestamp;
use ringfence_core::evidence::Subject;
use ringfence_core::gate::Hold;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::column::{
    digits, json, json_column, number, time, time_option, whole, word, word_column,
};
use super::dial::{self, Scope};
use super::work::Work;
use super::{SqliteStore, page, suppression};
use crate::hold::{HoldCount, HoldDraft, HoldRecord, HoldState, Holds, Review, StrangersOptOut};
use crate::suppression::{OptOutReceipt, OptOutScope, Revocation};
use crate::{Page, PageRequest, Result, StoreError};

// INVARIANT (opt-out-wins): in doubt the number is not called; the hold and the voided permits are one transaction.
fn make(work: &mut Work<'_>, draft: HoldDraft) -> Result<HoldRecord> {
    work.not_future(draft.at, "at")?;
    if let Some(known) = open_of_call(work.conn, &draft)? {
        return Ok(known);
    }
    let id = work.id("hold");
    work.conn
        .prepare_cached(
            "INSERT INTO holds (id, number, seller, call, channel, said, heard, at, due_at, state)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 'open')",
        )?
        .execute(params![
            id.as_str(),
            digits(draft.number),
            draft.seller,
            draft.call.as_ref().map(Id::as_str),
            draft.channel,
            draft.said,
            json(&draft.heard)?,
            draft.at.as_microsecond(),
            draft.due_at.as_microsecond(),
        ])?;
    let scope = Scope {
        number: Some(draft.number),
        seller: draft.seller.as_deref(),
        campaign: None,
    };
    let voided = dial::void_reserved(work, &scope, "held")?;
    work.event(
        "converse.held",
        subject(&draft),
        json!({
            "hold": id, "channel": draft.channel, "said": draft.said, "heard": draft.heard,
            "at": whole(draft.at), "due_at": whole(draft.due_at), "attempts_voided": voided,
        }),
    )?;
    find(work.conn, &id)
}

fn open_of_call(conn: &Connection, draft: &HoldDraft) -> Result<Option<HoldRecord>> {
    let Some(call) = &draft.call else {
        return Ok(None);
    };
    page::one(
        conn,
        "SELECT * FROM holds WHERE number = ?1 AND call = ?2 AND state = 'open'",
        params![digits(draft.number), call.as_str()],
        record,
    )
}

/// Of the sellers in `?1`, a JSON list; of all when it is empty.
const OF: &str = "(json_array_length(?1) = 0 OR seller IS NULL
    OR seller IN (SELECT value FROM json_each(?1)))";

/// Where a page of open holds begins: behind this instant and id.
fn after(cursor: &str) -> Result<(i64, &str)> {
    let parts = cursor.split_once('.');
    parts
        .and_then(|(due_at, id)| Some((due_at.parse().ok()?, id)))
        .ok_or_else(|| StoreError::invalid("a cursor of another list"))
}

fn subject(draft: &HoldDraft) -> Subject {
    Subject {
        number: Some(draft.number),
        seller: draft.seller.clone(),
        call: draft.call.clone(),
        ..Subject::default()
    }
}

fn record(row: &Row<'_>) -> Result<HoldRecord> {
    Ok(HoldRecord {
        id: Id::new(row.get::<_, String>("id")?),
        draft: HoldDraft {
            number: number(row, "number")?,
            seller: row.get("seller")?,
            call: row.get::<_, Option<String>>("call")?.map(Id::new),
            channel: row.get("channel")?,
            said: row.get("said")?,
            heard: json_column(row, "heard")?,
            at: time(row, "at")?,
            due_at: time(row, "due_at")?,
        },
        state: word_column(row, "state")?,
        decided_at: time_option(row, "decided_at")?,
        decided_by: row.get("decided_by")?,
        note: row.get("note")?,
    })
}

fn find(conn: &Connection, id: &Id) -> Result<HoldRecord> {
    page::one(
        conn,
        "SELECT * FROM holds WHERE id = ?1",
        [id.as_str()],
        record,
    )?
    .ok_or(StoreError::NotFound("hold"))
}

/// Decides an open hold and says so.
fn close(
    work: &mut Work<'_>,
    hold: &HoldRecord,
    state: HoldState,
    review: &Review,
) -> Result<HoldRecord> {
    if hold.state != HoldState::Open {
        return Err(StoreError::Conflict(format!(
            "the hold is {} already",
            word(&hold.state)?
        )));
    }
    work.conn
        .prepare_cached(
            "UPDATE holds SET state = ?2, decided_at = ?3, decided_by = ?4, note = ?5 WHERE id = ?1",
        )?
        .execute(params![
            hold.id.as_str(),
            word(&state)?,
            work.micros(),
            review.by,
            review.note,
        ])?;
    let kind = match state {
        HoldState::Released => "converse.hold-released",
        HoldState::OptedOut | HoldState::Open => "converse.hold-opted-out",
    };
    work.event(
        kind,
        subject(&hold.draft),
        json!({ "hold": hold.id, "by": review.by, "note": review.note }),
    )?;
    find(work.conn, &hold.id)
}

fn release(work: &mut Work<'_>, id: &Id, review: &Review) -> Result<HoldRecord> {
    let hold = find(work.conn, id)?;
    let released = close(work, &hold, HoldState::Released, review)?;
    // The gate decides about them anew; another hold makes them wait again.
    work.conn
        .prepare_cached(
            "UPDATE leads SET next_attempt_at = ?3
             WHERE number = ?1 AND state = 'deferred' AND (?2 IS NULL OR seller = ?2)
                 AND EXISTS (SELECT 1 FROM json_each(last_reasons) WHERE value = 'held')",
        )?
        .execute(params![
            digits(hold.draft.number),
            hold.draft.seller,
            work.micros(),
        ])?;
    Ok(released)
}

fn opt_out(
    work: &mut Work<'_>,
    hold: &HoldRecord,
    review: &Review,
    scope: OptOutScope,
) -> Result<(HoldRecord, OptOutReceipt)> {
    let decided = close(work, hold, HoldState::OptedOut, review)?;
    let draft = &hold.draft;
    let revocation = Revocation {
        number: draft.number,
        seller: draft.seller.clone(),
        channel: draft.channel.clone(),
        said: Some(draft.said.clone()),
        // Since it was said: only a consent that is later than the words overcomes them.
        at: draft.at,
        scope,
        call: draft.call.clone(),
        heard: Some(draft.heard.clone()),
        by: Some(review.by.clone()),
    };
    let receipt = suppression::revoke(work, &revocation)?;
    Ok((decided, receipt))
}

fn expire(
    work: &mut Work<'_>,
    scope: OptOutScope,
    limit: u32,
) -> Result<Vec<(HoldRecord, OptOutReceipt)>> {
    let due = page::all(
        work.conn,
        "SELECT * FROM holds WHERE state = 'open' AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2",
        params![work.micros(), limit],
        record,
    )?;
    let review = Review {
        by: "time".to_owned(),
        note: Some("nobody decided in time".to_owned()),
    };
    let mut done = Vec::with_capacity(due.len());
    for hold in due {
        // An opt-out of an earlier one in this very list may have decided it.
        if find(work.conn, &hold.id)?.state == HoldState::Open {
            done.push(opt_out(work, &hold, &review, scope)?);
        }
    }
    Ok(done)
}

/// An opt-out decides the open holds that it binds.
pub(super) fn overtaken(
    work: &mut Work<'_>,
    number: PhoneNumber,
    seller: Option<&str>,
) -> Result<Vec<Id>> {
    let open = page::all(
        work.conn,
        "SELECT * FROM holds WHERE number = ?1 AND state = 'open' AND (?2 IS NULL OR seller = ?2)",
        params![digits(number), seller],
        record,
    )?;
    let review = Review {
        by: "opt-out".to_owned(),
        note: None,
    };
    let mut ids = Vec::with_capacity(open.len());
    for hold in open {
        close(work, &hold, HoldState::OptedOut, &review)?;
        ids.push(hold.id);
    }
    Ok(ids)
}

/// The holds that bind this seller at `now`, as they stood then.
pub(super) fn facts(
    conn: &Connection,
    number: PhoneNumber,
    seller: &str,
    now: Timestamp,
) -> Result<Vec<Hold>> {
    page::all(
        conn,
        "SELECT id, at FROM holds
         WHERE number = ?1 AND at <= ?2 AND (decided_at IS NULL OR decided_at > ?2)
             AND (seller IS NULL OR seller = ?3) ORDER BY at, id",
        params![digits(number), now.as_microsecond(), seller],
        fact,
    )
}

pub(super) fn fact(row: &Row<'_>) -> Result<Hold> {
    Ok(Hold {
        id: Id::new(row.get::<_, String>("id")?),
        at: time(row, "at")?,
    })
}

impl Holds for SqliteStore {
    fn hold(&self, draft: HoldDraft, now: Timestamp) -> Result<HoldRecord> {
        self.writer.write(now, move |work| make(work, draft))
    }

    fn find_hold(&self, id: &Id) -> Result<HoldRecord> {
        self.readers.read(|conn| find(conn, id))
    }

    fn holds(
        &self,
        state: Option<HoldState>,
        sellers: &[String],
        page: &PageRequest,
    ) -> Result<Page<HoldRecord>> {
        let state = state.as_ref().map(word).transpose()?;
        let sellers = json(&sellers)?;
        self.readers.read(|conn| {
            page::select(
                conn,
                &format!(
                    "SELECT * FROM holds WHERE {OF} AND (?2 IS NULL OR state = ?2) AND id < ?3
                     ORDER BY id DESC LIMIT ?4"
                ),
                params![sellers, state, page::below(page), page::fetch(page)],
                page,
                record,
                |hold| hold.id.to_string(),
            )
        })
    }

    fn open_holds(&self, sellers: &[String], page: &PageRequest) -> Result<Page<HoldRecord>> {
        let (due_at, id) = page.cursor.as_deref().map_or(Ok((i64::MIN, "")), after)?;
        let sellers = json(&sellers)?;
        self.readers.read(|conn| {
            page::select(
                conn,
                &format!(
                    "SELECT * FROM holds WHERE state = 'open' AND {OF} AND (due_at, id) > (?2, ?3) ORDER BY due_at, id LIMIT ?4"
                ),
                params![sellers, due_at, id, page::fetch(page)],
                page,
                record,
                |hold| format!("{}.{}", hold.draft.due_at.as_microsecond(), hold.id),
            )
        })
    }

    fn open_hold_count(&self, sellers: &[String], now: Timestamp) -> Result<HoldCount> {
        let sellers = json(&sellers)?;
        let count = self.readers.read(|conn| {
            page::one(
                conn,
                &format!(
                    "SELECT COUNT(*) AS open, COUNT(*) FILTER (WHERE due_at <= ?2) AS overdue,
                            MIN(due_at) AS first_due_at FROM holds
                     WHERE state = 'open' AND {OF}"
                ),
                params![sellers, now.as_microsecond()],
                |row| {
                    Ok(HoldCount {
                        open: row.get("open")?,
                        overdue: row.get("overdue")?,
                        first_due_at: time_option(row, "first_due_at")?,
                    })
                },
            )
        })?;
        Ok(count.unwrap_or_default())
    }

    fn holds_of(&self, number: PhoneNumber) -> Result<Vec<HoldRecord>> {
        self.readers.read(|conn| {
            page::all(
                conn,
                "SELECT * FROM holds WHERE number = ?1 ORDER BY at, id",
                [digits(number)],
                record,
            )
        })
    }

    fn release_hold(&self, id: &Id, review: Review, now: Timestamp) -> Result<HoldRecord> {
        let id = id.to_owned();
        self.writer
            .write(now, move |work| release(work, &id, &review))
    }

    fn opt_out_hold(
        &self,
        id: &Id,
        review: Review,
        scope: OptOutScope,
        now: Timestamp,
    ) -> Result<(HoldRecord, OptOutReceipt)> {
        let id = id.to_owned();
        self.writer.write(now, move |work| {
            let hold = find(work.conn, &id)?;
            opt_out(work, &hold, &review, scope)
        })
    }

    fn expire_holds(
        &self,
        scope: OptOutScope,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<(HoldRecord, OptOutReceipt)>> {
        self.writer
            .write(now, move |work| expire(work, scope, limit))
    }

    fn opt_outs_of_strangers(&self, limit: u32) -> Result<Vec<StrangersOptOut>> {
        self.readers
            .read(|conn| suppression::of_strangers(conn, limit))
    }

    fn revoke_all(
        &self,
        revocations: Vec<Revocation>,
        now: Timestamp,
    ) -> Result<Vec<OptOutReceipt>> {
        self.writer.write(now, move |work| {
            revocations
                .iter()
                .map(|revocation| suppression::revoke(work, revocation))
                .collect()
        })
    }
}
