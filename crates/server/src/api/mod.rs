//! The HTTP API. [`ROUTES`] is the whole of it; each resource has its file.

mod access;
mod act;
mod calls;
mod campaigns;
mod consents;
mod decisions;
mod edge;
mod events;
mod holds;
mod hooks;
mod idempotency;
mod leads;
mod lists;
mod numbers;
mod openapi;
mod operator;
mod opt_outs;
mod page;
mod problem;
mod receive;
mod request;
mod review;
mod route;
mod scrubs;
mod sellers;
mod service;
mod spool;
mod stream;
mod wav;
mod webhooks;

use std::future::Future;

use ringfence_store::key::Role::{self, Compliance, Ingest, Operator, ReadOnly};

pub use access::{fresh_key, key_hash};
pub use decisions::DecisionAnswer;
pub use edge::serve;
pub use hooks::telnyx_key;

use openapi::schema_of;
use route::{Body, Handler, Reserving, Route};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

const EVERYBODY: Option<&[Role]> = Some(&[Operator, Compliance, ReadOnly, Ingest]);
const READERS: Option<&[Role]> = Some(&[Operator, Compliance, ReadOnly]);
const BRINGERS: Option<&[Role]> = Some(&[Operator, Compliance, Ingest]);
const DESK: Option<&[Role]> = Some(&[Operator, Compliance]);
const COUNSEL: Option<&[Role]> = Some(&[Compliance]);
/// `admin` alone.
const ADMIN: Option<&[Role]> = Some(&[]);
const DIALERS: Option<&[Role]> = Some(&[Operator]);

const fn get(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    roles: Option<&'static [Role]>,
    handler: Handler,
) -> Route {
    Route {
        method: "GET",
        path,
        id,
        summary,
        roles,
        body: Body::None,
        handler,
        reserving: None,
    }
}

const fn post(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    roles: Option<&'static [Role]>,
    body: Body,
    handler: Handler,
) -> Route {
    Route {
        method: "POST",
        path,
        id,
        summary,
        roles,
        body,
        handler,
        reserving: None,
    }
}

const fn put(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    roles: Option<&'static [Role]>,
    body: Body,
    handler: Handler,
) -> Route {
    Route {
        method: "PUT",
        path,
        id,
        summary,
        roles,
        body,
        handler,
        reserving: None,
    }
}

const fn delete(
    path: &'static str,
    id: &'static str,
    summary: &'static str,
    roles: Option<&'static [Role]>,
    handler: Handler,
) -> Route {
    Route {
        method: "DELETE",
        path,
        id,
        summary,
        roles,
        body: Body::None,
        handler,
        reserving: None,
    }
}

const fn reserving(route: Route, reserving: Reserving) -> Route {
    Route {
        reserving: Some(reserving),
        ..route
    }
}

/// Every operation, in the order of a call's life.
#[rustfmt::skip]
const ROUTES: &[Route] = &[
    get("/", "page.show", "A plain page: figures, latest calls, campaigns, STOP.", READERS, page::show),
    get("/review", "page.review", "A page for people: unclear words that wait for a decision, and a form for opt-outs.", READERS, review::show),
    post("/review/opt-outs", "page.opt-out", "The form for an opt-out.", DESK, Body::Form(schema_of::<review::OptOutForm>), review::opt_out),
    post("/review/holds/{id}", "page.decide", "The form for a decision.", DESK, Body::Form(schema_of::<review::DecisionForm>), review::decide),
    get("/health", "service.health", "The process answers.", None, service::health),
    get("/ready", "service.ready", "Whether the store can be written, which clock runs, what is stopped.", EVERYBODY, service::ready),
    get("/metrics", "service.metrics", "Prometheus text.", READERS, service::metrics),
    get("/openapi.json", "service.openapi", "This document.", EVERYBODY, service::openapi),

    get("/v1/sellers", "seller.list", "Sellers by id.", READERS, sellers::list),
    get("/v1/sellers/{id}", "seller.show", "One seller.", READERS, sellers::show),
    put("/v1/sellers/{id}", "seller.put", "Put a seller, whole.", DESK, Body::Json(sellers::schema), sellers::put),
    put("/v1/sellers/{id}/prompts/{kind}", "seller.put-prompt", "Put a recorded prompt: WAV, 8 or 16 kHz, mono, 16 bit.", DESK, Body::Wav, sellers::put_prompt),

    post("/v1/leads", "lead.receive", "Take in one lead.", BRINGERS, Body::Json(schema_of::<leads::LeadSent>), leads::receive),
    post("/v1/leads:import", "lead.import", "Take in a CSV file of leads, into ?campaign=.", BRINGERS, Body::File, leads::import),
    get("/v1/leads/{id}", "lead.show", "One lead.", READERS, leads::show),

    post("/v1/consents", "consent.record", "Record a consent as it is.", BRINGERS, Body::Json(schema_of::<consents::ConsentSent>), consents::record),
    get("/v1/consents/{id}", "consent.show", "One consent.", READERS, consents::show),
    post("/v1/consents/{id}/confirm", "consent.confirm", "Confirm a double opt-in.", BRINGERS, Body::Json(schema_of::<consents::ConfirmationSent>), consents::confirm),
    post("/v1/revocations", "consent.revoke", "Take \"stop calling me\".", BRINGERS, Body::Json(schema_of::<opt_outs::RevocationSent>), opt_outs::revoke),
    post("/v1/suppressions", "suppression.record", "Suppress a number.", BRINGERS, Body::Json(schema_of::<opt_outs::SuppressionSent>), opt_outs::suppress),
    post("/v1/relationships", "consent.relationship", "Record an inquiry or a purchase.", BRINGERS, Body::Json(schema_of::<operator::RelationshipSent>), operator::record_relationship),
    get("/v1/lists", "suppression.lists", "Every list version on file.", READERS, lists::all),
    post("/v1/lists:import", "suppression.import-list", "Take in a list as delivered, all or nothing; ?kind= and more say what it is.", DESK, Body::List, lists::import),
    post("/v1/lists:check", "suppression.check-lists", "Which lists hold each number.", READERS, Body::Json(schema_of::<lists::CheckAsked>), lists::check),
    post("/v1/lists:prune", "suppression.prune-lists", "Remove the files of list versions that bind nobody any more.", DESK, Body::Json(schema_of::<lists::PruneAsked>), lists::prune),

    post("/v1/opt-outs:import", "consent.import-opt-outs", "Take in a CSV file of opt-outs: number[,seller][,at].", BRINGERS, Body::File, opt_outs::import),
    post("/v1/hooks/{id}", hooks::ROUTE, "Words by another road: sms, email, voicemail, opt-out. Text messages are taken as Twilio, Telnyx and Plivo send and sign them.", BRINGERS, Body::Json(hooks::schema), hooks::bring),
    get("/v1/holds", "converse.holds", "Numbers that wait for a person's decision; ?state=.", READERS, holds::list),
    get("/v1/holds/{id}", "converse.hold", "One hold.", READERS, holds::show),
    post("/v1/holds/{id}:release", "converse.release", "It was no opt-out.", DESK, Body::Json(schema_of::<holds::ReviewSent>), holds::release),
    post("/v1/holds/{id}:opt-out", "converse.confirm-opt-out", "It was an opt-out.", DESK, Body::Json(schema_of::<holds::ReviewSent>), holds::opt_out),

    get("/v1/rules", "rules.show", "The rule pack that decides.", READERS, service::rules),
    get("/v1/rules/{id}", "rules.rule", "One rule with its citation.", READERS, service::rule),
    get("/v1/emergency-areas", "rules.areas", "Emergency areas.", READERS, operator::areas),
    get("/v1/emergency-areas/{id}", "rules.area", "One emergency area.", READERS, operator::area),
    put("/v1/emergency-areas/{id}", "rules.put-area", "Put an emergency area.", DESK, Body::Json(schema_of::<operator::AreaPut>), operator::put_area),
    delete("/v1/emergency-areas/{id}", "rules.delete-area", "Take an emergency area back.", DESK, operator::delete_area),
    get("/v1/overrides", "rules.overrides", "Counsel overrides.", READERS, operator::overrides),
    post("/v1/overrides", "rules.override", "Record a counsel override.", COUNSEL, Body::Json(schema_of::<operator::OverrideSent>), operator::record_override),

    reserving(post("/v1/decisions", "gate.decide", "May this call be placed?", READERS, Body::Json(schema_of::<decisions::DecisionAsked>), decisions::decide), decisions::RESERVING),
    post("/v1/scrubs", "gate.scrub", "What the gate would say of many numbers, by verdict, reason, state and hour; nothing is recorded.", READERS, Body::JsonOrFile(schema_of::<scrubs::ScrubAsked>), scrubs::scrub),
    post("/v1/attempts/{id}:settle", "dial.settle", "Say how a call of your own dialer went.", DIALERS, Body::Json(schema_of::<decisions::Settled>), decisions::settle),

    get("/v1/campaigns", "campaign.list", "Campaigns, newest first.", READERS, campaigns::list),
    post("/v1/campaigns", "campaign.create", "Put a new campaign.", DIALERS, Body::Json(schema_of::<campaigns::CampaignSent>), campaigns::create),
    get("/v1/campaigns/{id}", "campaign.show", "One campaign with its figures.", READERS, campaigns::show),
    get("/v1/campaigns/{id}/leads", "campaign.leads", "A campaign's leads.", READERS, campaigns::leads),
    post("/v1/campaigns/{id}:preflight", "campaign.preflight", "What the gate would say now of the leads that wait, by verdict, reason, state and hour.", READERS, Body::None, campaigns::preflight),
    post("/v1/campaigns/{id}:start", "campaign.start", "Start it; the answer says first who will be skipped, and when the rest may be called.", DIALERS, Body::None, campaigns::start),
    post("/v1/campaigns/{id}:pause", "campaign.pause", "Hold it.", DESK, Body::None, campaigns::pause),
    post("/v1/campaigns/{id}:resume", "campaign.resume", "Let it go on.", DIALERS, Body::None, campaigns::start),
    post("/v1/campaigns/{id}:cancel", "campaign.cancel", "End it.", DESK, Body::None, campaigns::cancel),

    get("/v1/calls", "call.list", "Calls, newest first.", READERS, calls::list),
    post("/v1/calls", "call.place", "Place one call now, under the gate.", DIALERS, Body::Json(schema_of::<calls::CallSent>), calls::place),
    get("/v1/calls/{id}", "call.show", "One call.", READERS, calls::show),
    post("/v1/calls/{id}/transcript", "converse.transcript", "Words that an agent transcribed.", DIALERS, Body::Json(schema_of::<calls::TranscriptSent>), calls::transcript),
    post("/v1/calls/{id}:hangup", "call.hang-up", "End a call.", DESK, Body::None, calls::hang_up),

    get("/v1/stop", "gate.stops", "Every STOP that is pressed.", READERS, operator::stops),
    post("/v1/stop", "gate.stop", "Press STOP: nothing dials, ringing legs are cancelled.", DESK, Body::Json(schema_of::<operator::StopSent>), operator::stop),
    delete("/v1/stop", "gate.resume", "Release STOP.", DESK, operator::resume),

    get("/v1/webhooks", "evidence.webhooks", "Systems that hear of events.", ADMIN, webhooks::list),
    post("/v1/webhooks", "evidence.put-webhook", "Tell a system of events, signed by Standard Webhooks.", ADMIN, Body::Json(schema_of::<webhooks::WebhookSent>), webhooks::create),
    delete("/v1/webhooks/{id}", "evidence.delete-webhook", "Tell it no more.", ADMIN, webhooks::delete),
    get("/v1/webhooks/dead", "evidence.dead-letters", "What could not be told.", READERS, webhooks::dead),
    post("/v1/webhooks/dead/{id}:retry", "evidence.retry", "Try a dead letter again.", DESK, Body::None, webhooks::retry),
    post("/v1/webhooks/dead:retry", "evidence.retry-all", "Try every dead letter again.", DESK, Body::None, webhooks::retry_all),

    get("/v1/numbers/{id}", "evidence.number", "All that is known of one number.", READERS, numbers::show),
    get("/v1/events", "evidence.events", "The event log, in pages or as server-sent events.", READERS, events::list),
];

/// Waits for the line, on a thread that may block.
fn wait_for<T>(soon: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(soon)
}
