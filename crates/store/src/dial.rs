//! Attempts: reserved, redeemed, settled or void.

use jiff::Timestamp;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::outcome::{AnsweredBy, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How far an attempt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptState {
    /// Its permit is out.
    Reserved,
    /// Its permit was redeemed; an INVITE may have been sent.
    Dialing,
    /// It has its outcome.
    Settled,
    /// No call came of it; it counts towards no cap.
    Void,
}

/// An attempt on file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptRecord {
    /// `att_...`
    pub id: Id,
    /// The decision that allowed it.
    pub decision: Id,
    /// Whom.
    pub to: PhoneNumber,
    /// For whom.
    pub seller: String,
    /// The number presented.
    pub caller_id: PhoneNumber,
    /// `call_...`, if our own line places it.
    pub call: Option<Id>,
    /// `cmp_...`
    pub campaign: Option<Id>,
    /// `lead_...`
    pub lead: Option<Id>,
    /// How far it is.
    pub state: AttemptState,
    /// When it was reserved; caps count from here.
    pub reserved_at: Timestamp,
    /// When its permit ends.
    pub expires_at: Timestamp,
    /// When its permit was redeemed.
    pub redeemed_at: Option<Timestamp>,
    /// When it was settled or voided.
    pub ended_at: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why it is void, or what else there is to say.
    pub note: Option<String>,
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settlement {
    /// In our words.
    pub outcome: Outcome,
    /// The carrier's last status.
    pub sip_status: Option<u16>,
    /// Who picked up.
    pub answered_by: Option<AnsweredBy>,
    /// Whether the callee opted out in it.
    pub opt_out: bool,
    /// The disclosure's evidence, as the line made it; none: none was begun.
    pub disclosure: Option<Value>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What else there is to say, such as `orphaned`.
    pub note: Option<String>,
}

impl Settlement {
    /// An end without an answer.
    #[must_use]
    pub fn unanswered(outcome: Outcome, sip_status: Option<u16>, ended_at: Timestamp) -> Self {
        Self {
            outcome,
            sip_status,
            answered_by: None,
            opt_out: false,
            disclosure: None,
            answered_at: None,
            ended_at,
            note: None,
        }
    }
}

/// What a dead process left behind, and how it was put in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// Attempts that were under way: they count as made, and were settled as `failed`, note `orphaned`.
    pub orphans: Vec<AttemptRecord>,
    /// Permits that had expired unused, or that our own line held and never redeemed; they are void now.
    pub voided: Vec<Id>,
    /// Leads whose claim was released.
    pub leads_released: u64,
    /// Leads that were in a call and now need their next step: `requeue` or `finish`.
    pub leads_in_call: Vec<crate::campaign::Lead>,
}
