//! `POST /v1/scrubs`: what the gate would say of many numbers. Nothing is recorded, nothing may be dialed by it.

use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::CallRequest;
use ringfence_core::lead::{Place, StateCode};
use ringfence_core::rules::RulePack;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::decisions::{checked_place, telemarketing};
use super::problem::ApiError;
use super::request::{Answer, Request, is_csv};
use crate::app::App;
use crate::scrub::{Batch, Scrubbed, Summary, Verdicts, scrub as run};

/// The most numbers in a JSON request, and the most whose answers are told one by one (invariant `bounded`).
const NUMBERS_MAX: usize = 10_000;

/// The most rows of a table.
const ROWS_MAX: usize = 1_000_000;

/// What is asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScrubAsked {
    /// The seller's id.
    seller: String,
    /// What the calls are for; a sale if nothing is said.
    #[serde(default = "telemarketing")]
    #[schemars(with = "String")]
    purpose: Purpose,
    /// The number to present; none: any in force for the seller.
    #[serde(default)]
    caller_id: Option<String>,
    /// The instant to decide for; now, if nothing is said.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    at: Option<Timestamp>,
    /// Whether `results` tells each number's answer, in the order asked.
    #[serde(default)]
    details: bool,
    /// Up to 10,000.
    numbers: Vec<NumberAsked>,
}

/// One number.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberAsked {
    /// E.164; a malformed one is answered with `number-invalid`.
    to: String,
    /// Where the callee says they are: five digits.
    #[serde(default)]
    zip: Option<String>,
    /// Where the callee says they are: two letters.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    state: Option<StateCode>,
}

/// Everything but the numbers.
struct Asked {
    common: CallRequest,
    at: Timestamp,
    details: bool,
}

/// Scrubs.
pub fn scrub(app: &App, request: Request) -> Result<Answer, ApiError> {
    let (asked, mut batch) = if is_csv(&request.headers) {
        of_table(&request)?
    } else {
        of_json(app, &request)?
    };
    request.caller.may_for(Some(&asked.common.seller))?;
    if asked.details && batch.len() > NUMBERS_MAX {
        let detail = format!("`details` is for up to {NUMBERS_MAX} numbers");
        return Err(ApiError::field("details", detail));
    }
    let settings = app.gate_settings();
    let done = run(
        &*app.store,
        &app.rules,
        &settings,
        &asked.common,
        &mut batch,
        asked.at,
        &|_| {},
    )?;
    count(app, &done);
    let mut body = told(app, &done)?;
    if let Value::Object(fields) = &mut body {
        fields.insert("at".into(), json!(asked.at));
        fields.insert("seller".into(), json!(asked.common.seller));
        fields.insert("purpose".into(), json!(asked.common.purpose));
        if asked.details {
            let texts = batch.texts();
            let results: Vec<Value> = texts
                .iter()
                .enumerate()
                .filter_map(|(row, to)| Some(result(&app.rules, to, done.of(row)?)))
                .collect();
            fields.insert("results".into(), json!(results));
        }
    }
    Answer::ok(&body)
}

fn of_json(app: &App, request: &Request) -> Result<(Asked, Batch), ApiError> {
    let asked: ScrubAsked = request.json()?;
    if asked.numbers.is_empty() || asked.numbers.len() > NUMBERS_MAX {
        return Err(too_many(asked.numbers.len(), NUMBERS_MAX));
    }
    let mut batch = Batch::default();
    for (row, number) in asked.numbers.into_iter().enumerate() {
        let place = Place {
            zip: number.zip,
            state: number.state,
            time_zone: None,
        };
        let place = checked_place(app, place).map_err(|error| ApiError {
            field: error
                .field
                .map(|field| field.replace("place", &format!("numbers[{row}]"))),
            ..error
        })?;
        batch.add(&number.to, place);
    }
    let asked = Asked {
        common: common(asked.seller, asked.purpose, asked.caller_id),
        at: asked.at.unwrap_or(request.now),
        details: asked.details,
    };
    Ok((asked, batch))
}

fn of_table(request: &Request) -> Result<(Asked, Batch), ApiError> {
    const KNOWN: [&str; 5] = ["seller", "purpose", "caller_id", "at", "details"];
    if let Some(name) = request
        .query
        .keys()
        .find(|name| !name.is_empty() && !KNOWN.contains(&name.as_str()))
    {
        return Err(ApiError {
            code: "unknown-field",
            ..ApiError::field(name, "no such parameter")
        });
    }
    let seller = request.query("seller").ok_or_else(|| ApiError {
        code: "missing-field",
        ..ApiError::field("seller", "`?seller=` is needed")
    })?;
    let read = |name: &'static str| request.query(name).map(|text| json!(text));
    let purpose = read("purpose").map_or(Ok(telemarketing()), serde_json::from_value);
    let purpose = purpose.map_err(|_| ApiError::field("purpose", "no such purpose"))?;
    let at = request.query("at").map_or(Ok(request.now), str::parse);
    let at =
        at.map_err(|_| ApiError::field("at", "not an instant such as 2026-11-23T15:00:00Z"))?;
    let details = match request.query("details") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(ApiError::field("details", "`true` or `false`")),
    };
    let batch = Batch::of_sheet(&request.body, ROWS_MAX).map_err(|e| ApiError {
        code: "table-unreadable",
        ..ApiError::new(hyper::StatusCode::UNPROCESSABLE_ENTITY, "", e.to_string())
    })?;
    let batch = batch.ok_or_else(|| too_many(usize::MAX, ROWS_MAX))?;
    let caller_id = request.query("caller_id").map(str::to_owned);
    let asked = Asked {
        common: common(seller.to_owned(), purpose, caller_id),
        at,
        details,
    };
    Ok((asked, batch))
}

fn too_many(given: usize, most: usize) -> ApiError {
    let (code, detail) = if given == 0 {
        ("invalid-field", "no number is given".to_owned())
    } else {
        (
            "too-many-numbers",
            format!("more than {most} numbers in one request"),
        )
    };
    ApiError {
        code,
        ..ApiError::field("numbers", detail)
    }
}

/// What all calls of a scrub have in common.
pub fn common(seller: String, purpose: Purpose, caller_id: Option<String>) -> CallRequest {
    CallRequest {
        to: String::new(),
        seller,
        purpose,
        caller_id,
        place: Place::default(),
        lead: None,
        campaign: None,
    }
}

fn count(app: &App, done: &Scrubbed) {
    for (verdict, count) in Summary::from(done).verdicts {
        let labels = format!("verdict=\"{}\"", format!("{verdict:?}").to_lowercase());
        app.metrics
            .add("ringfence_gate_scrubbed_total", labels, count);
    }
}

/// The figures of a scrub, and by which rules.
///
/// # Errors
/// 500 when they cannot be written as JSON.
pub fn told(app: &App, done: &Scrubbed) -> Result<Value, ApiError> {
    let mut body = serde_json::to_value(Summary::from(done))
        .map_err(|e| ApiError::internal(&e.to_string()))?;
    if let Value::Object(fields) = &mut body {
        let pack = json!({"version": app.rules.version, "sha256": app.rules.sha256});
        fields.insert("rule_pack".into(), pack);
    }
    Ok(body)
}

/// One number's answer, with its citations.
pub fn result(rules: &RulePack, to: &str, answer: &Verdicts) -> Value {
    let reasons: Vec<Value> = answer
        .reasons
        .iter()
        .map(|(code, rule)| {
            let citation = rules.provenance.get(*rule).map(|p| p.citation);
            json!({"code": code, "rule": rule, "citation": citation})
        })
        .collect();
    json!({"to": to, "verdict": answer.verdict, "reasons": reasons,
           "next_allowed_at": answer.next_allowed_at, "state": answer.state})
}
