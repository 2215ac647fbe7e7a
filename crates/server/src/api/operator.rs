//! What the operator puts: emergency areas, counsel overrides, relationships, the STOP button.

use hyper::StatusCode;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use ringfence_core::gate::{EmergencyArea, RelationshipKind};
use ringfence_core::id::Id;
use ringfence_core::lead::StateCode;
use ringfence_store::StoreError;
use ringfence_store::operator::{OverrideDraft, RelationshipDraft, StopScope};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use super::problem::ApiError;
use super::request::{Answer, Request, number, whole_list};
use crate::app::App;

/// An instant, or a day, which begins at midnight UTC.
#[derive(Clone, Copy)]
struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = || text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
        text.parse()
            .ok()
            .or_else(|| day().map(|d| d.timestamp()))
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("not an instant such as 2026-11-20T18:00:00Z"))
    }
}

fn in_order(from: Moment, to: Option<Moment>) -> Result<(), ApiError> {
    match to {
        Some(to) if to.0 <= from.0 => Err(ApiError::field("to", "`to` is not after `from`")),
        _ => Ok(()),
    }
}

/// An emergency area as it is put.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AreaPut {
    /// Whole states.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    states: Vec<StateCode>,
    /// Five-digit ZIP codes.
    #[serde(default)]
    zips: Vec<String>,
    /// From when.
    #[schemars(with = "String")]
    from: Moment,
    /// Until when, exclusive; none: until it is taken back.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    to: Option<Moment>,
    /// Who declared it.
    source: String,
}

/// Puts an emergency area.
pub fn put_area(app: &App, request: Request) -> Result<Answer, ApiError> {
    request.caller.may_for(None)?;
    let put: AreaPut = request.json()?;
    in_order(put.from, put.to)?;
    if put.states.is_empty() && put.zips.is_empty() {
        return Err(ApiError::field(
            "states",
            "an area names a state or a ZIP code",
        ));
    }
    if put
        .states
        .iter()
        .any(|s| !app.rules.jurisdictions.contains_key(s))
    {
        return Err(ApiError::field(
            "states",
            "no state, district or territory of that code",
        ));
    }
    let five = |z: &String| z.len() == 5 && z.bytes().all(|b| b.is_ascii_digit());
    if !put.zips.iter().all(five) {
        return Err(ApiError::field("zips", "a ZIP code is five digits"));
    }
    let area = EmergencyArea {
        id: request.part("id").to_owned(),
        states: put.states,
        zips: put.zips,
        from: put.from.0,
        to: put.to.map(|to| to.0),
        source: put.source,
    };
    app.store.put_emergency_area(area.clone(), request.now)?;
    Answer::ok(&area)
}

/// One emergency area.
pub fn area(app: &App, request: Request) -> Result<Answer, ApiError> {
    let areas = app.store.emergency_areas()?;
    let found = areas.iter().find(|a| a.id == request.part("id"));
    Answer::ok(found.ok_or_else(|| ApiError::not_found("emergency area"))?)
}

/// Every emergency area.
pub fn areas(app: &App, _request: Request) -> Result<Answer, ApiError> {
    Answer::ok(&whole_list(&app.store.emergency_areas()?))
}

/// Takes an emergency area back.
pub fn delete_area(app: &App, request: Request) -> Result<Answer, ApiError> {
    request.caller.may_for(None)?;
    app.store
        .delete_emergency_area(request.part("id"), request.now)?;
    Ok(Answer::text(StatusCode::NO_CONTENT, super::JSON, ""))
}

/// A counsel override as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideSent {
    /// For whom.
    seller: String,
    /// The rule's id.
    rule: String,
    /// From when.
    #[schemars(with = "String")]
    from: Moment,
    /// Until when, exclusive.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    to: Option<Moment>,
    /// Where the advice is kept.
    document: String,
}

/// Records a counsel override.
pub fn record_override(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: OverrideSent = request.json()?;
    request.caller.may_for(Some(&sent.seller))?;
    in_order(sent.from, sent.to)?;
    if !app.rules.provenance.contains_key(&sent.rule) {
        return Err(ApiError {
            code: "rule-unknown",
            ..ApiError::field("rule", "the rule pack has no rule of that id")
        });
    }
    if sent.document.trim().is_empty() {
        return Err(ApiError::field(
            "document",
            "an override rests on a document",
        ));
    }
    let draft = OverrideDraft {
        seller: sent.seller,
        rule: sent.rule,
        from: sent.from.0,
        to: sent.to.map(|to| to.0),
        document: sent.document,
    };
    let scope = app.rules.advice_scope(&draft.rule);
    let record = app.store.record_override(draft, request.now)?;
    Answer::created(&OverrideKept {
        record,
        lifts: scope.is_some(),
        only_in: scope
            .as_ref()
            .map(|scope| scope.states.clone())
            .unwrap_or_default(),
        only_with_consent: scope.is_some_and(|scope| scope.needs_consent),
    })
}

/// An override as it is kept. Any rule may be named, so that advice is on file; most rules are lifted by none.
#[derive(Serialize)]
struct OverrideKept<R> {
    #[serde(flatten)]
    record: R,
    /// Whether the rule pack lays the rule open to advice: if not, this lifts nothing.
    lifts: bool,
    /// The states that it is lifted in, and every one that the callee may be in must be among them; left out: wherever the
    /// rule binds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    only_in: Vec<StateCode>,
    /// It is lifted only for a callee whose consent stands, if less than written.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    only_with_consent: bool,
}

/// Every counsel override.
pub fn overrides(app: &App, request: Request) -> Result<Answer, ApiError> {
    let mut all = app.store.overrides(request.query("seller"))?;
    all.retain(|o| request.caller.sees(Some(&o.draft.seller)));
    Answer::ok(&whole_list(&all))
}

/// An inquiry or a purchase as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelationshipSent {
    /// E.164.
    number: String,
    /// With whom.
    seller: String,
    /// `inquiry` or `purchase`.
    #[schemars(with = "String")]
    kind: RelationshipKind,
    /// When.
    #[schemars(with = "String")]
    at: Timestamp,
}

/// Records an inquiry or a purchase (47 CFR 64.1200(f)(5)).
pub fn record_relationship(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: RelationshipSent = request.json()?;
    request.caller.may_for(Some(&sent.seller))?;
    let draft = RelationshipDraft {
        number: number("number", &sent.number)?,
        seller: sent.seller,
        kind: sent.kind,
        at: request.past("at", Some(sent.at))?,
    };
    let id = app.store.record_relationship(draft, request.now)?;
    Answer::created(&json!({ "id": id }))
}

/// What STOP stops; nothing named: everything.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopSent {
    /// Only this seller.
    #[serde(default)]
    seller: Option<String>,
    /// Only this campaign.
    #[serde(default)]
    campaign: Option<String>,
    /// Why.
    #[serde(default)]
    reason: Option<String>,
}

fn scope(app: &App, request: &Request, sent: &StopSent) -> Result<StopScope, ApiError> {
    match (&sent.seller, &sent.campaign) {
        (Some(_), Some(_)) => Err(ApiError::field(
            "campaign",
            "a seller or a campaign, not both",
        )),
        (Some(seller), None) => {
            request.caller.may_for(Some(seller))?;
            // A name that is misspelt in an emergency would stop nobody, and look as if it had.
            app.store.seller(seller)?;
            Ok(StopScope::Seller(seller.clone()))
        }
        (None, Some(campaign)) => {
            let campaign = Id::from(campaign.as_str());
            request
                .caller
                .may_for(Some(&app.store.campaign(&campaign)?.plan.seller))?;
            Ok(StopScope::Campaign(campaign))
        }
        (None, None) => {
            request.caller.may_for(None)?;
            Ok(StopScope::All)
        }
    }
}

/// Presses STOP: nothing dials, ringing legs are cancelled.
pub fn stop(app: &App, mut request: Request) -> Result<Answer, ApiError> {
    let sent: StopSent = request.json_or_empty()?;
    let scope = scope(app, &request, &sent)?;
    app.store.stop(scope.clone(), sent.reason, request.now)?;
    app.desk.stopped(&scope);
    stops(app, request)
}

/// Releases STOP, in the scope of `?seller=` or `?campaign=`.
pub fn resume(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent = StopSent {
        seller: request.query("seller").map(str::to_owned),
        campaign: request.query("campaign").map(str::to_owned),
        reason: None,
    };
    let scope = scope(app, &request, &sent)?;
    match app.store.resume(&scope, request.now) {
        Ok(_) | Err(StoreError::NotFound(_)) => {}
        Err(e) => return Err(e.into()),
    }
    app.desk.campaigns_changed();
    stops(app, request)
}

/// Every STOP that is pressed.
pub fn stops(app: &App, _request: Request) -> Result<Answer, ApiError> {
    let stops = app.store.stops()?;
    Answer::ok(&json!({ "stopped": !stops.is_empty(), "stops": stops }))
}
