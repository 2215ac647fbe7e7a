//! `POST /v1/decisions`: may this call be placed? And how a dialer of the user's own says how it went.

use hyper::StatusCode;
use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, Decision, Verdict};
use ringfence_core::id::Id;
use ringfence_core::lead::Place;
use ringfence_core::outcome::Outcome;
use ringfence_store::dial::Settlement;
use ringfence_store::gate::{PermitTicket, Reservation, Reserved};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::ApiError;
use super::request::{Answer, Request};
use super::route::Reserving;
use crate::app::{App, fresh_id};

const DECISIONS: &str = "ringfence_gate_decisions_total";

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

/// What is asked for, when it can be asked at all.
enum Asked {
    DryRun(CallRequest, Timestamp),
    InEarnest(Reservation),
}

/// `POST /v1/decisions` in earnest, without a thread that waits for the disk.
pub const RESERVING: Reserving = Reserving {
    before: |app, request| match asked(app, request)? {
        Asked::DryRun(..) => Ok(None),
        Asked::InEarnest(reservation) => Ok(Some(reservation)),
    },
    after: told,
};

/// Decides.
pub fn decide(app: &App, request: Request) -> Result<Answer, ApiError> {
    match asked(app, &request)? {
        Asked::DryRun(call, at) => {
            let decision = app.dry_run(&call, at)?;
            let labels = match decision.verdict {
                Verdict::Allow => "verdict=\"allow\",mode=\"dry-run\"",
                Verdict::Defer => "verdict=\"defer\",mode=\"dry-run\"",
                Verdict::Deny => "verdict=\"deny\",mode=\"dry-run\"",
            };
            app.metrics.count_of(DECISIONS, labels);
            Answer::ok(&DecisionAnswer::bare(&fresh_id("dec"), &decision))
        }
        Asked::InEarnest(reservation) => {
            let gate = app.gate_at(request.now);
            told(app, &app.store.reserve(reservation, gate, request.now)?)
        }
    }
}

/// Everything before the store: what the body says, and whether this caller may ask for it.
fn asked(app: &App, request: &Request) -> Result<Asked, ApiError> {
    let asked: DecisionAsked = request.json()?;
    request.caller.may_for(Some(&asked.seller))?;
    if asked.at.is_some() && !asked.dry_run {
        return Err(ApiError {
            code: "at-without-dry-run",
            ..ApiError::field("at", "`at` is only for a dry run")
        });
    }
    let call = CallRequest {
        to: asked.to,
        seller: asked.seller,
        purpose: asked.purpose,
        caller_id: asked.caller_id,
        place: checked_place(app, asked.place.unwrap_or_default())?,
        lead: asked.lead,
        campaign: asked.campaign,
    };
    if asked.dry_run {
        return Ok(Asked::DryRun(call, asked.at.unwrap_or(request.now)));
    }
    if matches!(request.caller.role, ringfence_store::key::Role::ReadOnly) {
        let detail = "a key of role `read-only` may ask for dry runs only";
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "role-forbidden",
            detail,
        ));
    }
    Ok(Asked::InEarnest(app.reservation(call)))
}

/// Everything after the store.
fn told(app: &App, reserved: &Reserved) -> Result<Answer, ApiError> {
    let labels = match reserved.decision.verdict {
        Verdict::Allow => "verdict=\"allow\",mode=\"real\"",
        Verdict::Defer => "verdict=\"defer\",mode=\"real\"",
        Verdict::Deny => "verdict=\"deny\",mode=\"real\"",
    };
    app.metrics.count_of(DECISIONS, labels);
    let body = spelled(reserved).map_err(|e| ApiError::internal(&e.to_string()))?;
    Ok(Answer::text(StatusCode::OK, "application/json", body))
}

/// A [`DecisionAnswer`] with the decision in the very words that were recorded: nothing is spelled twice.
fn spelled(reserved: &Reserved) -> serde_json::Result<String> {
    let recorded = reserved.decision_json.strip_prefix('{');
    let fields = recorded.and_then(|text| text.strip_suffix('}'));
    let permit = reserved.permit.as_ref().map(Permitted::from);
    let (id, permit) = (
        serde_json::to_string(&reserved.decision_id)?,
        serde_json::to_string(&permit)?,
    );
    let fields = fields.unwrap_or_default();
    let text = format!("{{\"id\":{id},{fields},\"permit\":{permit}}}");
    debug_assert_eq!(
        Some(&text),
        serde_json::to_string(&DecisionAnswer {
            id: &reserved.decision_id,
            decision: &reserved.decision,
            permit: reserved.permit.as_ref().map(Permitted::from),
        })
        .ok()
        .as_ref()
    );
    Ok(text)
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
