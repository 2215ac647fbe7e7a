//! Opt-outs: the entry, and everything that it stops at once.

use jiff::Timestamp;
use ringfence_core::evidence::Subject;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::suppression::InternalEntry;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::column::{digits, number, time, whole, word};
use super::dial::{self, Scope};
use super::work::Work;
use super::{hold, lead, page};
use crate::Result;
use crate::hold::StrangersOptOut;
use crate::suppression::{
    OptOutReceipt, OptOutScope, Revocation, SuppressionDraft, SuppressionRecord,
};

/// One row of the internal list.
pub(super) struct Entry<'a> {
    pub(super) number: PhoneNumber,
    pub(super) seller: Option<&'a str>,
    pub(super) revocation: Option<&'a Id>,
    pub(super) list: Option<&'a Id>,
    pub(super) reason: &'a str,
    pub(super) source: &'a str,
    pub(super) at: Timestamp,
}

pub(super) fn insert(work: &Work<'_>, entry: &Entry<'_>) -> Result<Id> {
    let id = work.id("sup");
    work.conn
        .prepare_cached(
            "INSERT INTO suppressions (id, number, seller, revocation, list, reason, source, at, recorded_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id.as_str(),
            digits(entry.number),
            entry.seller,
            entry.revocation.map(Id::as_str),
            entry.list.map(Id::as_str),
            entry.reason,
            entry.source,
            entry.at.as_microsecond(),
            work.micros(),
        ])?;
    Ok(id)
}

// INVARIANT (opt-out-wins): the entry, the cancelled leads and the voided permits are one transaction; once the receipt is
// out, no reservation can allow and no permit can be redeemed.
pub(super) fn revoke(work: &mut Work<'_>, revocation: &Revocation) -> Result<OptOutReceipt> {
    work.not_future(revocation.at, "at")?;
    let id = work.id("rev");
    let binds = match revocation.scope {
        OptOutScope::Seller => revocation.seller.as_deref(),
        OptOutScope::Tenant => None,
    };
    work.conn
        .prepare_cached(
            "INSERT INTO revocations (id, number, seller, channel, said, at, scope, call, recorded_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id.as_str(),
            digits(revocation.number),
            revocation.seller,
            revocation.channel,
            revocation.said,
            revocation.at.as_microsecond(),
            word(&revocation.scope)?,
            revocation.call.as_ref().map(Id::as_str),
            work.micros(),
        ])?;
    let suppression = insert(
        work,
        &Entry {
            number: revocation.number,
            seller: binds,
            revocation: Some(&id),
            list: None,
            reason: "consent withdrawn",
            source: &revocation.channel,
            at: revocation.at,
        },
    )?;
    let mut receipt = cancel(work, revocation.number, binds, suppression)?;
    let subject = Subject {
        number: Some(revocation.number),
        seller: revocation.seller.clone(),
        call: revocation.call.clone(),
        ..Subject::default()
    };
    work.event(
        "consent.revoked",
        subject.clone(),
        json!({
            "revocation": id, "channel": revocation.channel, "said": revocation.said,
            "at": whole(revocation.at), "scope": revocation.scope, "receipt": receipt, "by": revocation.by,
        }),
    )?;
    // Other systems hear of every opt-out under one name, whatever road it came in by.
    work.event(
        "converse.opt-out",
        subject,
        json!({
            "revocation": id, "suppression": receipt.suppression, "channel": revocation.channel,
            "said": revocation.said, "heard": revocation.heard, "at": whole(revocation.at),
            "scope": revocation.scope, "binds": binds, "by": revocation.by,
        }),
    )?;
    receipt.revocation = Some(id);
    Ok(receipt)
}

pub(super) fn suppress(work: &mut Work<'_>, draft: &SuppressionDraft) -> Result<OptOutReceipt> {
    work.not_future(draft.at, "at")?;
    let entry = Entry {
        number: draft.number,
        seller: draft.seller.as_deref(),
        revocation: None,
        list: None,
        reason: &draft.reason,
        source: &draft.source,
        at: draft.at,
    };
    let id = insert(work, &entry)?;
    let receipt = cancel(work, draft.number, draft.seller.as_deref(), id)?;
    work.event(
        "suppression.added",
        Subject {
            number: Some(draft.number),
            seller: draft.seller.clone(),
            ..Subject::default()
        },
        json!({
            "reason": draft.reason, "source": draft.source, "at": whole(draft.at),
            "receipt": receipt, "by": draft.by,
        }),
    )?;
    Ok(receipt)
}

fn cancel(
    work: &mut Work<'_>,
    number: PhoneNumber,
    seller: Option<&str>,
    suppression: Id,
) -> Result<OptOutReceipt> {
    let scope = Scope {
        number: Some(number),
        seller,
        campaign: None,
    };
    Ok(OptOutReceipt {
        revocation: None,
        suppression,
        leads_cancelled: lead::cancel_number(work, number, seller)?,
        attempts_voided: dial::void_reserved(work, &scope, "opted out")?,
        in_flight: dial::in_flight(work.conn, &scope)?,
        holds: hold::overtaken(work, number, seller)?,
    })
}

pub(super) fn of(conn: &Connection, number: PhoneNumber) -> Result<Vec<SuppressionRecord>> {
    page::all(
        conn,
        "SELECT * FROM suppressions WHERE number = ?1 ORDER BY at, id",
        [digits(number)],
        record,
    )
}

/// Those whose seller is not on file.
pub(super) fn of_strangers(conn: &Connection, limit: u32) -> Result<Vec<StrangersOptOut>> {
    page::all(
        conn,
        "SELECT seller, number, MAX(at) AS at FROM suppressions
         WHERE seller IS NOT NULL AND seller NOT IN (SELECT id FROM sellers)
         GROUP BY seller, number ORDER BY seller, number LIMIT ?1",
        [limit],
        |row| {
            Ok(StrangersOptOut {
                seller: row.get("seller")?,
                number: number(row, "number")?,
                at: time(row, "at")?,
            })
        },
    )
}

fn record(row: &Row<'_>) -> Result<SuppressionRecord> {
    Ok(SuppressionRecord {
        id: Id::new(row.get::<_, String>("id")?),
        seller: row.get("seller")?,
        revocation: row.get::<_, Option<String>>("revocation")?.is_some(),
        at: time(row, "at")?,
        reason: row.get("reason")?,
        source: row.get("source")?,
        recorded_at: time(row, "recorded_at")?,
    })
}

/// The internal entries that bind this seller at `now`.
pub(super) fn facts(
    conn: &Connection,
    number: PhoneNumber,
    seller: &str,
    now: Timestamp,
) -> Result<Vec<InternalEntry>> {
    page::all(
        conn,
        "SELECT * FROM suppressions
         WHERE number = ?1 AND at <= ?2 AND (seller IS NULL OR seller = ?3) ORDER BY at, id",
        params![digits(number), now.as_microsecond(), seller],
        |row| {
            let entry = record(row)?;
            Ok(InternalEntry {
                id: entry.id,
                seller: entry.seller,
                revocation: entry.revocation,
                at: entry.at,
                reason: entry.reason,
            })
        },
    )
}
