//! What the operator puts.

use jiff::Timestamp;
use ringfence_core::evidence::Subject;
use ringfence_core::gate::{EmergencyArea, Override, Relationship, Stop};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use rusqlite::{Connection, Row, params};
use serde_json::json;

use super::column::{
    digits, from_json, json, json_column, micros, time, time_option, word, word_column,
};
use super::dial::{self, Scope};
use super::page;
use super::work::Work;
use crate::operator::{OverrideDraft, OverrideRecord, RelationshipDraft, StopRecord, StopScope};
use crate::suppression::InFlight;
use crate::{Result, StoreError};

pub(super) fn put_area(work: &mut Work<'_>, area: &EmergencyArea) -> Result<()> {
    work.conn.execute(
        "INSERT INTO emergency_areas (id, area) VALUES (?1, ?2)
         ON CONFLICT (id) DO UPDATE SET area = excluded.area",
        [&area.id, &json(area)?],
    )?;
    work.event(
        "gate.emergency-area-put",
        Subject::default(),
        json!({ "area": area }),
    )
}

pub(super) fn delete_area(work: &mut Work<'_>, id: &str) -> Result<()> {
    if work
        .conn
        .execute("DELETE FROM emergency_areas WHERE id = ?1", [id])?
        == 0
    {
        return Err(StoreError::NotFound("emergency area"));
    }
    work.event(
        "gate.emergency-area-deleted",
        Subject::default(),
        json!({ "id": id }),
    )
}

pub(super) fn areas(conn: &Connection) -> Result<Vec<EmergencyArea>> {
    page::all(
        conn,
        "SELECT area FROM emergency_areas ORDER BY id",
        [],
        |row| json_column(row, "area"),
    )
}

pub(super) fn record_override(work: &mut Work<'_>, draft: OverrideDraft) -> Result<OverrideRecord> {
    let id = work.id("ovr");
    work.conn.execute(
        "INSERT INTO overrides (id, seller, rule, from_at, to_at, document, recorded_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            id.as_str(),
            draft.seller,
            draft.rule,
            draft.from.as_microsecond(),
            micros(draft.to),
            draft.document,
            work.micros(),
        ],
    )?;
    work.event(
        "gate.override-recorded",
        Subject {
            seller: Some(draft.seller.clone()),
            ..Subject::default()
        },
        json!({ "id": id, "override": draft }),
    )?;
    Ok(OverrideRecord {
        id,
        draft,
        recorded_at: work.now,
    })
}

pub(super) fn overrides(conn: &Connection, seller: Option<&str>) -> Result<Vec<OverrideRecord>> {
    match seller {
        Some(seller) => page::all(
            conn,
            "SELECT * FROM overrides WHERE seller = ?1 ORDER BY id",
            [seller],
            override_record,
        ),
        None => page::all(
            conn,
            "SELECT * FROM overrides ORDER BY id",
            [],
            override_record,
        ),
    }
}

fn override_record(row: &Row<'_>) -> Result<OverrideRecord> {
    Ok(OverrideRecord {
        id: Id::new(row.get::<_, String>("id")?),
        draft: OverrideDraft {
            seller: row.get("seller")?,
            rule: row.get("rule")?,
            from: time(row, "from_at")?,
            to: time_option(row, "to_at")?,
            document: row.get("document")?,
        },
        recorded_at: time(row, "recorded_at")?,
    })
}

/// Those of these overrides that are in force at `now`.
pub(super) fn in_force<'r>(
    records: impl Iterator<Item = &'r OverrideRecord>,
    now: Timestamp,
) -> Vec<Override> {
    records
        .filter(|o| o.draft.from <= now && o.draft.to.is_none_or(|to| now < to))
        .map(|o| Override {
            id: o.id.clone(),
            rule: o.draft.rule.clone(),
            from: o.draft.from,
            to: o.draft.to,
            document: o.draft.document.clone(),
        })
        .collect()
}

pub(super) fn record_relationship(work: &mut Work<'_>, draft: &RelationshipDraft) -> Result<Id> {
    work.not_future(draft.at, "at")?;
    let id = work.id("rel");
    work.conn.execute(
        "INSERT INTO relationships (id, number, seller, kind, at, recorded_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            id.as_str(),
            digits(draft.number),
            draft.seller,
            word(&draft.kind)?,
            draft.at.as_microsecond(),
            work.micros(),
        ],
    )?;
    work.event(
        "consent.relationship-recorded",
        Subject {
            number: Some(draft.number),
            seller: Some(draft.seller.clone()),
            ..Subject::default()
        },
        json!({ "id": id, "kind": draft.kind, "at": draft.at }),
    )?;
    Ok(id)
}

pub(super) fn relationships(
    conn: &Connection,
    number: PhoneNumber,
) -> Result<Vec<(String, Relationship)>> {
    page::all(
        conn,
        "SELECT * FROM relationships WHERE number = ?1 ORDER BY at, id",
        [digits(number)],
        |row| {
            Ok((
                row.get("seller")?,
                Relationship {
                    kind: word_column(row, "kind")?,
                    at: time(row, "at")?,
                },
            ))
        },
    )
}

pub(super) fn stop(
    work: &mut Work<'_>,
    scope: &StopScope,
    reason: Option<String>,
) -> Result<Vec<InFlight>> {
    // Pressed again, it stays pressed since the first time.
    work.conn.execute(
        "INSERT INTO stops (scope, reason, since) VALUES (?1, ?2, ?3) ON CONFLICT (scope) DO NOTHING",
        params![json(scope)?, reason, work.micros()],
    )?;
    let within = Scope {
        number: None,
        seller: match scope {
            StopScope::Seller(seller) => Some(seller),
            _ => None,
        },
        campaign: match scope {
            StopScope::Campaign(campaign) => Some(campaign),
            _ => None,
        },
    };
    let voided = dial::void_reserved(work, &within, "stopped")?;
    let in_flight = dial::in_flight(work.conn, &within)?;
    work.event(
        "gate.stopped",
        stop_subject(scope),
        json!({ "scope": scope, "reason": reason, "voided": voided, "in_flight": in_flight }),
    )?;
    Ok(in_flight)
}

fn stop_subject(scope: &StopScope) -> Subject {
    match scope {
        StopScope::All => Subject::default(),
        StopScope::Seller(seller) => Subject {
            seller: Some(seller.clone()),
            ..Subject::default()
        },
        StopScope::Campaign(campaign) => Subject {
            campaign: Some(campaign.clone()),
            ..Subject::default()
        },
    }
}

pub(super) fn resume(work: &mut Work<'_>, scope: &StopScope) -> Result<bool> {
    if work
        .conn
        .execute("DELETE FROM stops WHERE scope = ?1", [json(scope)?])?
        == 0
    {
        return Ok(false);
    }
    // The gate decides anew about the leads that only waited for this.
    let (seller, campaign) = match scope {
        StopScope::All => (None, None),
        StopScope::Seller(seller) => (Some(seller.as_str()), None),
        StopScope::Campaign(campaign) => (None, Some(campaign.as_str())),
    };
    work.conn
        .prepare_cached(
            "UPDATE leads SET next_attempt_at = ?3
             WHERE state = 'deferred' AND (?1 IS NULL OR seller = ?1)
                 AND (?2 IS NULL OR campaign = ?2)
                 AND EXISTS (SELECT 1 FROM json_each(last_reasons) WHERE value = 'stopped')",
        )?
        .execute(params![seller, campaign, work.micros()])?;
    work.event(
        "gate.resumed",
        stop_subject(scope),
        json!({ "scope": scope }),
    )?;
    Ok(true)
}

pub(super) fn stops(conn: &Connection) -> Result<Vec<StopRecord>> {
    page::all(conn, "SELECT * FROM stops ORDER BY scope", [], |row| {
        Ok(StopRecord {
            scope: from_json(&row.get::<_, String>("scope")?)?,
            reason: row.get("reason")?,
            since: time(row, "since")?,
        })
    })
}

/// Those of these stops that bind a call. Not dated: a button that is pressed answers every question with no.
pub(super) fn binding<'r>(
    stops: impl Iterator<Item = &'r StopRecord>,
    seller: &str,
    campaign: Option<&Id>,
) -> Vec<Stop> {
    stops
        .filter(|stop| match &stop.scope {
            StopScope::All => true,
            StopScope::Seller(stopped) => stopped == seller,
            StopScope::Campaign(stopped) => Some(stopped) == campaign,
        })
        .map(|stop| Stop {
            since: stop.since,
            scope: stop.scope.to_string(),
            reason: stop.reason.clone(),
        })
        .collect()
}
