//! How attempts end: settled by who dialed, or put in order after a crash.

use ringfence_core::evidence::Subject;
use ringfence_core::id::Id;
use ringfence_core::outcome::Outcome;
use rusqlite::params;
use serde_json::json;

use super::column::{json, micros, word};
use super::work::Work;
use super::{dial, lead, page};
use crate::dial::{AttemptRecord, AttemptState, Recovery, Settlement};
use crate::{Result, StoreError};

pub(super) fn settle(
    work: &mut Work<'_>,
    id: &Id,
    settlement: &Settlement,
) -> Result<AttemptRecord> {
    work.not_future(settlement.ended_at, "ended_at")?;
    let attempt = dial::find(work.conn, id)?;
    let expired = attempt.note.as_deref() == Some(dial::EXPIRED);
    match attempt.state {
        AttemptState::Reserved | AttemptState::Dialing => {}
        // A dialer of the user's own reports at the end of a call that outlived its permit. A call that was made counts.
        AttemptState::Void if expired => {}
        AttemptState::Void => {
            return Err(StoreError::Conflict(format!(
                "the attempt is void: {}",
                attempt.note.unwrap_or_default()
            )));
        }
        AttemptState::Settled => {
            return Err(StoreError::Conflict(
                "the attempt is settled already".into(),
            ));
        }
    }
    work.conn
        .prepare_cached(
            "UPDATE attempts SET state = 'settled', ended_at = ?2, outcome = ?3, note = ?4 WHERE id = ?1",
        )?
        .execute(params![
            id.as_str(),
            settlement.ended_at.as_microsecond(),
            word(&settlement.outcome)?,
            settlement.note,
        ])?;
    end_call(work, id, settlement)?;
    work.event(
        "outcome.settled",
        dial::subject(&attempt),
        json!(settlement),
    )?;
    dial::find(work.conn, id)
}

fn end_call(work: &Work<'_>, attempt: &Id, settlement: &Settlement) -> Result<()> {
    let answered_by = settlement.answered_by.as_ref().map(word).transpose()?;
    let disclosure = settlement.disclosure.as_ref().map(json).transpose()?;
    work.conn
        .prepare_cached(
            "UPDATE calls SET state = 'ended', outcome = ?2, sip_status = ?3,
                 answered_by = coalesce(?4, answered_by), opt_out = max(opt_out, ?5),
                 disclosure = coalesce(?6, disclosure), answered_at = coalesce(?7, answered_at),
                 ended_at = ?8, note = ?9
             WHERE attempt = ?1",
        )?
        .execute(params![
            attempt.as_str(),
            word(&settlement.outcome)?,
            settlement.sip_status,
            answered_by,
            settlement.opt_out,
            disclosure,
            micros(settlement.answered_at),
            settlement.ended_at.as_microsecond(),
            settlement.note,
        ])?;
    Ok(())
}

pub(super) fn recover(work: &mut Work<'_>) -> Result<Recovery> {
    let dialing = page::all(
        work.conn,
        "SELECT * FROM attempts WHERE state = 'dialing'",
        [],
        dial::record,
    )?;
    let mut orphans = Vec::with_capacity(dialing.len());
    for attempt in dialing {
        // The INVITE may have been sent, so the attempt counts as made and is never tried a second time.
        let mut settlement = Settlement::unanswered(Outcome::Failed, None, work.now);
        settlement.note = Some("orphaned".into());
        orphans.push(settle(work, &attempt.id, &settlement)?);
    }
    let mut voided = dial::expire(work)?;
    voided.extend(dial::void_unredeemed(work)?);
    let leads_released = lead::release_claims(work)?;
    let leads_in_call = lead::in_call(work.conn)?;
    if !orphans.is_empty() || !voided.is_empty() || leads_released > 0 {
        work.event(
            "dial.recovered",
            Subject::default(),
            json!({
                "orphans": orphans.iter().map(|a| &a.id).collect::<Vec<_>>(),
                "voided": voided, "leads_released": leads_released,
            }),
        )?;
    }
    Ok(Recovery {
        orphans,
        voided,
        leads_released,
        leads_in_call,
    })
}
