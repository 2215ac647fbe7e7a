//! Campaigns: their plans, their course, their figures.

use ringfence_core::campaign::RetrySchedule;
use ringfence_core::consent::Purpose;
use ringfence_core::id::Id;
use ringfence_core::outcome::Outcome;
use ringfence_store::campaign::{Campaign, CampaignPlan, CampaignState};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::calls::{announcement, checked_agent};
use super::problem::ApiError;
use super::request::{Answer, Request, number};
use crate::app::App;

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
    with_counts(app, &campaign)
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

fn with_counts(app: &App, campaign: &Campaign) -> Result<Answer, ApiError> {
    let mut body =
        serde_json::to_value(campaign).map_err(|e| ApiError::internal(&e.to_string()))?;
    if let Value::Object(fields) = &mut body {
        fields.insert(
            "counts".into(),
            json!(app.store.campaign_counts(&campaign.id)?),
        );
    }
    Answer::ok(&body)
}

fn step(app: &App, request: &Request, state: CampaignState) -> Result<Answer, ApiError> {
    let id: Id = mine(app, request)?.id;
    let campaign = app.store.set_campaign_state(&id, state, request.now)?;
    app.desk.campaigns_changed();
    with_counts(app, &campaign)
}

/// Starts it.
pub fn start(app: &App, request: Request) -> Result<Answer, ApiError> {
    step(app, &request, CampaignState::Running)
}

/// Holds it.
pub fn pause(app: &App, request: Request) -> Result<Answer, ApiError> {
    step(app, &request, CampaignState::Paused)
}

/// Ends it.
pub fn cancel(app: &App, request: Request) -> Result<Answer, ApiError> {
    step(app, &request, CampaignState::Cancelled)
}

/// What the gate would say now about the leads that wait: counts by verdict and reason. A preview, never a
/// substitute for the gate.
pub fn preflight(app: &App, request: Request) -> Result<Answer, ApiError> {
    use ringfence_store::PageRequest;
    use std::collections::{BTreeMap, BTreeSet};

    let campaign = mine(app, &request)?;
    let (mut verdicts, mut reasons) = (BTreeMap::new(), BTreeMap::new());
    let mut page = PageRequest::first(PageRequest::LIMIT_MAX);
    let mut seen = 0u32;
    loop {
        let leads = app.store.leads(&campaign.id, None, &page)?;
        for lead in leads.items {
            let call = campaign.request(&lead);
            let decision = app.dry_run(&call, request.now)?;
            *verdicts
                .entry(format!("{:?}", decision.verdict).to_lowercase())
                .or_insert(0u64) += 1;
            for code in decision.codes().collect::<BTreeSet<_>>() {
                *reasons.entry(code).or_insert(0u64) += 1;
            }
            seen += 1;
        }
        match leads.next_cursor {
            Some(cursor) if seen < PREFLIGHT_LEADS_MAX => page.cursor = Some(cursor),
            more => {
                let whole = more.is_none();
                let body = json!({"campaign": campaign.id, "leads": seen, "whole": whole,
                                  "verdicts": verdicts, "reasons": reasons});
                return Answer::ok(&body);
            }
        }
    }
}

/// The most leads that one preflight looks at.
const PREFLIGHT_LEADS_MAX: u32 = 20_000;
