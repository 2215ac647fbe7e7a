//! What the call machine asks its driver to do.

use serde::{Deserialize, Serialize};

use crate::disclose::Disclosure;
use crate::outcome::{AnsweredBy, Outcome};

/// The prompts of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PromptKind {
    /// Who is calling, that it is an AI, how to opt out.
    Disclosure,
    /// The recorded message of an announcement.
    Message,
    /// "You will not be called again."
    Acknowledgement,
    /// What a machine may be left.
    Voicemail,
    /// "Goodbye; to stop all calls, press 9 or say stop": after words that may have meant that.
    Farewell,
}

impl PromptKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Disclosure,
        Self::Acknowledgement,
        Self::Voicemail,
        Self::Message,
        Self::Farewell,
    ];

    /// As it stands in a path.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Disclosure => "disclosure",
            Self::Acknowledgement => "acknowledgement",
            Self::Voicemail => "voicemail",
            Self::Message => "message",
            Self::Farewell => "farewell",
        }
    }

    /// Reads what stands in a path.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// When a prompt begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayFrom {
    /// At once.
    Now,
    /// Shortly after the answer, or when the callee's greeting has ended; soon in any case.
    Greeting,
    /// After the machine's tone, or when it falls silent.
    Beep,
}

/// The machine's timers; setting one again replaces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimerKind {
    /// The ring limit.
    Ring,
    /// The disclosure must have begun.
    DisclosureStart,
    /// The longest call.
    Call,
    /// The opt-out must be durable.
    OptOutRecord,
    /// The last prompt, or the listening after it, is over.
    Closing,
    /// The leg must have ended.
    HangUp,
    /// The agent must be there.
    Agent,
}

/// How the callee opted out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptOutChannel {
    /// By key.
    Keypad,
    /// By word of mouth.
    Voice,
}

/// How a call went; given once, last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// In our words.
    pub outcome: Outcome,
    /// The final SIP status, 200 when it was answered; none when the carrier never answered.
    pub sip_status: Option<u16>,
    /// Who picked up; none when nobody did.
    pub answered_by: Option<AnsweredBy>,
    /// Whether the callee opted out on this call.
    pub opt_out: bool,
    /// Whether that is durable; false with `opt_out` means that the driver has to go on trying.
    pub opt_out_recorded: bool,
    /// The disclosure and its evidence.
    pub disclosure: Disclosure,
    /// For a person to read: the carrier's reason, or what failed.
    pub detail: Option<String>,
    /// `Retry-After` of the carrier, in seconds.
    pub retry_after_s: Option<u32>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Send the INVITE: `Dial::dial` with the permit.
    PlaceCallee,
    /// (line) CANCEL.
    CancelCallee,
    /// (line) BYE.
    HangUpCallee,
    /// (line) Play a prompt.
    Play {
        /// Which.
        prompt: PromptKind,
        /// From when.
        from: PlayFrom,
    },
    /// (line) Stop what is playing.
    StopPlaying,
    /// Make the opt-out durable, then say `OptOutRecorded` or `OptOutNotRecorded`.
    RecordOptOut {
        /// How.
        channel: OptOutChannel,
        /// The words or the key.
        said: String,
    },
    /// Call the agent.
    InviteAgent,
    /// 200 OK to the agent whose INVITE waits, and bridge it.
    AnswerAgent,
    /// Bridge the agent that was called.
    BridgeAgent,
    /// A final refusal to the agent whose INVITE waits.
    RefuseAgent {
        /// The SIP status.
        status: u16,
    },
    /// End the agent's leg.
    HangUpAgent,
    /// Set a timer.
    SetTimer {
        /// Which.
        which: TimerKind,
        /// In how many milliseconds.
        after_ms: u32,
    },
    /// Append to the event log.
    Event {
        /// `stage.verb`.
        kind: &'static str,
        /// What it holds.
        data: serde_json::Value,
    },
    /// The call is over; nothing follows.
    Settle(Box<Settlement>),
}

/// What one input leads to, in order; never more than [`Outputs::MAX`].
#[derive(Debug, Default, PartialEq)]
#[must_use = "outputs that nobody executes are a call that nobody drives"]
pub struct Outputs(Vec<Output>);

impl Outputs {
    /// INVARIANT (bounded): no input leads to more than this.
    pub const MAX: usize = 12;

    pub(super) fn push(&mut self, output: Output) {
        debug_assert!(self.0.len() < Self::MAX, "too many outputs: {:?}", self.0);
        self.0.push(output);
    }

    pub(super) fn event(&mut self, kind: &'static str, data: serde_json::Value) {
        self.push(Output::Event { kind, data });
    }

    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, Output> {
        self.0.iter()
    }

    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Outputs {
    type Item = Output;
    type IntoIter = std::vec::IntoIter<Output>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Outputs {
    type Item = &'a Output;
    type IntoIter = std::slice::Iter<'a, Output>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}
