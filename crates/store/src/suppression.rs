//! Opt-outs: revocations and internal suppressions, and what they stop at once.

use jiff::Timestamp;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use serde::{Deserialize, Serialize};

/// How far an opt-out reaches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOutScope {
    /// The seller it was said to.
    #[default]
    Seller,
    /// Every seller of this installation.
    Tenant,
}

/// "Stop calling me": withdraws consent and suppresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// Who said it.
    pub number: PhoneNumber,
    /// To whom; none: to every seller.
    pub seller: Option<String>,
    /// Where it was said, such as `call-keypad`.
    pub channel: String,
    /// The words or the key.
    pub said: Option<String>,
    /// When it was said.
    pub at: Timestamp,
    /// The operator's `opt_out_scope`.
    pub scope: OptOutScope,
    /// The call it was said in.
    pub call: Option<Id>,
}

/// An internal suppression that withdraws no consent by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressionDraft {
    /// Who must not be called.
    pub number: PhoneNumber,
    /// By whom; none: by every seller.
    pub seller: Option<String>,
    /// Why, in the recorder's words.
    pub reason: String,
    /// Who asked, in the recorder's words.
    pub source: String,
    /// Since when.
    pub at: Timestamp,
}

/// What an opt-out did. It is durable when this is returned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptOutReceipt {
    /// `rev_...`; none for a suppression.
    pub revocation: Option<Id>,
    /// `sup_...`
    pub suppression: Id,
    /// Queued leads that were cancelled.
    pub leads_cancelled: Vec<Id>,
    /// Reserved attempts that were voided; their permits are worthless now.
    pub attempts_voided: Vec<Id>,
    /// Calls under way to the number, which the driver must end.
    pub in_flight: Vec<InFlight>,
}

/// A call under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InFlight {
    /// `att_...`
    pub attempt: Id,
    /// `call_...`, if the line is ours.
    pub call: Option<Id>,
}

/// An entry of the internal list, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuppressionRecord {
    /// `sup_...`
    pub id: Id,
    /// The seller it binds; none: every seller.
    pub seller: Option<String>,
    /// Whether it came from a revocation.
    pub revocation: bool,
    /// Since when.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
    /// Who asked.
    pub source: String,
    /// When it was recorded here.
    pub recorded_at: Timestamp,
}
