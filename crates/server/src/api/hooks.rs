//! Words that other systems bring: `sms`, `email`, `voicemail`, `opt-out`.
//!
//! To whom they are said: to the sellers whose caller ID is the number written to; else to `?seller=`; else to every
//! seller.

use hyper::{HeaderMap, StatusCode};
use ring::hmac;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::access;
use super::openapi::schema_of;
use super::problem::ApiError;
use super::request::{Answer, Request, number};
use super::route;
use crate::app::App;
use crate::hooks::{Brought, sellers_behind, take};

/// The route's id, by which the edge lets signed messages in.
pub const ROUTE: &str = "converse.hook";

/// What Twilio signs its messages with.
const TWILIO: &str = "x-twilio-signature";

/// What Twilio reads as "no reply": 47 CFR 64.1200(a)(12) allows a confirmation by text and asks for none.
const TWIML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>";

/// Words as they are sent. Twilio sends a form with `From`, `To` and `Body` instead.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WordsSent {
    /// Who says it, E.164; `number` is taken, too.
    #[serde(alias = "number")]
    from: String,
    /// The number that was written to or called.
    #[serde(default)]
    to: Option<String>,
    /// The words; of an e-mail the whole text, quoted lines are passed over.
    #[serde(default)]
    text: Option<String>,
    /// Where the audio is, of a voicemail.
    #[serde(default)]
    audio: Option<String>,
    /// Of `opt-out`: where it was said.
    #[serde(default)]
    channel: Option<String>,
}

/// The schema of the body.
pub fn schema() -> Value {
    schema_of::<WordsSent>()
}

/// Whether a request claims to be signed by a system whose secret is configured; [`bring`] checks the claim.
pub fn claims_signature(app: &App, headers: &HeaderMap) -> bool {
    headers.contains_key(TWILIO) && !app.config.hooks.twilio_auth_token.is_empty()
}

/// Takes words in.
pub fn bring(app: &App, request: Request) -> Result<Answer, ApiError> {
    let source = request.part("id").to_owned();
    if !matches!(source.as_str(), "sms" | "email" | "voicemail" | "opt-out") {
        return Err(ApiError::not_found("hook"));
    }
    let form = is_form(&request.headers).then(|| form_fields(&request.body));
    if request.caller == access::signer() {
        verify(app, &request, form.as_deref().unwrap_or_default())?;
    }
    let is_twilio = form.is_some();
    let sent = match form {
        Some(fields) => twilio_words(&source, &fields)?,
        None => request.json()?,
    };
    let text = sent.text.unwrap_or_default();
    if text.trim().is_empty() && source != "opt-out" {
        return Err(ApiError {
            code: "missing-field",
            ..ApiError::field("text", "there are no words to read")
        });
    }
    let sellers = sellers(app, &request, sent.to.as_deref())?;
    let brought = Brought {
        number: number("from", &sent.from)?,
        sellers,
        channel: sent.channel.unwrap_or_else(|| source.clone()),
        text,
        is_opt_out: source == "opt-out",
        audio: sent.audio,
        at: request.now,
    };
    let may = |seller: &str| request.caller.may_for(Some(seller)).is_ok();
    let effect = take(app, &brought, may, request.now)?;
    let verdict = match effect.opt_out {
        Some(true) => "opt-out",
        Some(false) => "other",
        None => "held",
    };
    app.metrics.count(
        "ringfence_converse_hooks_total",
        format!("source=\"{source}\",verdict=\"{verdict}\""),
    );
    match is_twilio {
        true => Ok(Answer::text(StatusCode::OK, "text/xml", TWIML)),
        false => Answer::ok(&effect),
    }
}

fn sellers(app: &App, request: &Request, to: Option<&str>) -> Result<Vec<String>, ApiError> {
    let mut sellers = match to {
        Some(to) => sellers_behind(app, number("to", to)?)?,
        None => Vec::new(),
    };
    if sellers.is_empty() {
        sellers.extend(request.query("seller").map(str::to_owned));
    }
    match sellers.as_slice() {
        [] => request.caller.may_for(None)?,
        named => {
            for seller in named {
                request.caller.may_for(Some(seller))?;
            }
        }
    }
    Ok(sellers)
}

fn is_form(headers: &HeaderMap) -> bool {
    let value = headers.get(hyper::header::CONTENT_TYPE);
    let value = value.and_then(|v| v.to_str().ok()).unwrap_or_default();
    value
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded")
}

/// A form's fields, sorted: as they are signed.
fn form_fields(body: &[u8]) -> Vec<(String, String)> {
    let mut fields = route::form(body);
    fields.sort();
    fields
}

fn twilio_words(source: &str, fields: &[(String, String)]) -> Result<WordsSent, ApiError> {
    if source != "sms" {
        return Err(ApiError::field("body", "only `sms` takes a form"));
    }
    let field = |name: &str| {
        let found = fields.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.clone())
    };
    let missing = |name: &str| ApiError {
        code: "missing-field",
        ..ApiError::field(name, format!("missing field `{name}`"))
    };
    Ok(WordsSent {
        from: field("From").ok_or_else(|| missing("From"))?,
        to: field("To"),
        text: Some(field("Body").ok_or_else(|| missing("Body"))?),
        audio: None,
        channel: None,
    })
}

/// Twilio's signature: HMAC-SHA1 over the address as Twilio knows it and every field, sorted, name and value.
fn verify(app: &App, request: &Request, fields: &[(String, String)]) -> Result<(), ApiError> {
    let hooks = &app.config.hooks;
    let url = format!(
        "{}{}",
        hooks.public_url.trim_end_matches('/'),
        request.target
    );
    let sent = request
        .headers
        .get(TWILIO)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    match is_signed(&hooks.twilio_auth_token, &url, fields, sent) {
        true => Ok(()),
        false => Err(access::unauthorized("the signature does not fit")),
    }
}

fn is_signed(token: &str, url: &str, fields: &[(String, String)], signature: &str) -> bool {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let mut signed = url.to_owned();
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    STANDARD
        .decode(signature)
        .is_ok_and(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Twilio's own library.
    #[test]
    fn twilios_signature() {
        let url = "https://gate.example/v1/twilio/status";
        let body = b"To=%2B13125550143&CallSid=CAtest&CallStatus=completed&From=%2B12125550100&AccountSid=ACtest";
        let fields = form_fields(body);
        let signature = "hTLLGS1iJHCtTbhHdsDDuO2OWIs=";
        assert!(is_signed("auth-token", url, &fields, signature));
        assert!(!is_signed("other", url, &fields, signature));
        assert!(!is_signed(
            "auth-token",
            "https://else.example/",
            &fields,
            signature
        ));
        assert!(!is_signed("auth-token", url, &fields[1..], signature));
        assert!(!is_signed("auth-token", url, &fields, "not base64"));
        assert_eq!(form_fields(b"Body=+5+%2B6")[0].1, " 5 +6");
    }
}
