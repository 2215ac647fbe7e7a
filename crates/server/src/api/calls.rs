//! Single calls: placed now under the gate, followed, hung up.

use hyper::StatusCode;
use ringfence_core::consent::Purpose;
use ringfence_core::disclose::Disclosure;
use ringfence_core::gate::CallRequest;
use ringfence_core::lead::Place;
use ringfence_store::call::CallRecord;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::decisions::{DecisionAnswer, checked_place};
use super::problem::ApiError;
use super::request::{Answer, Request};
use crate::app::App;
use crate::desk::{CallOrder, Speaker, Words};

/// A call as it is ordered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallSent {
    /// The callee's number, E.164.
    to: String,
    /// The seller's id.
    seller: String,
    /// What the call is for.
    #[serde(default = "super::decisions::telemarketing")]
    #[schemars(with = "String")]
    purpose: Purpose,
    /// The number to present; none: any in force for the seller.
    #[serde(default)]
    caller_id: Option<String>,
    /// Where the callee says they are.
    #[serde(default)]
    #[schemars(with = "Option<Value>")]
    place: Option<Place>,
    /// The trunk's id; none: the only one there is.
    #[serde(default)]
    trunk: Option<String>,
    /// `{"kind":"announcement"}`, or `sip`, `websocket`, `livekit` with their own fields.
    #[serde(default = "announcement")]
    agent: Value,
}

/// The agent if none is named.
pub fn announcement() -> Value {
    json!({"kind": "announcement"})
}

/// An agent of a kind that there is.
///
/// # Errors
/// 422 for any other.
pub fn checked_agent(agent: Value) -> Result<Value, ApiError> {
    let kind = agent
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !matches!(kind, "announcement" | "sip" | "websocket" | "livekit") {
        let detail = "an agent's kind is announcement, sip, websocket or livekit";
        return Err(ApiError::field("agent.kind", detail));
    }
    let more = agent.as_object().is_some_and(|fields| fields.len() > 1);
    if kind == "announcement" && more {
        let unknown = agent
            .as_object()
            .and_then(|f| f.keys().find(|k| *k != "kind"));
        let name = unknown.map_or_else(String::new, |k| format!("agent.{k}"));
        return Err(ApiError {
            code: "unknown-field",
            ..ApiError::field(&name, "an announcement takes no other field")
        });
    }
    Ok(agent)
}

/// Places one call now, if the gate allows it.
pub fn place(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: CallSent = request.json()?;
    request.caller.may_for(Some(&sent.seller))?;
    let order = CallOrder {
        request: CallRequest {
            to: sent.to,
            seller: sent.seller,
            purpose: sent.purpose,
            caller_id: sent.caller_id,
            place: checked_place(app, sent.place.unwrap_or_default())?,
            lead: None,
            campaign: None,
        },
        trunk: sent.trunk,
        agent: checked_agent(sent.agent)?,
    };
    let placed = super::wait_for(app.desk.place(order))?;
    let decision = DecisionAnswer::bare(&placed.decision_id, &placed.decision);
    match &placed.call {
        Some(call) => {
            let body = json!({"id": call, "state": "dialing", "decision": decision});
            Answer::json(StatusCode::ACCEPTED, &body)
        }
        None => Answer::ok(&json!({"id": null, "state": "not-placed", "decision": decision})),
    }
}

/// A call as it is shown.
pub fn shown(record: &CallRecord) -> Value {
    let mut body = serde_json::to_value(record).unwrap_or_default();
    if let Value::Object(fields) = &mut body {
        fields.insert("disclosure".into(), disclosure(record.disclosure.as_ref()));
    }
    body
}

/// The disclosure as the contract names its parts, with the evidence of its sending.
fn disclosure(stored: Option<&Value>) -> Value {
    let known: Disclosure = stored
        .and_then(|value| serde_json::from_value(value.clone()).ok())
        .unwrap_or_default();
    json!({
        "state": known.state,
        "started_at": known.started_at(),
        "completed_at": known.completed_at(),
        "sha256": known.evidence.as_ref().map(|evidence| &evidence.audio_sha256),
        "interrupted_by": known.interrupted_by,
        "evidence": known.evidence,
    })
}

/// One call.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    Answer::ok(&shown(&mine(app, &request)?))
}

/// Calls, newest first; of `?campaign=`, or of all.
pub fn list(app: &App, request: Request) -> Result<Answer, ApiError> {
    let campaign = request.query("campaign").map(ringfence_core::id::Id::from);
    let page = app.store.calls(campaign.as_ref(), &request.page()?)?;
    let seen = page
        .items
        .iter()
        .filter(|c| request.caller.sees(Some(&c.seller)));
    let items: Vec<Value> = seen.map(shown).collect();
    Answer::ok(&json!({"items": items, "next_cursor": page.next_cursor}))
}

fn mine(app: &App, request: &Request) -> Result<CallRecord, ApiError> {
    let record = app.store.call(&request.id())?;
    request.caller.may_for(Some(&record.seller))?;
    Ok(record)
}

/// Words that an agent transcribed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TranscriptSent {
    /// `callee` or `agent`.
    speaker: SpeakerSent,
    /// What was said.
    text: String,
    /// Whether the words will change no more.
    #[serde(rename = "final", default)]
    is_final: bool,
    /// Where the audio is, for whoever reviews the words: a span such as `12.4-13.9 s`, or a URL.
    #[serde(default)]
    audio: Option<String>,
}

/// Who spoke.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpeakerSent {
    /// The person called.
    Callee,
    /// The voice agent.
    Agent,
}

/// Takes in what was said.
pub fn transcript(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: TranscriptSent = request.json()?;
    let record = mine(app, &request)?;
    let speaker = match sent.speaker {
        SpeakerSent::Callee => Speaker::Callee,
        SpeakerSent::Agent => Speaker::Agent,
    };
    let words = Words {
        speaker,
        text: sent.text,
        is_final: sent.is_final,
        audio: sent.audio,
    };
    let opt_out = app.desk.said(&record.id, words)?;
    Answer::ok(&json!({ "opt_out": opt_out }))
}

/// Ends a call.
pub fn hang_up(app: &App, request: Request) -> Result<Answer, ApiError> {
    let record = mine(app, &request)?;
    app.desk.hang_up(&record.id)?;
    Answer::json(StatusCode::ACCEPTED, &shown(&app.store.call(&record.id)?))
}
