//! `Idempotency-Key`: the same POST again is answered as the first time, and never done twice.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::{HeaderMap, StatusCode};
use jiff::SignedDuration;
use ringfence_core::id::Id;
use ringfence_store::key::{Idempotency, IdempotentRequest};
use sha2::{Digest, Sha256};

use super::problem::ApiError;
use super::request::{Answer, Payload};
use crate::app::App;

/// How long an answer is kept.
const AGE_MAX: SignedDuration = SignedDuration::from_hours(72);

/// How long a duplicate waits for the first to be answered.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// The request's idempotency key, if it has one.
///
/// # Errors
/// 400 for a key that is none.
pub fn key_of(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text.is_empty() || text.len() > 255 {
        let detail = "an Idempotency-Key is 1 to 255 visible ASCII characters";
        return Err(ApiError::new(
            StatusCode::BAD_REQUEST,
            "idempotency-key-invalid",
            detail,
        ));
    }
    Ok(Some(text.to_owned()))
}

/// What a request is known by.
pub fn request_of(key: String, caller: Id, path: &str, body: &[u8]) -> IdempotentRequest {
    let mut hash = Sha256::new();
    hash.update(path.as_bytes());
    hash.update([0]);
    hash.update(body);
    IdempotentRequest {
        key,
        caller,
        body_sha256: hash.finalize().into(),
    }
}

/// An answer, and whether it is one given before.
pub struct Replayable {
    /// The answer.
    pub answer: Result<Answer, ApiError>,
    /// It was given before.
    pub replayed: bool,
}

impl Replayable {
    /// An answer that was not given before.
    pub const fn first(answer: Result<Answer, ApiError>) -> Self {
        Self {
            answer,
            replayed: false,
        }
    }
}

/// Does it, unless it was done before.
pub fn once(
    app: &App,
    request: &IdempotentRequest,
    act: impl FnOnce() -> Result<Answer, ApiError>,
) -> Replayable {
    let began = Instant::now();
    loop {
        match app.store.idempotency_begin(request, AGE_MAX, app.now()) {
            Err(e) => return first(Err(e.into())),
            Ok(Idempotency::Fresh) => return first(act_and_keep(app, request, act)),
            Ok(Idempotency::Answered { status, body }) => {
                return Replayable {
                    answer: again(status, body),
                    replayed: true,
                };
            }
            Ok(Idempotency::OtherBody) => {
                let detail = "this Idempotency-Key came with another request before";
                let error = ApiError::new(StatusCode::CONFLICT, "idempotency-conflict", detail);
                return first(Err(error));
            }
            Ok(Idempotency::UnderWay) if began.elapsed() < WAIT_MAX => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Ok(Idempotency::UnderWay) => {
                let detail = "the first request with this Idempotency-Key is under way";
                let error = ApiError {
                    retry_after_seconds: Some(5),
                    ..ApiError::new(StatusCode::CONFLICT, "idempotency-under-way", detail)
                };
                return first(Err(error));
            }
        }
    }
}

fn first(answer: Result<Answer, ApiError>) -> Replayable {
    Replayable {
        answer,
        replayed: false,
    }
}

/// Keeps what was done, and what will be refused again. What may go better next time is not kept.
fn act_and_keep(
    app: &App,
    request: &IdempotentRequest,
    act: impl FnOnce() -> Result<Answer, ApiError>,
) -> Result<Answer, ApiError> {
    let answer = act();
    let kept = match &answer {
        Ok(Answer {
            status,
            body: Payload::Whole(bytes),
            ..
        }) => Some((*status, Bytes::clone(bytes))),
        Err(e) if e.status.is_client_error() && e.status != StatusCode::TOO_MANY_REQUESTS => {
            Some((e.status, Bytes::from(e.body().to_string())))
        }
        _ => None,
    };
    let result = match kept {
        Some((status, body)) => {
            app.store
                .idempotency_finish(request, status.as_u16(), body.to_vec(), app.now())
        }
        None => app.store.idempotency_abandon(request),
    };
    if let Err(error) = result {
        tracing::error!(%error, "the answer to an idempotent request could not be kept");
    }
    answer
}

fn again(status: u16, body: Vec<u8>) -> Result<Answer, ApiError> {
    let status = StatusCode::from_u16(status).map_err(|e| ApiError::internal(&e.to_string()))?;
    let media_type = if status.is_client_error() {
        super::PROBLEM
    } else {
        super::JSON
    };
    Ok(Answer::text(status, media_type, body))
}
