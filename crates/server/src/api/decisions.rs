//! `POST /v1/decisions`: may this call be placed? And how a dialer of the user's own says how it went.

use hyper::StatusCode;
use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, Decision};
use ringfence_core::id::Id;
use ringfence_core::lead::Place;
use ringfence_core::outcome::Outcome;
use ringfence_store::dial::Settlement;
use ringfence_store::gate::PermitTicket;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::ApiError;
use super::request::{Answer, Request};
use crate::app::{App, fresh_id};

/// What is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionAsked {
    /// The callee's number, E.164; a malformed one is answered with `number-invalid`.
    to: String,
    /// The seller's id.
    seller: String,
    /// What the call is for; a sale if nothing is said.
    #[serde(default = "telemarketing")]
    #[schemars(with = "String")]
    purpose: Purpose,
    /// The number to present; none: any in force for the seller.
    #[serde(default)]
    caller_id: Option<String>,
    /// Where the callee says they are.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    place: Option<Place>,
    /// `lead_...`
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    lead: Option<Id>,
    /// `cmp_...`
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    campaign: Option<Id>,
    /// Neither recorded nor binding.
    #[serde(default)]
    dry_run: bool,
    /// On a dry run: the instant to decide for.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
}

/// What a call is for when nothing is said: the purpose that needs the most.
pub(super) fn telemarketing() -> Purpose {
    Purpose::Telemarketing
}

/// A decision as it is answered.
#[derive(Serialize)]
pub struct DecisionAnswer<'a> {
    /// `dec_...`
    pub id: &'a Id,
    /// What the gate said.
    #[serde(flatten)]
    pub decision: &'a Decision,
    /// Only when allowed in earnest.
    pub permit: Option<Permitted<'a>>,
}

/// A permit as it is answered.
#[derive(Serialize)]
pub struct Permitted<'a> {
    token: &'a str,
    attempt: &'a Id,
    caller_id: String,
    expires_at: Timestamp,
}

impl<'a> DecisionAnswer<'a> {
    /// A decision with no permit to show.
    pub fn bare(id: &'a Id, decision: &'a Decision) -> Self {
        Self {
            id,
            decision,
            permit: None,
        }
    }
}

impl<'a> From<&'a PermitTicket> for Permitted<'a> {
    fn from(ticket: &'a PermitTicket) -> Self {
        Self {
            token: &ticket.token,
            attempt: &ticket.attempt,
            caller_id: ticket.caller_id.e164(),
            expires_at: ticket.expires_at,
        }
    }
}

/// Decides.
pub fn decide(app: &App, request: Request) -> Result<Answer, ApiError> {
    let asked: DecisionAsked = request.json()?;
    request.caller.may_for(Some(&asked.seller))?;
    if asked.at.is_some() && !asked.dry_run {
        return Err(ApiError {
            code: "at-without-dry-run",
            ..ApiError::field("at", "`at` is only for a dry run")
        });
    }
    let (dry_run, at) = (asked.dry_run, asked.at.unwrap_or(request.now));
    let call = CallRequest {
        to: asked.to,
        seller: asked.seller,
        purpose: asked.purpose,
        caller_id: asked.caller_id,
        place: checked_place(app, asked.place.unwrap_or_default())?,
        lead: asked.lead,
        campaign: asked.campaign,
    };
    let mode = if dry_run { "dry-run" } else { "real" };
    let count = |decision: &Decision| {
        let verdict = format!("{:?}", decision.verdict).to_lowercase();
        let labels = format!("verdict=\"{verdict}\",mode=\"{mode}\"");
        app.metrics.count("ringfence_gate_decisions_total", labels);
    };
    if dry_run {
        let decision = app.dry_run(&call, at)?;
        count(&decision);
        return Answer::ok(&DecisionAnswer::bare(&fresh_id("dec"), &decision));
    }
    if matches!(request.caller.role, ringfence_store::key::Role::ReadOnly) {
        let detail = "a key of role `read-only` may ask for dry runs only";
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "role-forbidden",
            detail,
        ));
    }
    let reserved =
        app.store
            .reserve(app.reservation(call), app.gate_at(request.now), request.now)?;
    count(&reserved.decision);
    Answer::ok(&DecisionAnswer {
        id: &reserved.decision_id,
        decision: &reserved.decision,
        permit: reserved.permit.as_ref().map(Permitted::from),
    })
}

/// A place whose parts can exist. A ZIP+4 is cut to its ZIP.
///
/// # Errors
/// 422 with the field's name.
pub fn checked_place(app: &App, mut place: Place) -> Result<Place, ApiError> {
    if let Some(zip) = place.zip.take() {
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        let five = match zip.split_once('-') {
            Some((five, four)) if digits(four, 4) => five,
            Some(_) => "",
            None => zip.as_str(),
        };
        if !digits(five, 5) {
            return Err(ApiError::field("place.zip", "a ZIP code is five digits"));
        }
        place.zip = Some(five.to_owned());
    }
    if let Some(state) = &place.state
        && !app.rules.jurisdictions.contains_key(state)
    {
        return Err(ApiError::field(
            "place.state",
            "no state, district or territory of that code",
        ));
    }
    if let Some(zone) = &place.time_zone
        && jiff::tz::TimeZone::get(zone).is_err()
    {
        return Err(ApiError::field("place.time_zone", "not an IANA time zone"));
    }
    Ok(place)
}

/// How an attempt went.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settled {
    /// In the contract's words.
    #[schemars(with = "String")]
    outcome: Outcome,
    /// Now, if nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    ended_at: Option<Timestamp>,
}

/// Settles an attempt of a dialer of the user's own.
pub fn settle(app: &App, request: Request) -> Result<Answer, ApiError> {
    let settled: Settled = request.json()?;
    let ended_at = request.past("ended_at", settled.ended_at)?;
    let attempt = app.store.attempt(&request.id())?;
    request.caller.may_for(Some(&attempt.seller))?;
    if attempt.call.is_some() {
        let detail = "this attempt is placed by our own line, which settles it";
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "attempt-not-yours",
            detail,
        ));
    }
    let settlement = Settlement::unanswered(settled.outcome, None, ended_at);
    Answer::ok(&app.store.settle(&request.id(), settlement, request.now)?)
}
