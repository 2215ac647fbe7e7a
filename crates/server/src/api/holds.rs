//! The review list: numbers whose callees said something that may have been an opt-out.

use ringfence_store::hold::{HoldRecord, HoldState, Review};
use ringfence_store::suppression::{OptOutReceipt, OptOutScope};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::problem::ApiError;
use super::request::{Answer, Request};
use crate::app::App;

/// Holds, newest first; in `?state=open`, `released`, `opted-out` or `all`.
pub fn list(app: &App, request: Request) -> Result<Answer, ApiError> {
    let state = match request.query("state").unwrap_or("open") {
        "open" => Some(HoldState::Open),
        "released" => Some(HoldState::Released),
        "opted-out" => Some(HoldState::OptedOut),
        "all" => None,
        _ => {
            let detail = "`state` is open, released, opted-out or all";
            return Err(ApiError::field("state", detail));
        }
    };
    let mine = &request.caller.sellers;
    let page = app.store.holds(state, mine, &request.page()?)?;
    Answer::ok(&json!({"items": page.items, "next_cursor": page.next_cursor}))
}

/// One hold.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    let hold = app.store.find_hold(&request.id())?;
    if !request.caller.sees(hold.draft.seller.as_deref()) {
        return Err(ApiError::not_found("hold"));
    }
    Answer::ok(&hold)
}

/// A person's decision as it is sent.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewSent {
    /// Why.
    #[serde(default)]
    note: Option<String>,
}

fn review(
    app: &App,
    request: &Request,
    note: Option<String>,
) -> Result<(HoldRecord, Review), ApiError> {
    let hold = app.store.find_hold(&request.id())?;
    request.caller.may_for(hold.draft.seller.as_deref())?;
    let review = Review {
        by: request.caller.id.to_string(),
        note,
    };
    Ok((hold, review))
}

/// It was no opt-out; says why.
pub fn release(app: &App, mut request: Request) -> Result<Answer, ApiError> {
    let sent: ReviewSent = request.json_or_empty()?;
    Answer::ok(&decide_release(app, &request, sent.note)?)
}

/// The hold of the path is released, whoever reads the request.
pub fn decide_release(
    app: &App,
    request: &Request,
    note: Option<String>,
) -> Result<HoldRecord, ApiError> {
    let (hold, review) = review(app, request, note)?;
    if review
        .note
        .as_deref()
        .is_none_or(|note| note.trim().is_empty())
    {
        return Err(ApiError {
            code: "missing-field",
            ..ApiError::field("note", "a release says why")
        });
    }
    let hold = app.store.release_hold(&hold.id, review, request.now)?;
    app.desk.campaigns_changed();
    app.metrics.count(
        "ringfence_converse_reviews_total",
        "verdict=\"released\"".into(),
    );
    Ok(hold)
}

/// It was one.
pub fn opt_out(app: &App, mut request: Request) -> Result<Answer, ApiError> {
    let sent: ReviewSent = request.json_or_empty()?;
    let (hold, receipt) = decide_opt_out(app, &request, sent.note)?;
    Answer::ok(&json!({"hold": hold, "receipt": receipt}))
}

/// The hold of the path is an opt-out, whoever reads the request.
pub fn decide_opt_out(
    app: &App,
    request: &Request,
    note: Option<String>,
) -> Result<(HoldRecord, OptOutReceipt), ApiError> {
    let (hold, review) = review(app, request, note)?;
    let scope = app.opt_out_scope(hold.draft.at);
    let (hold, receipt) = app
        .store
        .opt_out_hold(&hold.id, review, scope, request.now)?;
    let seller = hold.draft.seller.as_deref();
    let bound = seller.filter(|_| scope == OptOutScope::Seller);
    app.desk.opted_out(hold.draft.number, bound, None);
    app.metrics.count(
        "ringfence_converse_reviews_total",
        "verdict=\"opt-out\"".into(),
    );
    Ok((hold, receipt))
}
