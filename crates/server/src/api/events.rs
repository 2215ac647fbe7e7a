//! `GET /v1/events`: the log, in pages or as server-sent events.

use hyper::{StatusCode, header};
use ringfence_core::id::Id;
use ringfence_store::evidence::EventFilter;
use serde_json::json;

use super::problem::ApiError;
use super::request::{Answer, Payload, Request, number};
use crate::app::App;

/// Events after `?cursor=`, a place in the log; with `Accept: text/event-stream` as they happen.
pub fn list(app: &App, request: Request) -> Result<Answer, ApiError> {
    let filter = filter(&request)?;
    let accepts = request
        .headers
        .get(header::ACCEPT)
        .and_then(|v| v.to_str().ok());
    let stream = accepts.is_some_and(|a| a.contains("text/event-stream"));
    let last_id = request
        .headers
        .get("last-event-id")
        .and_then(|v| v.to_str().ok());
    let cursor = last_id
        .filter(|_| stream)
        .or_else(|| request.query("cursor"));
    let after = match cursor {
        Some(text) => text.parse().map_err(|_| {
            ApiError::field("cursor", "a cursor of the event log is an event's `seq`")
        })?,
        None => 0,
    };
    if stream {
        return Ok(Answer {
            status: StatusCode::OK,
            media_type: "text/event-stream",
            body: Payload::Events { after, filter },
        });
    }
    let limit = request.limit()?;
    let items = app.store.events(after, limit, &filter)?;
    let full = items.len() as u64 == u64::from(limit);
    let next = items.last().filter(|_| full).map(|e| e.seq.to_string());
    Answer::ok(&json!({"items": items, "next_cursor": next}))
}

fn filter(request: &Request) -> Result<EventFilter, ApiError> {
    let about = request
        .query("number")
        .map(|n| number("number", n))
        .transpose()?;
    Ok(EventFilter {
        kind: request.query("type").map(str::to_owned),
        number: about,
        call: request.query("call").map(Id::from),
        campaign: request.query("campaign").map(Id::from),
        sellers: match request.caller.sellers.as_slice() {
            [] => request.query("seller").map(|s| vec![s.to_owned()]),
            mine => Some(mine.to_vec()),
        },
    })
}
