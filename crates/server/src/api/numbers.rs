//! `GET /v1/numbers/{number}`: all that is known of one number.

use std::collections::BTreeSet;

use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, Verdict};
use ringfence_core::lead::Place;
use ringfence_store::PageRequest;
use serde_json::{Value, json};

use super::calls;
use super::problem::ApiError;
use super::request::{Answer, Request, number};
use crate::app::App;

/// The most sellers for whom the next instant is worked out.
const SELLERS_MAX: usize = 20;

/// Everything on file. `?seller=` and `?purpose=` say for whom the next allowed instant is asked; without a seller it
/// is worked out for each that has a consent or a call on file.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    let given = request.part("id").to_owned();
    let number = number("number", &given)?;
    let sees = |seller: Option<&str>| request.caller.sees(seller);
    let newest = PageRequest::first(request.limit()?);

    let mut consents = app.store.consents_of(number)?;
    consents.retain(|c| sees(Some(&c.draft.seller)));
    let mut suppressions = app.store.suppressions_of(number)?;
    suppressions.retain(|s| sees(s.seller.as_deref()));
    let mut holds = app.store.holds_of(number)?;
    holds.retain(|hold| sees(hold.draft.seller.as_deref()));
    let decisions = app.store.decisions_of(number, &newest)?.items;
    let decisions = decisions.iter().filter(|d| sees(Some(&d.seller)));
    let decisions: Vec<Value> = decisions
        .map(|d| {
            let mut shown: Value = serde_json::from_str(&d.decision_json).unwrap_or_default();
            if let Value::Object(fields) = &mut shown {
                fields.insert("id".into(), json!(d.id));
                fields.insert("seller".into(), json!(d.seller));
                fields.insert("clock".into(), json!(d.clock));
                fields.insert("attempt".into(), json!(d.attempt));
            }
            shown
        })
        .collect();
    let mut calls = app.store.calls_of(number, &newest)?.items;
    calls.retain(|c| sees(Some(&c.seller)));
    let lists = app
        .store
        .check_lists(&[number], None)?
        .pop()
        .unwrap_or_default();

    let sellers: BTreeSet<String> = match request.query("seller") {
        Some(seller) => BTreeSet::from([seller.to_owned()]),
        None => consents
            .iter()
            .map(|c| c.draft.seller.clone())
            .chain(calls.iter().map(|c| c.seller.clone()))
            .take(SELLERS_MAX)
            .collect(),
    };
    let next = next_allowed(app, &request, &given, &sellers)?;
    let earliest = next
        .iter()
        .filter_map(|n| n.get("at").and_then(Value::as_str))
        .min();
    Answer::ok(&json!({
        "number": number, "consents": consents, "suppressions": suppressions, "holds": holds,
        "lists": lists,
        "decisions": decisions, "calls": calls.iter().map(calls::shown).collect::<Vec<_>>(),
        "next_allowed_at": earliest, "next_allowed": next,
    }))
}

/// For each seller: may it call now, or when first? None: only with other facts.
fn next_allowed(
    app: &App,
    request: &Request,
    number: &str,
    sellers: &BTreeSet<String>,
) -> Result<Vec<Value>, ApiError> {
    let purpose: Purpose =
        serde_json::from_value(json!(request.query("purpose").unwrap_or("telemarketing")))
            .map_err(|_| ApiError::field("purpose", "no such purpose"))?;
    let mut next = Vec::new();
    for seller in sellers {
        request.caller.may_for(Some(seller))?;
        let call = CallRequest {
            to: number.to_owned(),
            seller: seller.clone(),
            purpose,
            caller_id: None,
            place: Place::default(),
            lead: None,
            campaign: None,
        };
        let decision = app.dry_run(&call, request.now)?;
        let at = match decision.verdict {
            Verdict::Allow => Some(decision.decided_at),
            Verdict::Defer => decision.next_allowed_at,
            Verdict::Deny => None,
        };
        let reasons: Vec<_> = decision.reasons.iter().map(|r| r.code).collect();
        next.push(
            json!({"seller": seller, "purpose": purpose, "verdict": decision.verdict,
                         "at": at, "reasons": reasons}),
        );
    }
    Ok(next)
}
