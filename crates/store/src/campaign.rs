//! Campaigns and their leads.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ringfence_core::consent::Purpose;
use ringfence_core::gate::{CallRequest, ReasonCode};
use ringfence_core::id::Id;
use ringfence_core::lead::{PhoneNumber, Place};
use ringfence_core::outcome::Outcome;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a campaign stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CampaignState {
    /// Not started.
    Created,
    /// Its leads are called.
    Running,
    /// Held; can be resumed.
    Paused,
    /// Ended by the operator.
    Cancelled,
    /// No lead is left.
    Done,
}

/// A campaign's plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CampaignPlan {
    /// For people.
    pub name: String,
    /// The seller's id.
    pub seller: String,
    /// What its calls are for.
    pub purpose: Purpose,
    /// The number to present; none: any that the seller has in force.
    pub caller_id: Option<PhoneNumber>,
    /// Over which trunk.
    pub trunk: String,
    /// Which agent.
    pub agent: Value,
    /// How often one lead may be tried.
    pub attempts_max: u32,
    /// What follows which outcome, in the form that `core::campaign` reads.
    pub retry: Value,
    /// Calls at the same time.
    pub concurrency: u32,
    /// Calls begun per second.
    pub calls_per_second: f64,
}

/// A campaign on file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// `cmp_...`
    pub id: Id,
    /// Its plan.
    #[serde(flatten)]
    pub plan: CampaignPlan,
    /// Where it stands.
    pub state: CampaignState,
    /// When it was put.
    pub created_at: Timestamp,
}

impl Campaign {
    /// The call that this campaign asks for, to this lead.
    #[must_use]
    pub fn request(&self, lead: &Lead) -> CallRequest {
        CallRequest {
            to: lead.draft.number.e164(),
            seller: self.plan.seller.clone(),
            purpose: self.plan.purpose,
            caller_id: self.plan.caller_id.map(PhoneNumber::e164),
            place: lead.draft.place.clone(),
            lead: Some(lead.id.clone()),
            campaign: Some(self.id.clone()),
        }
    }
}

/// Where a lead stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeadState {
    /// Waits for its turn, or for its next attempt.
    Queued,
    /// Waits for the first instant at which it may be called.
    Deferred,
    /// Claimed by the dialer.
    Reserved,
    /// Its permit was redeemed.
    InCall,
    /// Nothing is left to do.
    Done,
    /// The gate said no.
    Denied,
    /// Taken back, by an opt-out or by the operator.
    Cancelled,
}

/// A lead to take in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeadDraft {
    /// Whom.
    pub number: PhoneNumber,
    /// Where they say they are.
    pub place: Place,
    /// The sender's own id for it.
    pub external_id: Option<String>,
    /// What else came with it, as a JSON object.
    pub extra: Value,
}

/// A lead on file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lead {
    /// `lead_...`
    pub id: Id,
    /// `cmp_...`; none: received, for no campaign yet.
    pub campaign: Option<Id>,
    /// As it came.
    #[serde(flatten)]
    pub draft: LeadDraft,
    /// Where it stands.
    pub state: LeadState,
    /// Not before this instant.
    pub next_attempt_at: Timestamp,
    /// Permits redeemed for it.
    pub attempts: u32,
    /// How the last attempt ended.
    pub last_outcome: Option<Outcome>,
    /// Why the gate last said no or not yet.
    pub last_reasons: Vec<ReasonCode>,
    /// The last decision about it.
    pub last_decision: Option<Id>,
    /// When it was received.
    pub received_at: Timestamp,
}

/// What became of the leads of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadImport {
    /// One per draft, in order.
    pub results: Vec<LeadImported>,
}

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeadImported {
    /// Taken in.
    New(Id),
    /// The campaign has this number already, as this lead.
    Duplicate(Id),
}

/// Why a claimed lead waits again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LeadProgress {
    /// How the last attempt ended.
    pub outcome: Option<Outcome>,
    /// What the gate said.
    pub reasons: Vec<ReasonCode>,
    /// In which decision.
    pub decision: Option<Id>,
}

/// A campaign in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignCounts {
    /// Leads by state.
    pub states: BTreeMap<LeadState, u64>,
    /// Leads by each of their last reasons; one lead may count under several.
    pub reasons: BTreeMap<ReasonCode, u64>,
    /// Leads by their last outcome.
    pub outcomes: BTreeMap<Outcome, u64>,
    /// Calls in which the callee opted out.
    pub opt_outs: u64,
    /// The earliest instant at which a waiting lead is due.
    pub next_due_at: Option<Timestamp>,
}
