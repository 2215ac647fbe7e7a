//! The call desk: what the API and the campaigns ask of the line. The line answers in `desk/line.rs`.

mod line;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use ringfence_core::gate::{CallRequest, Decision};
use ringfence_core::id::Id;
use ringfence_core::lead::PhoneNumber;
use ringfence_store::StoreError;
use ringfence_store::operator::StopScope;
use serde_json::Value;

pub use line::Desk;

/// What an object-safe asynchronous function answers.
pub type Soon<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One call, now, under the gate.
#[derive(Debug, Clone, PartialEq)]
pub struct CallOrder {
    /// The call.
    pub request: CallRequest,
    /// The trunk's id; none: the only trunk there is.
    pub trunk: Option<String>,
    /// The agent as it was asked for; its `kind` was checked.
    pub agent: Value,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedCall {
    /// `call_...`; none: denied or deferred, and nothing was sent.
    pub call: Option<Id>,
    /// `dec_...`
    pub decision_id: Id,
    /// The gate's answer.
    pub decision: Decision,
}

/// Who speaks in a transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The person called.
    Callee,
    /// The voice agent.
    Agent,
}

/// Words of a call, as somebody brought them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// Who said them.
    pub speaker: Speaker,
    /// What was said.
    pub text: String,
    /// Whether a recogniser may still change them.
    pub is_final: bool,
    /// Where the audio is, as whoever brought them names it.
    pub audio: Option<String>,
}

/// How long opt-outs took from the key or the word until nothing allows a call any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OptOutTimes {
    /// How many were measured.
    pub count: u64,
    /// Half of the latest were faster, in microseconds.
    pub p50_us: u64,
    /// 99 of 100 of the latest were.
    pub p99_us: u64,
    /// The slowest of the latest.
    pub max_us: u64,
}

/// Why the desk could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// No trunk of that id is configured.
    #[error("no such trunk")]
    TrunkUnknown,
    /// Every line is taken, or calls may not begin faster.
    #[error("no capacity")]
    NoCapacity {
        /// When to ask again.
        retry_after_seconds: u32,
    },
    /// The agent cannot be had, such as a kind that is not connected here.
    #[error("{0}")]
    AgentUnavailable(String),
    /// There is no such call, or it is over.
    #[error("no such call under way")]
    NotUnderWay,
    /// The process is shutting down.
    #[error("shutting down")]
    Closing,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What the API asks of the line.
pub trait CallDesk: Send + Sync {
    /// Places one call now, if the gate allows it.
    fn place(&self, order: CallOrder) -> Soon<'_, Result<PlacedCall, DeskError>>;

    /// Takes in words that an agent transcribed. Answers whether they are an opt-out; none: undecided, or not the
    /// callee's. An opt-out, and the hold that unclear words make, are durable before this returns.
    ///
    /// # Errors
    /// [`DeskError::NotUnderWay`], or the store's failure.
    fn said(&self, call: &Id, words: Words) -> Result<Option<bool>, DeskError>;

    /// Ends a call.
    ///
    /// # Errors
    /// [`DeskError::NotUnderWay`].
    fn hang_up(&self, call: &Id) -> Result<(), DeskError>;

    /// An opt-out of this number is durable: cancels what is ringing and ends what is under way, but for the call in which
    /// it was said: that acknowledges it and ends by itself. No seller: of every seller.
    fn opted_out(&self, number: PhoneNumber, seller: Option<&str>, said_in: Option<&Id>);

    /// A hold of this number is durable, or another process recorded something about it, perhaps a while ago: the gate is
    /// asked about each call to it, but for the one in which it was said. What an opt-out bars is cancelled or ended; what a
    /// hold bars is cancelled while it rings, and ends politely, with the farewell, once somebody has answered. No seller: of
    /// every seller. `at`: when it was recorded, by the clock of whoever did.
    fn barred(
        &self,
        number: PhoneNumber,
        seller: Option<&str>,
        said_in: Option<&Id>,
        at: Timestamp,
    );

    /// STOP was pressed: cancels what is ringing within its scope.
    fn stopped(&self, scope: &StopScope);

    /// A campaign was started, held or ended, or has new leads.
    fn campaigns_changed(&self);

    /// Calls under way.
    fn active(&self) -> usize;

    /// How long opt-outs of the latest calls took.
    fn opt_out_times(&self) -> OptOutTimes {
        OptOutTimes::default()
    }

    /// Takes no new call, and waits until none is under way, at most for `limit`.
    fn drain(&self, limit: Duration) -> Soon<'_, ()>;
}

/// A desk without a line: no trunk is configured, so nothing can be placed.
#[derive(Debug, Default)]
pub struct NoLine;

impl CallDesk for NoLine {
    fn place(&self, _order: CallOrder) -> Soon<'_, Result<PlacedCall, DeskError>> {
        Box::pin(async { Err(DeskError::TrunkUnknown) })
    }

    fn said(&self, _call: &Id, _words: Words) -> Result<Option<bool>, DeskError> {
        Err(DeskError::NotUnderWay)
    }

    fn hang_up(&self, _call: &Id) -> Result<(), DeskError> {
        Err(DeskError::NotUnderWay)
    }

    fn opted_out(&self, _number: PhoneNumber, _seller: Option<&str>, _said_in: Option<&Id>) {}

    fn barred(
        &self,
        _number: PhoneNumber,
        _seller: Option<&str>,
        _said_in: Option<&Id>,
        _at: Timestamp,
    ) {
    }

    fn stopped(&self, _scope: &StopScope) {}

    fn campaigns_changed(&self) {}

    fn active(&self) -> usize {
        0
    }

    fn drain(&self, _limit: Duration) -> Soon<'_, ()> {
        Box::pin(async {})
    }
}
