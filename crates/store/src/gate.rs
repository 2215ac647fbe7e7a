//! Decisions: how one is asked for, and what is kept of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::evidence::ClockKind;
use ringfence_core::gate::{CallRequest, Decision, Facts, Policy, Verdict};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The gate as the store calls it inside its transaction: pure, with the pack and `now` bound by the caller.
pub type Decide = Arc<dyn Fn(&Facts) -> Decision + Send + Sync>;

/// What of the configuration the facts hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GateSettings {
    /// The operator's switches.
    pub policy: Policy,
    /// Whether a configured TTS will speak a seller's script.
    pub spoken_by_tts: bool,
}

/// A call that is asked for in earnest.
#[derive(Debug, Clone, PartialEq)]
pub struct Reservation {
    /// The call.
    pub request: CallRequest,
    /// What of the configuration the facts hold.
    pub settings: GateSettings,
    /// How long the permit lives.
    pub permit_ttl: Duration,
    /// Our own line places the call: a call record is made with it. None: a dialer of the user's own does.
    pub line: Option<LinePlan>,
}

/// How our own line will place the call.
#[derive(Debug, Clone, PartialEq)]
pub struct LinePlan {
    /// The trunk's id.
    pub trunk: String,
    /// The agent, as it was asked for.
    pub agent: Value,
}

/// What came of a reservation; it is durable when this is returned.
#[derive(Debug, Clone, PartialEq)]
pub struct Reserved {
    /// `dec_...`
    pub decision_id: Id,
    /// The gate's answer.
    pub decision: Decision,
    /// Its exact bytes as they are stored.
    pub decision_json: String,
    /// Only on `allow`.
    pub permit: Option<PermitTicket>,
    /// `call_...`; only on `allow` with a line plan.
    pub call: Option<Id>,
}

/// A permit before it is redeemed.
#[derive(Clone, PartialEq, Eq)]
pub struct PermitTicket {
    /// Opaque and single-use; the store keeps only its hash.
    pub token: String,
    /// `att_...`
    pub attempt: Id,
    /// The number that will be presented.
    pub caller_id: PhoneNumber,
    /// After this instant it is void.
    pub expires_at: Timestamp,
}

impl fmt::Debug for PermitTicket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PermitTicket")
            .field("attempt", &self.attempt)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A decision on file, with all that its replay needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionRecord {
    /// `dec_...`
    pub id: Id,
    /// As it was asked for; it need not be a number.
    pub to: String,
    /// The seller's id; it need not exist.
    pub seller: String,
    /// The answer in a word.
    pub verdict: Verdict,
    /// When.
    pub at: Timestamp,
    /// Under which clock.
    pub clock: ClockKind,
    /// The facts, exact bytes of their JSON.
    pub facts_json: String,
    /// The decision, exact bytes of its JSON.
    pub decision_json: String,
    /// Which rule pack.
    pub pack_sha256: String,
    /// The attempt that it allowed.
    pub attempt: Option<Id>,
}

/// A rule pack on file: what a replay loads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RulePackRecord {
    /// SHA-256 over its sources, hexadecimal.
    pub sha256: String,
    /// Its version, a date.
    pub version: String,
    /// Its sources in one text, in whatever form the server makes and reads.
    pub archive: String,
}
