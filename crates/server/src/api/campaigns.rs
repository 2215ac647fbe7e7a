//! Campaigns: their plans, their course, their figures.

use jiff::Timestamp;
use ringfence_core::campaign::RetrySchedule;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, Verdict};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::outcome::Outcome;
use ringfence_store::campaign::{Campaign, CampaignPlan, CampaignState};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::calls::{announcement, checked_agent};
use super::problem::ApiError;
use super::request::{Answer, Request, number};
use crate::app::App;
use crate::scrub::{Batch, scrub};

/// A campaign as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CampaignSent {
    /// For people.
    name: String,
    /// The seller's id.
    seller: String,
    /// What its calls are for.
    #[serde(default = "super::decisions::telemarketing")]
    #[schemars(with = "String")]
    purpose: Purpose,
    /// The number to present; none: any in force for the seller.
    #[serde(default)]
    caller_id: Option<String>,
    /// Over which trunk; none: the only one there is.
    #[serde(default)]
    trunk: Option<String>,
    /// Which agent.
    #[serde(default = "announcement")]
    agent: Value,
    /// How often one lead may be tried.
    #[serde(default)]
    attempts_max: Option<u32>,
    /// Calls at the same time.
    #[serde(default)]
    concurrency: Option<u32>,
    /// Calls begun per second.
    #[serde(default)]
    calls_per_second: Option<f64>,
}

/// Puts a new campaign.
pub fn create(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: CampaignSent = request.json()?;
    request.caller.may_for(Some(&sent.seller))?;
    app.store.seller(&sent.seller)?;
    let trunk = trunk(app, sent.trunk)?;
    let limits = app.config.trunks.iter().find(|t| t.id == trunk);
    let cps = sent
        .calls_per_second
        .or(limits.map(|t| t.calls_per_second))
        .unwrap_or(1.0);
    if !(0.01..=200.0).contains(&cps) {
        return Err(ApiError::field(
            "calls_per_second",
            "a number from 0.01 to 200",
        ));
    }
    let concurrency = sent
        .concurrency
        .or(limits.map(|t| t.max_concurrent))
        .unwrap_or(1);
    if !(1..=10_000).contains(&concurrency) {
        return Err(ApiError::field("concurrency", "a number from 1 to 10000"));
    }
    let attempts_max = sent.attempts_max.unwrap_or(app.config.dialer.attempts_max);
    if !(1..=20).contains(&attempts_max) {
        return Err(ApiError::field("attempts_max", "a number from 1 to 20"));
    }
    let caller_id = sent
        .caller_id
        .as_deref()
        .map(|n| number("caller_id", n))
        .transpose()?;
    let plan = CampaignPlan {
        name: sent.name,
        seller: sent.seller,
        purpose: sent.purpose,
        caller_id,
        trunk,
        agent: checked_agent(sent.agent)?,
        attempts_max,
        retry: retry(app, attempts_max)?,
        concurrency,
        calls_per_second: cps,
    };
    Answer::created(&app.store.create_campaign(plan, request.now)?)
}

/// The trunk that is meant.
fn trunk(app: &App, named: Option<String>) -> Result<String, ApiError> {
    let known = |id: &str| app.config.trunks.iter().any(|t| t.id == id);
    match (named, app.config.trunks.as_slice()) {
        (Some(id), _) if known(&id) => Ok(id),
        (None, [only]) => Ok(only.id.clone()),
        _ => Err(crate::desk::DeskError::TrunkUnknown.into()),
    }
}

/// What follows which outcome, from the configuration.
fn retry(app: &App, attempts_max: u32) -> Result<Value, ApiError> {
    let dialer = &app.config.dialer;
    let mut schedule = RetrySchedule {
        attempts_max,
        ..RetrySchedule::default()
    };
    schedule.after_minutes.extend([
        (Outcome::Busy, dialer.retry_busy_minutes),
        (Outcome::NoAnswer, dialer.retry_no_answer_minutes),
        (Outcome::Unavailable, dialer.retry_no_answer_minutes),
        (Outcome::Machine, dialer.retry_machine_minutes),
        (Outcome::CarrierError, dialer.retry_carrier_minutes),
        (Outcome::Failed, dialer.retry_carrier_minutes),
    ]);
    serde_json::to_value(schedule).map_err(|e| ApiError::internal(&e.to_string()))
}

/// Campaigns, newest first.
pub fn list(app: &App, request: Request) -> Result<Answer, ApiError> {
    let mut page = app.store.campaigns(&request.page()?)?;
    page.items
        .retain(|c| request.caller.sees(Some(&c.plan.seller)));
    Answer::ok(&page)
}

/// One campaign with its figures.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    let campaign = mine(app, &request)?;
    with_counts(app, &campaign, None)
}

/// A campaign's leads.
pub fn leads(app: &App, request: Request) -> Result<Answer, ApiError> {
    let campaign = mine(app, &request)?;
    let state = match request.query("state") {
        None => None,
        Some(text) => Some(
            serde_json::from_value(json!(text))
                .map_err(|_| ApiError::field("state", "no such state of a lead"))?,
        ),
    };
    Answer::ok(&app.store.leads(&campaign.id, state, &request.page()?)?)
}

fn mine(app: &App, request: &Request) -> Result<Campaign, ApiError> {
    let campaign = app.store.campaign(&request.id())?;
    request.caller.may_for(Some(&campaign.plan.seller))?;
    Ok(campaign)
}

fn with_counts(app: &App, campaign: &Campaign, outlook: Option<Value>) -> Result<Answer, ApiError> {
    let mut body =
        serde_json::to_value(campaign).map_err(|e| ApiError::internal(&e.to_string()))?;
    if let Value::Object(fields) = &mut body {
        fields.insert(
            "counts".into(),
            json!(app.store.campaign_counts(&campaign.id)?),
        );
        if let Some(outlook) = outlook {
            fields.insert("preflight".into(), outlook);
        }
    }
    Answer::ok(&body)
}

fn step(app: &App, request: &Request, state: CampaignState) -> Result<Answer, ApiError> {
    let id: Id = mine(app, request)?.id;
    let campaign = app.store.set_campaign_state(&id, state, request.now)?;
    app.desk.campaigns_changed();
    with_counts(app, &campaign, None)
}

/// Starts it; before anything is dialed, the answer is found: who will be skipped, and when the rest may be called.
pub fn start(app: &App, request: Request) -> Result<Answer, ApiError> {
    let campaign = mine(app, &request)?;
    let outlook = outlook(app, &campaign, request.now)?;
    let campaign =
        app.store
            .set_campaign_state(&campaign.id, CampaignState::Running, request.now)?;
    app.desk.campaigns_changed();
    with_counts(app, &campaign, Some(outlook))
}

/// Holds it.
pub fn pause(app: &App, request: Request) -> Result<Answer, ApiError> {
    step(app, &request, CampaignState::Paused)
}

/// Ends it.
pub fn cancel(app: &App, request: Request) -> Result<Answer, ApiError> {
    step(app, &request, CampaignState::Cancelled)
}

/// What the gate would say now about the leads that wait. A preview, never a substitute for the gate.
pub fn preflight(app: &App, request: Request) -> Result<Answer, ApiError> {
    let campaign = mine(app, &request)?;
    Answer::ok(&outlook(app, &campaign, request.now)?)
}

/// Who would be skipped, and when the rest may be called.
fn outlook(app: &App, campaign: &Campaign, now: Timestamp) -> Result<Value, ApiError> {
    let leads = app.store.waiting_leads(&campaign.id, PREFLIGHT_LEADS_MAX)?;
    let whole = leads.len() < PREFLIGHT_LEADS_MAX as usize;
    let mut batch = Batch::default();
    for (lead, number, place) in leads {
        batch.add_lead(lead, number, place);
    }
    let plan = &campaign.plan;
    let caller_id = plan.caller_id.map(PhoneNumber::e164);
    let common = CallRequest {
        campaign: Some(campaign.id.clone()),
        ..super::scrubs::common(plan.seller.clone(), plan.purpose, caller_id)
    };
    let settings = app.gate_settings();
    let done = scrub(
        &*app.store,
        &app.rules,
        &settings,
        &common,
        &mut batch,
        now,
        &|_| {},
    )?;
    let mut body = super::scrubs::told(app, &done)?;
    if let Value::Object(fields) = &mut body {
        let skipped: Vec<Value> = (0..batch.len())
            .filter_map(|row| Some((batch.lead(row)?, done.of(row)?)))
            .filter(|(_, answer)| answer.verdict == Verdict::Deny)
            .take(SKIPPED_MAX)
            .map(|(lead, answer)| json!({"lead": lead, "reasons": answer.codes()}))
            .collect();
        fields.insert("campaign".into(), json!(campaign.id));
        fields.insert("leads".into(), json!(batch.len()));
        fields.insert("whole".into(), json!(whole));
        fields.insert("skipped".into(), json!(skipped));
    }
    Ok(body)
}

/// The most leads that one preflight looks at.
const PREFLIGHT_LEADS_MAX: u32 = 200_000;

/// The most skipped leads that it names; all of them are counted.
const SKIPPED_MAX: usize = 100;
