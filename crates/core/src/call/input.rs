//! What can happen to a call.

use serde::{Deserialize, Serialize};

use super::output::{PromptKind, TimerKind};
use crate::disclose::{Evidence, Interruption, Receipt};

/// What the callee's words mean, judged outside (`converse`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Judged {
    /// No more calls.
    OptOut,
    /// Could be that.
    Ambiguous,
    /// Something else.
    NotOptOut,
}

/// How the callee leg ended; always the line's last word about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "how")]
pub enum Ending {
    /// A final response from the carrier, 300 to 699; also the 487 after our own CANCEL.
    Rejected {
        /// The SIP status.
        status: u16,
        /// Its `Reason` header, if any (RFC 3326).
        reason: Option<String>,
        /// Its `Retry-After`, in seconds.
        retry_after_s: Option<u32>,
    },
    /// The carrier never said anything.
    NoReply,
    /// A 200 crossed our CANCEL: it was acknowledged and ended by BYE at once.
    AnsweredAfterCancel,
    /// The callee (or the carrier for it) sent BYE.
    CalleeHungUp,
    /// Our own BYE.
    HungUp,
    /// Ours: no port, no socket, media that died, an answer that we cannot use.
    Failed {
        /// For a person to read; no numbers.
        what: String,
    },
}

/// Why a call is to end that nobody on it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CancelWhy {
    /// The STOP button: what rings is cancelled; who has answered is not cut off.
    Stop,
    /// Somebody asked for a hang-up.
    HangUp,
    /// The number opted out elsewhere.
    OptOutElsewhere,
    /// Unclear words elsewhere: the number is held for a person's decision. What rings is cancelled; who has answered is
    /// not cut off, but offered nothing more: the call ends as on unclear words in it.
    Held,
    /// The process ends and its time to drain is over.
    Shutdown,
}

/// One thing that happened. Those marked (line) come from the callee leg, just as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// (line) 100.
    Trying,
    /// (line) 180, or 183 without media.
    Ringing,
    /// (line) 183 with media: heard by us only, nothing is played into it.
    EarlyMedia,
    /// (line) 200, and media is set up.
    Answered,
    /// (line) The first frame of the disclosure is out.
    DisclosureStarted(Evidence),
    /// (line) Its last frame is out.
    DisclosureCompleted(Evidence),
    /// (line) It ended before.
    DisclosureInterrupted {
        /// Why.
        why: Interruption,
        /// What had been sent, if anything.
        evidence: Option<Evidence>,
    },
    /// (line) A report of the far side about our stream.
    Receipt(Receipt),
    /// (line) A prompt other than the disclosure was played whole.
    Played(PromptKind),
    /// (line) A key: `0`-`9`, `*`, `#`, `A`-`D`.
    Key(char),
    /// (line) Sure that a machine answered.
    MachineDetected {
        /// By what: `beep`, `long-speech`.
        because: &'static str,
    },
    /// (line) It sounded like a person; advisory.
    HumanDetected,
    /// (line) The callee leg is over.
    Ended(Ending),
    /// The callee said something.
    Said {
        /// The words.
        text: String,
        /// Whether the transcriber may still change them.
        is_final: bool,
        /// What they mean.
        judged: Judged,
    },
    /// The opt-out is durable.
    OptOutRecorded,
    /// It could not be recorded; the driver goes on trying after the call.
    OptOutNotRecorded,
    /// A timer that was set ran out.
    Timer(TimerKind),
    /// From outside.
    Cancel(CancelWhy),
    /// The agent leg is up (`Called`).
    AgentAnswered,
    /// The agent ended its leg.
    AgentHungUp,
    /// The agent could not be reached.
    AgentFailed,
}
