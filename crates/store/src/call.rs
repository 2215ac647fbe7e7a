//! Calls that our own line places.

use jiff::Timestamp;
pub use ringfence_core::call::CallState;
use ringfence_core::evidence::ClockKind;
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_core::outcome::{AnsweredBy, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call on file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRecord {
    /// `call_...`
    pub id: Id,
    /// `att_...`
    pub attempt: Id,
    /// `dec_...`
    pub decision: Id,
    /// Whom.
    pub to: PhoneNumber,
    /// For whom.
    pub seller: String,
    /// `cmp_...`
    pub campaign: Option<Id>,
    /// `lead_...`
    pub lead: Option<Id>,
    /// Over which trunk.
    pub trunk: String,
    /// The agent, as it was asked for.
    pub agent: Value,
    /// How far it is.
    pub state: CallState,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// The carrier's last status.
    pub sip_status: Option<u16>,
    /// Who picked up.
    pub answered_by: Option<AnsweredBy>,
    /// Whether the callee opted out in it.
    pub opt_out: bool,
    /// The disclosure's evidence so far.
    pub disclosure: Option<Value>,
    /// When it was reserved.
    pub started_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What else there is to say, such as `orphaned`.
    pub note: Option<String>,
    /// Under which clock.
    pub clock: ClockKind,
}

/// What a stage of the call changes in its record; what is none stays. An ended call takes no update.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CallUpdate {
    /// How far it is.
    pub state: Option<CallState>,
    /// Who picked up.
    pub answered_by: Option<AnsweredBy>,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// The callee opted out; never taken back.
    pub opt_out: bool,
    /// The disclosure's evidence so far.
    pub disclosure: Option<Value>,
}
