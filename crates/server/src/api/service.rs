//! Is it there, is it ready, how busy is it; which law decides; which lists are on file.

use hyper::StatusCode;
use serde_json::json;

use super::problem::ApiError;
use super::request::{Answer, Request};
use crate::app::App;

/// The process answers.
pub fn health(_app: &App, _request: Request) -> Result<Answer, ApiError> {
    Answer::ok(&json!({"status": "ok"}))
}

/// Whether calls could be placed: the store can be written, the lists can be read, the clock is said, STOP is shown.
pub fn ready(app: &App, request: Request) -> Result<Answer, ApiError> {
    let store = app.store.ready();
    let lists = app.store.list_faults(request.now).unwrap_or_default();
    let ready = store.is_ok() && lists.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let stops = app.store.stops().unwrap_or_default();
    Answer::json(
        status,
        &json!({
            "ready": ready,
            "store": if store.is_ok() { "ok" } else { "unavailable" },
            "lists_unreadable": lists,
            "clock": {
                "kind": if app.clock.is_test() { "test" } else { "real" },
                "now": request.now,
                "evidence": !app.clock.is_test(),
            },
            "rule_pack": {"version": app.rules.version, "sha256": app.rules.sha256},
            "trunks": app.config.trunks.iter().map(|t| &t.id).collect::<Vec<_>>(),
            "calls_active": app.desk.active(),
            "stopped": !stops.is_empty(),
        }),
    )
}

/// Counters and gauges as Prometheus text.
pub fn metrics(app: &App, request: Request) -> Result<Answer, ApiError> {
    let number = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let (on_their_way, dead) = app.store.delivery_counts()?;
    let opt_outs = app.desk.opt_out_times();
    let text = app.metrics.text(&[
        (
            "ringfence_webhook_pending",
            "Events on their way to other systems.",
            on_their_way,
        ),
        (
            "ringfence_webhook_dead",
            "Events that could not be told.",
            dead,
        ),
        (
            "ringfence_converse_opt_outs_timed",
            "Opt-outs of calls of this process.",
            opt_outs.count,
        ),
        (
            "ringfence_converse_opt_out_p50_microseconds",
            "From the key or the word until nothing allows: half of the latest were faster.",
            opt_outs.p50_us,
        ),
        (
            "ringfence_converse_opt_out_p99_microseconds",
            "From the key or the word until nothing allows: 99 of 100 of the latest were faster.",
            opt_outs.p99_us,
        ),
        (
            "ringfence_call_active",
            "Calls under way.",
            number(app.desk.active()),
        ),
        (
            "ringfence_gate_stops",
            "STOP buttons pressed.",
            number(app.store.stops()?.len()),
        ),
        (
            "ringfence_suppression_lists_unreadable",
            "Lists whose file is missing or damaged: decisions that need them deny.",
            number(app.store.list_faults(request.now)?.len()),
        ),
        (
            "ringfence_suppression_list_bytes",
            "Length of the lists' files together; `ringfence lists prune` removes those that bind nobody any more.",
            app.store.list_files()?.iter().map(|file| file.bytes).sum(),
        ),
        (
            "ringfence_clock_is_test",
            "1 under a test clock.",
            u64::from(app.clock.is_test()),
        ),
        (
            "ringfence_evidence_events",
            "Entries of the event log.",
            app.store.head()?.map_or(0, |head| head.seq),
        ),
    ]);
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(Answer::text(StatusCode::OK, media_type, text))
}

/// The rule pack that decides, and what it says of each place.
pub fn rules(app: &App, _request: Request) -> Result<Answer, ApiError> {
    let jurisdictions: Vec<_> = app
        .rules
        .jurisdictions
        .values()
        .map(|j| json!({"code": j.code, "name": j.name, "read": j.unread.is_none()}))
        .collect();
    Answer::ok(&json!({
        "version": app.rules.version, "sha256": app.rules.sha256,
        "tzdb": app.rules.places.tzdb_version(),
        "rules": app.rules.provenance.len(), "jurisdictions": jurisdictions,
    }))
}

/// One rule with its citation.
pub fn rule(app: &App, request: Request) -> Result<Answer, ApiError> {
    let rule = app
        .rules
        .provenance
        .get(request.part("id"))
        .ok_or_else(|| ApiError::not_found("rule"))?;
    Answer::ok(&json!({
        "id": rule.id, "citation": rule.citation, "effective_from": rule.effective_from,
        "effective_to": rule.effective_to, "status": rule.status,
        "confidence": rule.confidence, "note": rule.note,
    }))
}

/// The OpenAPI document.
pub fn openapi(_app: &App, _request: Request) -> Result<Answer, ApiError> {
    Answer::ok(&super::openapi::document())
}
