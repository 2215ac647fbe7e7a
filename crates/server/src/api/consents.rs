//! The consent ledger: grants and confirmations.

use jiff::Timestamp;
use ringfence_core::consent::{ConsentLevel, Purpose};
use ringfence_core::id::Id;
use ringfence_store::consent::{Confirmation, ConsentDraft, ConsentRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::problem::ApiError;
use super::request::{Answer, Request, number};
use crate::app::App;

/// A consent as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsentSent {
    /// E.164.
    number: String,
    /// The seller named.
    seller: String,
    /// `express`, `express-written` or `oral`.
    #[schemars(with = "String")]
    level: ConsentLevel,
    /// What it covers.
    #[schemars(with = "Vec<String>")]
    purposes: Vec<Purpose>,
    /// Where it was given.
    channel: String,
    /// When the callee gave it.
    #[schemars(with = "String")]
    granted_at: Timestamp,
    /// The exact text that was shown or said.
    text: String,
    /// What proves it, as the caller says: any JSON value, kept as it is.
    #[serde(default = "nothing")]
    proof: Value,
    /// Whether it covers an artificial voice.
    #[serde(default)]
    artificial_voice: bool,
    /// Whether it stands only once it is confirmed.
    #[serde(default)]
    double_opt_in: bool,
    /// When it ends by its own terms.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    expires_at: Option<Timestamp>,
}

/// The proof of who sends none.
fn nothing() -> Value {
    Value::Object(Map::new())
}

/// A consent as it is shown.
#[derive(Serialize)]
struct ConsentShown<'a> {
    #[serde(flatten)]
    record: &'a ConsentRecord,
    /// `pending` until a double opt-in is confirmed.
    state: &'static str,
}

fn shown(record: &ConsentRecord) -> ConsentShown<'_> {
    let pending = record.draft.double_opt_in && record.confirmation.is_none();
    ConsentShown {
        record,
        state: if pending { "pending" } else { "granted" },
    }
}

/// Records a consent as it is.
pub fn record(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: ConsentSent = request.json()?;
    request.caller.may_for(Some(&sent.seller))?;
    let number = number("number", &sent.number)?;
    if sent.purposes.is_empty() {
        return Err(ApiError::field(
            "purposes",
            "a consent covers at least one purpose",
        ));
    }
    if sent.seller.trim().is_empty() {
        return Err(ApiError::field("seller", "a consent names a seller"));
    }
    let granted_at = request.past("granted_at", Some(sent.granted_at))?;
    let draft = ConsentDraft {
        number,
        seller: sent.seller,
        level: sent.level,
        purposes: sent.purposes,
        channel: sent.channel,
        granted_at,
        text: sent.text,
        proof: sent.proof,
        artificial_voice: sent.artificial_voice,
        double_opt_in: sent.double_opt_in,
        expires_at: sent.expires_at,
    };
    let record = app.store.record_consent(draft, request.now)?;
    app.metrics
        .count("ringfence_consent_recorded_total", String::new());
    Answer::created(&shown(&record))
}

/// One consent.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    let record = app.store.consent(&request.id())?;
    request.caller.may_for(Some(&record.draft.seller))?;
    Answer::ok(&shown(&record))
}

/// A confirmation as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmationSent {
    /// How it was confirmed.
    channel: String,
    /// What proves it, as the caller says: any JSON value, kept as it is.
    #[serde(default = "nothing")]
    proof: Value,
    /// Now, if nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
}

/// Confirms a double opt-in.
pub fn confirm(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: ConfirmationSent = request.json()?;
    let id: Id = request.id();
    request
        .caller
        .may_for(Some(&app.store.consent(&id)?.draft.seller))?;
    let confirmation = Confirmation {
        channel: sent.channel,
        proof: sent.proof,
        at: request.past("at", sent.at)?,
    };
    let record = app.store.confirm_consent(&id, confirmation, request.now)?;
    Answer::ok(&shown(&record))
}
