//! Sellers and their recorded prompts.

use hyper::StatusCode;
use ringfence_core::seller::Seller;
use ringfence_store::seller::{Prompt, PromptKind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::problem::ApiError;
use super::request::{Answer, Request};
use super::wav;
use crate::app::App;

/// The longest words of a prompt.
const WORDS_CHARS_MAX: usize = 4000;

/// Puts a seller, whole.
pub fn put(app: &App, request: Request) -> Result<Answer, ApiError> {
    let id = request.part("id");
    request.caller.may_for(Some(id))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if id.len() > 64 || !id.chars().all(plain) {
        let detail = "a seller's id is at most 64 letters, digits, `-`, `_` and `.`";
        return Err(ApiError::field("id", detail));
    }
    let profile: Seller = request.json()?;
    if profile.name.trim().is_empty() {
        return Err(ApiError::field("name", "a seller has a name"));
    }
    let outside =
        |r: &&ringfence_core::seller::Registration| !app.rules.jurisdictions.contains_key(&r.state);
    if profile.registrations.iter().any(|r| outside(&r)) {
        return Err(ApiError::field(
            "registrations",
            "no state, district or territory of that code",
        ));
    }
    Answer::ok(&app.store.put_seller(id, profile, request.now)?)
}

/// One seller.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    request.caller.may_for(Some(request.part("id")))?;
    Answer::ok(&app.store.seller(request.part("id"))?)
}

/// Sellers by id.
pub fn list(app: &App, request: Request) -> Result<Answer, ApiError> {
    let mut page = app.store.sellers(&request.page()?)?;
    page.items.retain(|s| request.caller.sees(Some(&s.id)));
    Answer::ok(&page)
}

/// Puts a recorded prompt.
pub fn put_prompt(app: &App, request: Request) -> Result<Answer, ApiError> {
    let seller = request.part("id");
    request.caller.may_for(Some(seller))?;
    let Some(kind) = PromptKind::parse(request.part("kind")) else {
        return Err(ApiError::not_found("kind of prompt"));
    };
    let words = request.query("text").unwrap_or_default().to_owned();
    if words.chars().count() > WORDS_CHARS_MAX {
        return Err(ApiError::field(
            "text",
            "the words of a prompt are at most 4000 characters",
        ));
    }
    let sound = wav::inspect(&request.body)
        .map_err(|what| ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "wav-invalid", what))?;
    let sha256 = crate::lists::hex(&Sha256::digest(&request.body));
    let prompt = Prompt {
        wav: request.body.to_vec(),
        words: words.clone(),
        sha256: sha256.clone(),
        duration_ms: sound.duration_ms,
    };
    app.store.put_prompt(seller, kind, prompt, request.now)?;
    Answer::ok(&json!({
        "seller": seller, "kind": kind, "text": words, "sha256": sha256,
        "duration_ms": sound.duration_ms, "sample_rate_hz": sound.sample_rate_hz,
    }))
}

/// The schema of a seller, as it is put.
pub fn schema() -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "string", "description": "E.164"});
    let date = json!({"type": "string", "format": "date"});
    let or_null = |of: &Value| json!({"anyOf": [of, {"type": "null"}]});
    let object = |properties: Value, required: &[&str]| {
        json!({"type": "object", "additionalProperties": false,
               "properties": properties, "required": required})
    };
    let caller_id = object(
        json!({"number": number, "authorised_from": date,
               "authorised_to": or_null(&date), "proof": {"description": "Any JSON value, kept as it is."}}),
        &["number", "authorised_from"],
    );
    let registration = object(
        json!({"state": text, "number": or_null(&text), "expires_on": or_null(&date),
               "exempt_because": or_null(&text)}),
        &["state"],
    );
    let san = object(
        json!({"number": text, "expires_on": date}),
        &["number", "expires_on"],
    );
    object(
        json!({"name": text, "callback_number": or_null(&number),
               "toll_free_opt_out": or_null(&number),
               "caller_ids": {"type": "array", "items": caller_id},
               "registrations": {"type": "array", "items": registration},
               "san": or_null(&san)}),
        &["name"],
    )
}
