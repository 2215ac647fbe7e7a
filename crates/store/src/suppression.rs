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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// How the words were understood; none: a key, or a person took them down.
    pub heard: Option<Heard>,
    /// Who brought it: an API key's id, `command-line`, `time`, or the courier whose signature stood for a key; none: the
    /// callee, in the call.
    #[serde(default)]
    pub by: Option<String>,
}

/// How words were understood.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Heard {
    /// What judged them, such as `opt-out-model`.
    pub recogniser: String,
    /// The chance, 0 to 1, that they are an opt-out.
    pub score: f64,
    /// The words that decided.
    pub because: String,
    /// What the agent had said before.
    pub context: Option<String>,
    /// Where the audio is, as whoever brought the words names it: a span, a URL.
    pub audio: Option<String>,
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
    /// Who brought it: an API key's id.
    #[serde(default)]
    pub by: Option<String>,
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
    /// Holds that this decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Id>,
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
