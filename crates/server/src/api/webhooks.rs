//! Systems that hear of events, and what could not be told them.

use hyper::StatusCode;
use ringfence_core::id::Id;
use ringfence_store::webhook::Endpoint;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::problem::ApiError;
use super::request::{Answer, Request, whole_list};
use crate::app::{App, fresh_id};
use crate::clock::Clock;
use crate::post::Target;
use crate::webhooks::Secret;

/// INVARIANT (bounded): so many endpoints.
const ENDPOINTS_MAX: usize = 50;

/// An endpoint as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookSent {
    /// Where events are posted: https, or http on this machine or in its own network.
    url: String,
    /// Which: types, `consent.*` for a stage, `*` for all.
    #[serde(default = "opt_outs")]
    events: Vec<String>,
    /// `whsec_` and 24 to 64 bytes in base64; none: one is made, and shown this once.
    #[serde(default)]
    secret: Option<String>,
}

fn opt_outs() -> Vec<String> {
    vec!["converse.opt-out".to_owned()]
}

/// Puts an endpoint. Events from now on are told to it.
pub fn create(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: WebhookSent = request.json()?;
    Target::parse(&sent.url).map_err(|e| ApiError::field("url", format!("`url` {e}")))?;
    if sent.events.is_empty() || sent.events.iter().any(|kind| kind.trim().is_empty()) {
        return Err(ApiError::field(
            "events",
            "`events` names at least one type",
        ));
    }
    if app.store.endpoints()?.len() >= ENDPOINTS_MAX {
        let detail = format!("there are {ENDPOINTS_MAX} webhooks, which is the most");
        return Err(ApiError::new(StatusCode::CONFLICT, "too-many", detail));
    }
    let secret = match sent.secret {
        Some(secret) => secret,
        None => Secret::fresh().map_err(|e| ApiError::internal(&e.to_string()))?,
    };
    Secret::parse(&secret).map_err(|e| ApiError::field("secret", format!("`secret` {e}")))?;
    let now = Clock::real().now();
    let endpoint = Endpoint {
        id: fresh_id("whk"),
        url: sent.url,
        events: sent.events,
        secret: Some(secret.clone()),
        configured: false,
        cursor: 0,
        created_at: now,
    };
    let endpoint = app.store.put_endpoint(endpoint, now)?;
    let mut body = serde_json::to_value(&endpoint).unwrap_or_default();
    if let Some(fields) = body.as_object_mut() {
        fields.insert("secret".into(), json!(secret));
    }
    Answer::created(&body)
}

/// Every endpoint, without its secret.
pub fn list(app: &App, _request: Request) -> Result<Answer, ApiError> {
    Answer::ok(&whole_list(&app.store.endpoints()?))
}

/// Takes an endpoint back, with what was on its way there.
pub fn delete(app: &App, request: Request) -> Result<Answer, ApiError> {
    let id = request.id();
    let known = app.store.endpoints()?.into_iter().find(|e| e.id == id);
    if known.is_some_and(|endpoint| endpoint.configured) {
        let detail = "it stands in the configuration: take it out there";
        return Err(ApiError::new(StatusCode::CONFLICT, "configured", detail));
    }
    app.store.remove_endpoint(&id, Clock::real().now())?;
    Ok(Answer::text(
        StatusCode::NO_CONTENT,
        "application/json",
        Vec::new(),
    ))
}

/// What could not be told, newest first.
pub fn dead(app: &App, request: Request) -> Result<Answer, ApiError> {
    Answer::ok(&app.store.dead_letters(&request.page()?)?)
}

/// Tries one again.
pub fn retry(app: &App, request: Request) -> Result<Answer, ApiError> {
    again(app, Some(&request.id()))
}

/// Tries all of them again.
pub fn retry_all(app: &App, _request: Request) -> Result<Answer, ApiError> {
    again(app, None)
}

fn again(app: &App, id: Option<&Id>) -> Result<Answer, ApiError> {
    let again = app.store.retry_dead(id, Clock::real().now())?;
    Answer::ok(&json!({"again": again}))
}
