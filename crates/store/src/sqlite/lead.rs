//! Leads: taken in, claimed, put back, ended.

use jiff::Timestamp;
use ringfence_core::evidence::Subject;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::json;

use super::column::{
    digits, json, json_column, number, time, whole, word, word_column, word_option,
};
use super::work::Work;
use super::{campaign, page};
use crate::campaign::{
    CampaignState, Lead, LeadDraft, LeadImport, LeadImported, LeadProgress, LeadState,
};
use crate::{Page, PageRequest, Result, StoreError};

pub(super) fn import(
    work: &mut Work<'_>,
    campaign: Option<&Id>,
    drafts: Vec<LeadDraft>,
) -> Result<LeadImport> {
    let seller = match campaign {
        Some(id) => Some(campaign::find(work.conn, id)?.plan.seller),
        None => None,
    };
    let mut results = Vec::with_capacity(drafts.len());
    for draft in drafts {
        results.push(import_one(work, campaign, seller.as_deref(), draft)?);
    }
    Ok(LeadImport { results })
}

fn import_one(
    work: &mut Work<'_>,
    campaign: Option<&Id>,
    seller: Option<&str>,
    draft: LeadDraft,
) -> Result<LeadImported> {
    if let Some(campaign) = campaign {
        let known: Option<String> = work
            .conn
            .prepare_cached("SELECT id FROM leads WHERE campaign = ?1 AND number = ?2")?
            .query_row(params![campaign.as_str(), digits(draft.number)], |row| {
                row.get(0)
            })
            .optional()?;
        if let Some(id) = known {
            return Ok(LeadImported::Duplicate(Id::new(id)));
        }
    }
    let id = work.id("lead");
    work.conn
        .prepare_cached(
            "INSERT INTO leads (id, campaign, seller, number, place, external_id, extra, state,
                 next_attempt_at, attempts, last_reasons, received_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'queued', ?8, 0, '[]', ?8)",
        )?
        .execute(params![
            id.as_str(),
            campaign.map(Id::as_str),
            seller,
            digits(draft.number),
            json(&draft.place)?,
            draft.external_id,
            json(&draft.extra)?,
            work.micros(),
        ])?;
    work.event(
        "lead.received",
        Subject {
            number: Some(draft.number),
            seller: seller.map(str::to_owned),
            campaign: campaign.cloned(),
            lead: Some(id.clone()),
            ..Subject::default()
        },
        json!({ "place": draft.place, "external_id": draft.external_id }),
    )?;
    Ok(LeadImported::New(id))
}

pub(super) fn find(conn: &Connection, id: &Id) -> Result<Lead> {
    page::one(
        conn,
        "SELECT * FROM leads WHERE id = ?1",
        [id.as_str()],
        record,
    )?
    .ok_or(StoreError::NotFound("lead"))
}

pub(super) fn all(
    conn: &Connection,
    campaign: &Id,
    state: Option<LeadState>,
    page: &PageRequest,
) -> Result<Page<Lead>> {
    let after = page.cursor.clone().unwrap_or_default();
    let cursor = |lead: &Lead| lead.id.to_string();
    match state {
        Some(state) => page::select(
            conn,
            "SELECT * FROM leads WHERE campaign = ?1 AND state = ?2 AND id > ?3 ORDER BY id LIMIT ?4",
            params![campaign.as_str(), word(&state)?, after, page::fetch(page)],
            page,
            record,
            cursor,
        ),
        None => page::select(
            conn,
            "SELECT * FROM leads WHERE campaign = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
            params![campaign.as_str(), after, page::fetch(page)],
            page,
            record,
            cursor,
        ),
    }
}

fn record(row: &Row<'_>) -> Result<Lead> {
    let id = |column| Ok::<_, StoreError>(row.get::<_, Option<String>>(column)?.map(Id::new));
    Ok(Lead {
        id: Id::new(row.get::<_, String>("id")?),
        campaign: id("campaign")?,
        draft: LeadDraft {
            number: number(row, "number")?,
            place: json_column(row, "place")?,
            external_id: row.get("external_id")?,
            extra: json_column(row, "extra")?,
        },
        state: word_column(row, "state")?,
        next_attempt_at: time(row, "next_attempt_at")?,
        attempts: row.get("attempts")?,
        last_outcome: word_option(row, "last_outcome")?,
        last_reasons: json_column(row, "last_reasons")?,
        last_decision: id("last_decision")?,
        received_at: time(row, "received_at")?,
    })
}

pub(super) fn claim_due(work: &Work<'_>, campaign: &Id, limit: u32) -> Result<Vec<Lead>> {
    if campaign::find(work.conn, campaign)?.state != CampaignState::Running {
        return Ok(Vec::new());
    }
    let mut due = page::all(
        work.conn,
        "SELECT * FROM leads
         WHERE campaign = ?1 AND state IN ('queued', 'deferred') AND next_attempt_at <= ?2
         ORDER BY next_attempt_at, id LIMIT ?3",
        params![campaign.as_str(), work.micros(), limit],
        record,
    )?;
    for lead in &mut due {
        set_state(work, &lead.id, LeadState::Reserved)?;
        lead.state = LeadState::Reserved;
    }
    Ok(due)
}

fn set_state(work: &Work<'_>, id: &Id, state: LeadState) -> Result<()> {
    work.conn
        .prepare_cached("UPDATE leads SET state = ?2 WHERE id = ?1")?
        .execute([id.as_str(), &word(&state)?])?;
    Ok(())
}

/// A permit for this lead was redeemed.
pub(super) fn enter_call(work: &Work<'_>, id: &Id) -> Result<()> {
    work.conn
        .prepare_cached(
            "UPDATE leads SET attempts = attempts + 1,
                 state = CASE state WHEN 'cancelled' THEN state ELSE 'in-call' END
             WHERE id = ?1",
        )?
        .execute([id.as_str()])?;
    Ok(())
}

pub(super) fn requeue(
    work: &mut Work<'_>,
    id: &Id,
    at: Timestamp,
    progress: &LeadProgress,
) -> Result<()> {
    let lead = find(work.conn, id)?;
    if !matches!(lead.state, LeadState::Reserved | LeadState::InCall) {
        return Err(StoreError::Conflict(format!(
            "the lead is {}",
            word(&lead.state)?
        )));
    }
    let state = if progress.outcome.is_none() && !progress.reasons.is_empty() {
        LeadState::Deferred
    } else {
        LeadState::Queued
    };
    put(work, &lead, state, Some(whole(at)), progress)
}

pub(super) fn finish(
    work: &mut Work<'_>,
    id: &Id,
    state: LeadState,
    progress: &LeadProgress,
) -> Result<()> {
    if !matches!(
        state,
        LeadState::Done | LeadState::Denied | LeadState::Cancelled
    ) {
        return Err(StoreError::invalid(
            "a lead ends as done, denied or cancelled",
        ));
    }
    let lead = find(work.conn, id)?;
    // INVARIANT (opt-out-wins): no later disposition undoes a cancellation.
    let state = match lead.state {
        LeadState::Cancelled => LeadState::Cancelled,
        _ => state,
    };
    put(work, &lead, state, None, progress)
}

fn put(
    work: &mut Work<'_>,
    lead: &Lead,
    state: LeadState,
    next_attempt_at: Option<Timestamp>,
    progress: &LeadProgress,
) -> Result<()> {
    work.conn
        .prepare_cached(
            "UPDATE leads SET state = ?2, next_attempt_at = coalesce(?3, next_attempt_at),
                 last_outcome = coalesce(?4, last_outcome), last_reasons = ?5,
                 last_decision = coalesce(?6, last_decision)
             WHERE id = ?1",
        )?
        .execute(params![
            lead.id.as_str(),
            word(&state)?,
            super::column::micros(next_attempt_at),
            progress.outcome.as_ref().map(word).transpose()?,
            json(&progress.reasons)?,
            progress.decision.as_ref().map(Id::as_str),
        ])?;
    let kind = format!("lead.{}", word(&state)?);
    work.event(
        &kind,
        subject(lead, progress.decision.clone()),
        json!({
            "outcome": progress.outcome, "reasons": progress.reasons,
            "next_attempt_at": next_attempt_at,
        }),
    )
}

fn subject(lead: &Lead, decision: Option<Id>) -> Subject {
    Subject {
        number: Some(lead.draft.number),
        campaign: lead.campaign.clone(),
        lead: Some(lead.id.clone()),
        decision,
        ..Subject::default()
    }
}

/// Cancels what waits for a number, for one seller or for all.
pub(super) fn cancel_number(
    work: &mut Work<'_>,
    number: PhoneNumber,
    seller: Option<&str>,
) -> Result<Vec<Id>> {
    let leads = page::all(
        work.conn,
        "SELECT * FROM leads WHERE number = ?1 AND state IN ('queued', 'deferred', 'reserved')
             AND (?2 IS NULL OR seller = ?2)",
        params![digits(number), seller],
        record,
    )?;
    cancel_all(work, leads, "opted out")
}

/// Cancels what waits in a campaign.
pub(super) fn cancel_campaign(work: &mut Work<'_>, campaign: &Id) -> Result<()> {
    let leads = page::all(
        work.conn,
        "SELECT * FROM leads WHERE campaign = ?1 AND state IN ('queued', 'deferred', 'reserved')",
        [campaign.as_str()],
        record,
    )?;
    cancel_all(work, leads, "campaign cancelled").map(drop)
}

fn cancel_all(work: &mut Work<'_>, leads: Vec<Lead>, why: &str) -> Result<Vec<Id>> {
    let mut cancelled = Vec::with_capacity(leads.len());
    for lead in leads {
        set_state(work, &lead.id, LeadState::Cancelled)?;
        work.event(
            "lead.cancelled",
            subject(&lead, None),
            json!({ "why": why }),
        )?;
        cancelled.push(lead.id);
    }
    Ok(cancelled)
}

/// A dead process's claims wait again; nothing was dialed for them.
pub(super) fn release_claims(work: &Work<'_>) -> Result<u64> {
    let released = work.conn.execute(
        "UPDATE leads SET state = 'queued' WHERE state = 'reserved'",
        [],
    )?;
    Ok(released as u64)
}

pub(super) fn in_call(conn: &Connection) -> Result<Vec<Lead>> {
    page::all(
        conn,
        "SELECT * FROM leads WHERE state = 'in-call' ORDER BY id",
        [],
        record,
    )
}
