//! How a call ended, in our words.

use serde::{Deserialize, Serialize};

/// A call's outcome; an opt-out stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A person answered and was disclosed to whole, or cut it short by hanging up or opting out.
    Answered,
    /// A person answered and, through us, heard no whole disclosure.
    Abandoned,
    /// A machine answered.
    Machine,
    /// Our ring limit, 408.
    NoAnswer,
    /// 486, 600.
    Busy,
    /// 603.
    Declined,
    /// 607: the callee's network says that such calls are unwanted.
    Unwanted,
    /// 404, 410, 484, 604.
    BadNumber,
    /// 480, the far side's own 487.
    Unavailable,
    /// Other 4xx, 5xx.
    CarrierError,
    /// By us: STOP, hang-up, an opt-out elsewhere.
    Cancelled,
    /// No answer from the carrier at all.
    Failed,
}

/// Who picked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnsweredBy {
    /// A person.
    Human,
    /// Voicemail, an answering machine, an announcement.
    Machine,
    /// Not known; treated as a person.
    Unknown,
}
