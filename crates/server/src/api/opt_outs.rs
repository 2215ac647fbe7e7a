//! "Stop calling me": revocations and suppressions. Each is durable before anything else happens, then ends what is
//! ringing or under way (invariant `opt-out-wins`).

use std::collections::BTreeSet;

use jiff::Timestamp;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::suppression::{OptOutReceipt, OptOutScope, Revocation, SuppressionDraft};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::ApiError;
use super::request::{Answer, Request, number};
use crate::app::App;
use crate::strangers::{Brought, Warning, beware, unknown};

/// A revocation as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationSent {
    /// E.164.
    pub number: String,
    /// To whom it was said; none: to every seller.
    #[serde(default)]
    pub seller: Option<String>,
    /// Where it was said.
    pub channel: String,
    /// The words.
    #[serde(default)]
    pub said: Option<String>,
    /// Now, if nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
}

/// An opt-out as it is answered.
#[derive(Serialize)]
pub struct OptOutAnswer {
    id: String,
    number: PhoneNumber,
    seller: Option<String>,
    at: Timestamp,
    #[serde(flatten)]
    receipt: OptOutReceipt,
    /// The seller is not on file, and may be misspelt.
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<Warning>,
}

/// Takes a revocation.
pub fn revoke(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: RevocationSent = request.json()?;
    Answer::created(&record(app, &request, sent)?)
}

/// Takes one, whoever reads it: durable when this returns, and what rings or is under way is ended.
pub fn record(
    app: &App,
    request: &Request,
    sent: RevocationSent,
) -> Result<OptOutAnswer, ApiError> {
    request.caller.may_for(sent.seller.as_deref())?;
    let number = number("number", &sent.number)?;
    let at = request.past("at", sent.at)?;
    let scope = app.opt_out_scope(at);
    let revocation = Revocation {
        number,
        seller: sent.seller.clone(),
        channel: sent.channel.clone(),
        said: sent.said.clone(),
        at,
        scope,
        call: None,
        heard: None,
        by: Some(request.caller.id.to_string()),
    };
    let receipt = app.store.revoke(revocation, request.now)?;
    let bound = sent
        .seller
        .as_deref()
        .filter(|_| scope == OptOutScope::Seller);
    app.desk.opted_out(number, bound, None);
    app.metrics.count(
        "ringfence_converse_opt_outs_total",
        "kind=\"revocation\"".into(),
    );
    let said = sent.said.as_deref().unwrap_or_default();
    let warning = beware_of(app, request, number, bound, (&sent.channel, said), at)?;
    let id = receipt
        .revocation
        .as_ref()
        .unwrap_or(&receipt.suppression)
        .to_string();
    Ok(OptOutAnswer {
        id,
        number,
        seller: sent.seller,
        at,
        receipt,
        warning,
    })
}

/// The warning about a seller that is not on file; `how`: the channel and the words.
fn beware_of(
    app: &App,
    request: &Request,
    number: PhoneNumber,
    seller: Option<&str>,
    how: (&str, &str),
    at: Timestamp,
) -> Result<Option<Warning>, ApiError> {
    let Some(seller) = seller else {
        return Ok(None);
    };
    let brought = Brought {
        number,
        seller,
        channel: how.0,
        said: how.1,
        at,
    };
    let may = |seller: &str| request.caller.may_for(Some(seller)).is_ok();
    Ok(beware(app, &brought, may, request.now)?)
}

/// A suppression as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SuppressionSent {
    /// E.164.
    number: String,
    /// Whom it binds; none: every seller.
    #[serde(default)]
    seller: Option<String>,
    /// Why.
    reason: String,
    /// Who asked.
    source: String,
    /// Now, if nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
}

/// Suppresses a number.
pub fn suppress(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: SuppressionSent = request.json()?;
    request.caller.may_for(sent.seller.as_deref())?;
    let number = number("number", &sent.number)?;
    let at = request.past("at", sent.at)?;
    let draft = SuppressionDraft {
        number,
        seller: sent.seller.clone(),
        reason: sent.reason.clone(),
        source: sent.source.clone(),
        at,
        by: Some(request.caller.id.to_string()),
    };
    let receipt = app.store.suppress(draft, request.now)?;
    app.desk.opted_out(number, sent.seller.as_deref(), None);
    app.metrics.count(
        "ringfence_converse_opt_outs_total",
        "kind=\"suppression\"".into(),
    );
    let how = (sent.source.as_str(), sent.reason.as_str());
    let warning = beware_of(app, &request, number, sent.seller.as_deref(), how, at)?;
    let id = receipt.suppression.to_string();
    Answer::created(&OptOutAnswer {
        id,
        number,
        seller: sent.seller,
        at,
        receipt,
        warning,
    })
}

/// INVARIANT (bounded): lines of one file.
const LINES_MAX: usize = 100_000;

/// Takes in a file of opt-outs, all or nothing: `number[,seller][,at]` a line; two columns: an RFC 3339 value is `at`. A
/// line without a seller is for `?seller=`, or for every seller.
pub fn import(app: &App, request: Request) -> Result<Answer, ApiError> {
    let text = std::str::from_utf8(&request.body)
        .map_err(|_| ApiError::field("body", "the file is not UTF-8"))?;
    let (mut revocations, mut known) = (Vec::new(), BTreeSet::new());
    for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || (index == 0 && line.to_lowercase().starts_with("number")) {
            continue;
        }
        if revocations.len() >= LINES_MAX {
            let detail = format!("more than {LINES_MAX} lines: send them in parts");
            return Err(ApiError::field("body", detail));
        }
        let revocation = opt_out_line(app, &request, line)
            .and_then(|revocation| on_file(app, revocation, &mut known))
            .map_err(|error| ApiError {
                detail: format!("line {}: {}", index + 1, error.detail),
                ..error
            })?;
        revocations.push(revocation);
    }
    let told: Vec<_> = revocations
        .iter()
        .map(|r| (r.number, r.seller.clone(), r.scope))
        .collect();
    let receipts = app.store.revoke_all(revocations, request.now)?;
    for (number, seller, scope) in told {
        let bound = seller.as_deref().filter(|_| scope == OptOutScope::Seller);
        app.desk.opted_out(number, bound, None);
    }
    let leads: usize = receipts.iter().map(|r| r.leads_cancelled.len()).sum();
    let attempts: usize = receipts.iter().map(|r| r.attempts_voided.len()).sum();
    Answer::ok(&serde_json::json!({
        "opted_out": receipts.len(), "leads_cancelled": leads, "attempts_voided": attempts,
    }))
}

/// A file is brought by a person, who can mend it: one that names a seller that is not on file is refused.
fn on_file(
    app: &App,
    revocation: Revocation,
    known: &mut BTreeSet<String>,
) -> Result<Revocation, ApiError> {
    if let Some(seller) = &revocation.seller
        && !known.contains(seller)
    {
        if let Some(alike) = unknown(app, seller)? {
            let hint = match alike.as_slice() {
                [] => String::new(),
                alike => format!("; {} may be meant", alike.join(", ")),
            };
            let detail = format!("no seller `{seller}` is on file{hint}");
            return Err(ApiError {
                code: "seller-unknown",
                ..ApiError::field("seller", detail)
            });
        }
        known.insert(seller.clone());
    }
    Ok(revocation)
}

fn opt_out_line(app: &App, request: &Request, line: &str) -> Result<Revocation, ApiError> {
    let fields: Vec<&str> = line
        .split(',')
        .map(|f| f.trim().trim_matches('"'))
        .collect();
    let (first, seller, at) = match fields.as_slice() {
        [first] => (first, None, None),
        [first, second] => match second.parse::<Timestamp>() {
            Ok(at) => (first, None, Some(at)),
            Err(_) => (first, Some(*second), None),
        },
        [first, second, third] => {
            let at = third
                .parse::<Timestamp>()
                .map_err(|_| ApiError::field("at", "`at` is no RFC 3339 time"))?;
            (first, Some(*second), Some(at))
        }
        _ => return Err(ApiError::field("body", "more than number, seller and at")),
    };
    let seller = seller.filter(|s| !s.is_empty()).or(request.query("seller"));
    request.caller.may_for(seller)?;
    let at = request.past("at", at)?;
    Ok(Revocation {
        number: number("number", first)?,
        seller: seller.map(str::to_owned),
        channel: "opt-out-file".to_owned(),
        said: None,
        at,
        scope: app.opt_out_scope(at),
        call: None,
        heard: None,
        by: Some(request.caller.id.to_string()),
    })
}
