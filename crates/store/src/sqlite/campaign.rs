//! Campaigns.

use std::collections::BTreeMap;

use ringfence_core::evidence::Subject;
use ringfence_core::id::Id;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::column::{from_word, instant, json, json_column, time, word, word_column};
use super::dial::{self, Scope};
use super::work::Work;
use super::{lead, page};
use crate::campaign::{Campaign, CampaignCounts, CampaignPlan, CampaignState};
use crate::{Page, PageRequest, Result, StoreError};

pub(super) fn create(work: &mut Work<'_>, plan: CampaignPlan) -> Result<Campaign> {
    let campaign = Campaign {
        id: work.id("cmp"),
        plan,
        state: CampaignState::Created,
        created_at: work.now,
    };
    work.conn.execute(
        "INSERT INTO campaigns (id, plan, state, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![
            campaign.id.as_str(),
            json(&campaign.plan)?,
            word(&campaign.state)?,
            work.micros()
        ],
    )?;
    work.event(
        "campaign.created",
        subject(&campaign),
        json!({ "plan": campaign.plan }),
    )?;
    Ok(campaign)
}

fn subject(campaign: &Campaign) -> Subject {
    Subject {
        seller: Some(campaign.plan.seller.clone()),
        campaign: Some(campaign.id.clone()),
        ..Subject::default()
    }
}

pub(super) fn find(conn: &Connection, id: &Id) -> Result<Campaign> {
    find_option(conn, id)?.ok_or(StoreError::NotFound("campaign"))
}

pub(super) fn find_option(conn: &Connection, id: &Id) -> Result<Option<Campaign>> {
    page::one(
        conn,
        "SELECT * FROM campaigns WHERE id = ?1",
        [id.as_str()],
        record,
    )
}

pub(super) fn all(conn: &Connection, page: &PageRequest) -> Result<Page<Campaign>> {
    page::select(
        conn,
        "SELECT * FROM campaigns WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
        params![page::below(page), page::fetch(page)],
        page,
        record,
        |campaign| campaign.id.to_string(),
    )
}

fn record(row: &Row<'_>) -> Result<Campaign> {
    Ok(Campaign {
        id: Id::new(row.get::<_, String>("id")?),
        plan: json_column(row, "plan")?,
        state: word_column(row, "state")?,
        created_at: time(row, "created_at")?,
    })
}

pub(super) fn set_state(work: &mut Work<'_>, id: &Id, to: CampaignState) -> Result<Campaign> {
    let mut campaign = find(work.conn, id)?;
    if campaign.state == to {
        return Ok(campaign);
    }
    let allowed = match to {
        CampaignState::Created => false,
        CampaignState::Running => matches!(
            campaign.state,
            CampaignState::Created | CampaignState::Paused | CampaignState::Done
        ),
        CampaignState::Paused => campaign.state == CampaignState::Running,
        CampaignState::Cancelled => campaign.state != CampaignState::Done,
        CampaignState::Done => campaign.state == CampaignState::Running,
    };
    if !allowed {
        return Err(StoreError::Conflict(format!(
            "a campaign that is {} cannot become {}",
            word(&campaign.state)?,
            word(&to)?
        )));
    }
    work.conn.execute(
        "UPDATE campaigns SET state = ?2 WHERE id = ?1",
        [id.as_str(), &word(&to)?],
    )?;
    campaign.state = to;
    let kind = format!("campaign.{}", word(&to)?);
    work.event(&kind, subject(&campaign), json!({}))?;
    if to == CampaignState::Cancelled {
        lead::cancel_campaign(work, id)?;
        let scope = Scope {
            number: None,
            seller: None,
            campaign: Some(id),
        };
        dial::void_reserved(work, &scope, "campaign cancelled")?;
    }
    Ok(campaign)
}

pub(super) fn counts(conn: &Connection, id: &Id) -> Result<CampaignCounts> {
    find(conn, id)?;
    let due: Option<i64> = conn
        .prepare_cached(
            "SELECT next_attempt_at FROM leads WHERE campaign = ?1 AND state IN ('queued', 'deferred')
             ORDER BY next_attempt_at LIMIT 1",
        )?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    Ok(CampaignCounts {
        states: grouped(
            conn,
            id,
            "SELECT state, count(*) FROM leads WHERE campaign = ?1 GROUP BY state",
        )?,
        reasons: grouped(
            conn,
            id,
            "SELECT reason.value, count(*) FROM leads, json_each(leads.last_reasons) reason
             WHERE campaign = ?1 GROUP BY reason.value",
        )?,
        outcomes: grouped(
            conn,
            id,
            "SELECT last_outcome, count(*) FROM leads
             WHERE campaign = ?1 AND last_outcome IS NOT NULL GROUP BY last_outcome",
        )?,
        opt_outs: conn
            .prepare_cached("SELECT count(*) FROM calls WHERE campaign = ?1 AND opt_out = 1")?
            .query_row([id.as_str()], |row| row.get(0))?,
        next_due_at: due.map(instant).transpose()?,
    })
}

fn grouped<K: DeserializeOwned + Ord>(
    conn: &Connection,
    id: &Id,
    sql: &str,
) -> Result<BTreeMap<K, u64>> {
    let rows = page::all(conn, sql, [id.as_str()], |row| {
        Ok((from_word(&row.get::<_, String>(0)?)?, row.get(1)?))
    })?;
    Ok(rows.into_iter().collect())
}
