//! "Stop calling me": revocations and suppressions. Each is durable before anything else happens, then ends what is
//! ringing or under way (invariant `opt-out-wins`).

use jiff::Timestamp;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::suppression::{OptOutReceipt, OptOutScope, Revocation, SuppressionDraft};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::problem::ApiError;
use super::request::{Answer, Request, number};
use crate::app::App;

/// A revocation as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevocationSent {
    /// E.164.
    number: String,
    /// To whom it was said; none: to every seller.
    #[serde(default)]
    seller: Option<String>,
    /// Where it was said.
    channel: String,
    /// The words.
    #[serde(default)]
    said: Option<String>,
    /// Now, if nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
}

/// An opt-out as it is answered.
#[derive(Serialize)]
struct OptOutAnswer {
    id: String,
    number: PhoneNumber,
    seller: Option<String>,
    at: Timestamp,
    #[serde(flatten)]
    receipt: OptOutReceipt,
}

/// Takes a revocation.
pub fn revoke(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: RevocationSent = request.json()?;
    request.caller.may_for(sent.seller.as_deref())?;
    let number = number("number", &sent.number)?;
    let at = request.past("at", sent.at)?;
    let scope = app.opt_out_scope();
    let revocation = Revocation {
        number,
        seller: sent.seller.clone(),
        channel: sent.channel,
        said: sent.said,
        at,
        scope,
        call: None,
    };
    let receipt = app.store.revoke(revocation, request.now)?;
    let bound = sent
        .seller
        .as_deref()
        .filter(|_| scope == OptOutScope::Seller);
    app.desk.opted_out(number, bound);
    app.metrics.count(
        "ringfence_converse_opt_outs_total",
        "kind=\"revocation\"".into(),
    );
    let id = receipt
        .revocation
        .as_ref()
        .unwrap_or(&receipt.suppression)
        .to_string();
    Answer::created(&OptOutAnswer {
        id,
        number,
        seller: sent.seller,
        at,
        receipt,
    })
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
        reason: sent.reason,
        source: sent.source,
        at,
    };
    let receipt = app.store.suppress(draft, request.now)?;
    app.desk.opted_out(number, sent.seller.as_deref());
    app.metrics.count(
        "ringfence_converse_opt_outs_total",
        "kind=\"suppression\"".into(),
    );
    let id = receipt.suppression.to_string();
    Answer::created(&OptOutAnswer {
        id,
        number,
        seller: sent.seller,
        at,
        receipt,
    })
}
