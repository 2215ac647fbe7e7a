//! Calls of our own line.

use ringfence_core::evidence::EventDraft;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use rusqlite::{Connection, Row, params};

use super::column::{
    digits, json, json_column, json_option, micros, number, time, time_option, word, word_column,
    word_option,
};
use super::page;
use super::rows::Table;
use super::work::Work;
use crate::call::{CallRecord, CallState, CallUpdate};
use crate::dial::AttemptRecord;
use crate::gate::LinePlan;
use crate::{Page, PageRequest, Result, StoreError};

/// The record of a call that was just allowed.
pub(super) fn insert(
    work: &mut Work<'_>,
    id: &Id,
    attempt: &AttemptRecord,
    line: &LinePlan,
) -> Result<()> {
    let (started_at, clock) = (work.micros(), work.clock());
    work.put(
        Table::Call,
        &[
            id.as_str().into(),
            attempt.id.as_str().into(),
            attempt.decision.as_str().into(),
            attempt.to.into(),
            (&attempt.seller).into(),
            attempt.campaign.as_ref().map(Id::as_str).into(),
            attempt.lead.as_ref().map(Id::as_str).into(),
            (&line.trunk).into(),
            (&json(&line.agent)?).into(),
            started_at.into(),
            clock.as_str().into(),
        ],
    )
}

pub(super) fn update(
    work: &mut Work<'_>,
    id: &Id,
    update: &CallUpdate,
    events: Vec<EventDraft>,
) -> Result<CallRecord> {
    if find(work.conn, id)?.state == CallState::Ended {
        return Err(StoreError::Conflict("the call has ended".into()));
    }
    work.conn
        .prepare_cached(
            "UPDATE calls SET state = coalesce(?2, state), answered_by = coalesce(?3, answered_by),
                 answered_at = coalesce(?4, answered_at), opt_out = max(opt_out, ?5),
                 disclosure = coalesce(?6, disclosure)
             WHERE id = ?1",
        )?
        .execute(params![
            id.as_str(),
            update.state.as_ref().map(word).transpose()?,
            update.answered_by.as_ref().map(word).transpose()?,
            micros(update.answered_at),
            update.opt_out,
            update.disclosure.as_ref().map(json).transpose()?,
        ])?;
    for event in events {
        work.append(event)?;
    }
    find(work.conn, id)
}

pub(super) fn find(conn: &Connection, id: &Id) -> Result<CallRecord> {
    page::one(
        conn,
        "SELECT * FROM calls WHERE id = ?1",
        [id.as_str()],
        record,
    )?
    .ok_or(StoreError::NotFound("call"))
}

pub(super) fn all(
    conn: &Connection,
    campaign: Option<&Id>,
    page: &PageRequest,
) -> Result<Page<CallRecord>> {
    let cursor = |call: &CallRecord| call.id.to_string();
    let (below, fetch) = (page::below(page), page::fetch(page));
    match campaign {
        Some(campaign) => page::select(
            conn,
            "SELECT * FROM calls WHERE campaign = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
            params![campaign.as_str(), below, fetch],
            page,
            record,
            cursor,
        ),
        None => page::select(
            conn,
            "SELECT * FROM calls WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
            params![below, fetch],
            page,
            record,
            cursor,
        ),
    }
}

pub(super) fn of(
    conn: &Connection,
    number: PhoneNumber,
    page: &PageRequest,
) -> Result<Page<CallRecord>> {
    page::select(
        conn,
        "SELECT * FROM calls WHERE number = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        params![digits(number), page::below(page), page::fetch(page)],
        page,
        record,
        |call| call.id.to_string(),
    )
}

fn record(row: &Row<'_>) -> Result<CallRecord> {
    let id = |column| Ok::<_, StoreError>(row.get::<_, Option<String>>(column)?.map(Id::new));
    Ok(CallRecord {
        id: Id::new(row.get::<_, String>("id")?),
        attempt: Id::new(row.get::<_, String>("attempt")?),
        decision: Id::new(row.get::<_, String>("decision")?),
        to: number(row, "number")?,
        seller: row.get("seller")?,
        campaign: id("campaign")?,
        lead: id("lead")?,
        trunk: row.get("trunk")?,
        agent: json_column(row, "agent")?,
        state: word_column(row, "state")?,
        outcome: word_option(row, "outcome")?,
        sip_status: row.get("sip_status")?,
        answered_by: word_option(row, "answered_by")?,
        opt_out: row.get("opt_out")?,
        disclosure: json_option(row, "disclosure")?,
        started_at: time(row, "started_at")?,
        answered_at: time_option(row, "answered_at")?,
        ended_at: time_option(row, "ended_at")?,
        note: row.get("note")?,
        clock: word_column(row, "clock")?,
    })
}
