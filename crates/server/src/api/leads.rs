//! Leads: one at a time, or a file.

use ringfence_core::consent::Purpose;
use ringfence_core::id::Id;
use ringfence_core::lead::Place;
use ringfence_core::lead::import::ImportOptions;
use ringfence_store::campaign::{LeadDraft, LeadImported};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::decisions::checked_place;
use super::problem::ApiError;
use super::request::{Answer, Request, number};
use crate::app::App;
use crate::intake::{Destination, IntakeError, TakenIn, take_in};

/// A lead as it is sent.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadSent {
    /// E.164.
    number: String,
    /// `cmp_...`; none: it waits for no call yet.
    #[serde(default)]
    campaign: Option<String>,
    /// Where they say they are.
    #[serde(default)]
    #[schemars(with = "Option<Value>")]
    place: Option<Place>,
    /// The sender's own id for it.
    #[serde(default)]
    external_id: Option<String>,
    /// What else came with it.
    #[serde(default)]
    extra: Map<String, Value>,
}

/// Takes in one lead.
pub fn receive(app: &App, request: Request) -> Result<Answer, ApiError> {
    let sent: LeadSent = request.json()?;
    let number = number("number", &sent.number)?;
    let campaign = sent.campaign.as_deref().map(Id::from);
    may_bring(app, &request, campaign.as_ref())?;
    let draft = LeadDraft {
        number,
        place: checked_place(app, sent.place.unwrap_or_default())?,
        external_id: sent.external_id,
        extra: Value::Object(sent.extra),
    };
    let import = app
        .store
        .import_leads(campaign.as_ref(), vec![draft], request.now)?;
    app.desk.campaigns_changed();
    match import.results.into_iter().next() {
        Some(LeadImported::New(id)) => Answer::created(&app.store.lead(&id)?),
        Some(LeadImported::Duplicate(id)) => Answer::ok(&app.store.lead(&id)?),
        None => Err(ApiError::internal("an import of one lead answered nothing")),
    }
}

/// A key that is limited to sellers brings leads into their campaigns only.
fn may_bring(app: &App, request: &Request, campaign: Option<&Id>) -> Result<(), ApiError> {
    match campaign {
        Some(id) => request
            .caller
            .may_for(Some(&app.store.campaign(id)?.plan.seller)),
        None => request.caller.may_for(None),
    }
}

/// One lead.
pub fn show(app: &App, request: Request) -> Result<Answer, ApiError> {
    let lead = app.store.lead(&request.id())?;
    may_bring(app, &request, lead.campaign.as_ref())?;
    Answer::ok(&lead)
}

/// Takes in a file of leads: into `?campaign=`, or for `?seller=`, where they wait for a campaign.
pub fn import(app: &App, request: Request) -> Result<Answer, ApiError> {
    let campaign = match request.query("campaign") {
        Some(id) => Some(app.store.campaign(&Id::from(id))?),
        None => None,
    };
    let seller = match (&campaign, request.query("seller")) {
        (Some(campaign), _) => campaign.plan.seller.clone(),
        (None, Some(seller)) => seller.to_owned(),
        (None, None) => {
            let detail = "`?campaign=` or `?seller=` says for whom they are";
            return Err(ApiError::field("campaign", detail));
        }
    };
    request.caller.may_for(Some(&seller))?;
    let record = app.store.seller(&seller)?;
    let options = ImportOptions {
        file_bytes_max: app.config.server.import_bytes_max,
        consent_text: request.query("consent_text").map(str::to_owned),
        form_implies_consent: request.query("form_implies_consent") == Some("true"),
        ..ImportOptions::default()
    };
    let to = Destination {
        seller: &seller,
        seller_name: Some(&record.profile.name),
        purpose: campaign
            .as_ref()
            .map_or(Purpose::Telemarketing, |c| c.plan.purpose),
        campaign: campaign.as_ref().map(|c| &c.id),
    };
    let taken = take_in(&*app.store, &request.body, &options, &to, request.now);
    app.desk.campaigns_changed();
    match taken {
        Ok(taken) => {
            for row in &taken.report.do_not_call {
                app.desk.opted_out(row.number, Some(to.seller), None);
            }
            taken_in(to.campaign, &taken)
        }
        Err(IntakeError::File(error)) => Err(ApiError {
            code: error.code(),
            ..ApiError::field("body", error.to_string())
        }),
        Err(IntakeError::Store(error)) => Err(error.into()),
    }
}

/// What became of a file. The sender has its rows; what they need to hear of is what was not taken as it came.
fn taken_in(campaign: Option<&Id>, taken: &TakenIn) -> Result<Answer, ApiError> {
    let report = serde_json::to_value(taken);
    let mut report = report.map_err(|e| ApiError::internal(&e.to_string()))?;
    if let Some(Value::Object(rows)) = report.get_mut("report") {
        rows.remove("leads");
    }
    Answer::ok(&json!({"campaign": campaign, "import": report}))
}
